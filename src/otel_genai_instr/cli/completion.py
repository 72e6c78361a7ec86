"""``otel-genai completion``: scripts by which shells complete words, written by ``shtab`` from the parser itself."""

from __future__ import annotations

from argparse import Action, ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..reports.names import GROUPS
from .repricing import GROUPS as REPRICE_GROUPS
from .sources import require
from .tables import say

SHELLS: Final = ("bash", "zsh", "fish")
_LISTS: Final[Mapping[str, Sequence[str]]] = {"report": GROUPS, "reprice": REPRICE_GROUPS}


def completed_as_file(action: Action) -> None:
    """Say that the value is the path of a file."""
    vars(action)["complete"] = "file"  # shtab looks there


def completed_as_groups(action: Action, of: str) -> None:
    """Say that the value is what rows are made by, separated by commas; ``of`` is ``report`` or ``reprice``."""
    in_fish = f"(__fish_append , {' '.join(_LISTS[of])})"
    vars(action)["complete"] = {"bash": _function(of), "zsh": _function(of), "fish": in_fish}


def completion(parser: ArgumentParser, options: Namespace) -> int:
    """Run the command, and return its exit code.

    Raises:
        Problem: if what writes the script isn't installed; says what to install.
    """
    require(("shtab",), "completion")
    import shtab

    write: Any = shtab.complete
    say(write(parser, options.shell, preamble=_FUNCTIONS.get(options.shell, "")).rstrip())
    return 0


def _function(of: str) -> str:
    return f"_otel_genai_groups_of_{of}"


def _in_bash(of: str, groups: Sequence[str]) -> str:
    """What stands before the last comma stays."""
    return (
        f"{_function(of)}() {{\n"
        '  local before=""\n'
        '  [[ "$1" == *,* ]] && before="${1%,*},"\n'
        f'  compgen -P "$before" -W "{" ".join(groups)}" -- "${{1##*,}}"\n'
        "}"
    )


def _in_zsh(of: str, groups: Sequence[str]) -> str:
    return f"{_function(of)}() {{ _values -s , group {' '.join(groups)} }}"


_FUNCTIONS: Final = {
    "bash": "\n".join(_in_bash(of, groups) for of, groups in _LISTS.items()),
    "zsh": "\n".join(_in_zsh(of, groups) for of, groups in _LISTS.items()),
}
