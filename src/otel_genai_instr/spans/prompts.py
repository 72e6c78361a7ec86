"""Which prompt template a call was made with; and a template of the smallest kind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from opentelemetry.context import Context

from .. import guard
from ..semconv import attributes as names
from ..semconv import own
from ..telemetry.current import current
from ..telemetry.scope import NO_SCOPE, scope_in, with_scope
from ..telemetry.telemetry import shared
from ..text import encodable
from . import checks
from .block import Block

_PLACE: Final = re.compile(r"\{\{(\w+)\}\}|\{([^\W\d]\w*)\}")
_FINGERPRINT_CHARACTERS: Final = 16


class PromptBlock(Block):
    """A prompt: its name on the calls inside, its text filled by :meth:`render`."""

    __slots__ = ("_name", "_recorded", "_template", "_variables", "_version", "fingerprint")

    def __init__(
        self, name: str, version: str | None, variables: Mapping[str, object] | None, template: str | None
    ) -> None:
        super().__init__()
        self._name: Final = checks.text("name", name)
        self._version: Final = checks.optional_text("version", version)
        self._variables: Mapping[str, object] = dict(variables or {})
        said = checks.optional_text("template", template)
        # A string is filled as it is: it goes to the model.
        self._template: Final = template if type(template) is str else said
        self._recorded: dict[str, str] | None = None
        self.fingerprint: Final = None if self._template is None else _fingerprint(self._template)
        """Tells texts of the template apart, also where nobody changed the version: the start of its SHA-256."""

    def render(self, **variables: object) -> str:
        """The template with a value in each ``{name}``; values given here win over those given before.

        ``{{name}}`` stands for a literal ``{name}``, and every other brace for itself: a template may hold JSON.

        Raises:
            ValueError: when there is no template, or a name has no value.
        """
        if self._template is None:
            raise ValueError(
                f"prompt {self._name!r} has no template; allowed: prompt(..., template='... {{name}} ...')"
            )
        given = {**self._variables, **variables}
        filled: dict[str, str] = {}

        def fill(place: re.Match[str]) -> str:
            literal, name = place.groups()
            if literal is not None:
                return f"{{{literal}}}"
            if name not in given:
                known = ", ".join(sorted(given)) or "none"
                raise ValueError(f"prompt {self._name!r} has no value for {name!r}; given: {known}")
            filled[name] = str(given[name])
            return filled[name]

        text = _PLACE.sub(fill, self._template)
        guard.run("prompt.render", self._record, filled)
        return text

    def _record(self, filled: Mapping[str, str]) -> None:
        if self._recorded is not None:
            self._recorded.update({_variable(name): encodable(value) for name, value in filled.items()})

    def _open(self) -> Context:
        telemetry = shared()
        where = current()
        scope = scope_in(where) or NO_SCOPE
        said = {
            names.PROMPT_NAME: self._name,
            names.PROMPT_VERSION: self._version,
            own.PROMPT_FINGERPRINT: self.fingerprint,
        }
        attributes = {name: value for name, value in said.items() if value is not None}
        # Shared with the scope, so that what is rendered inside is recorded too.
        self._recorded = {
            _variable(name): encodable(value)
            if isinstance(value, str)
            else str(value)
            if isinstance(value, bool | int | float)
            else f"<{type(value).__name__}>"
            for name, value in self._variables.items()
        }
        inner = replace(
            scope,
            prompt=attributes,
            prompt_variables=self._recorded,
            prompt_dimensions=telemetry.dimensions.admit(attributes),
        )
        return with_scope(where, inner)

    def _close(self, error: BaseException | None) -> None:
        self._recorded = None


def prompt(
    name: str,
    version: str | None = None,
    *,
    variables: Mapping[str, object] | None = None,
    template: str | None = None,
) -> PromptBlock:
    """The prompt that the calls inside are made with: name, version and fingerprint on their spans and metrics.

    Args:
        name: few different ones, because they are dimensions of metrics.
        version: any text that sorts the way you like.
        variables: what is filled into the template; recorded only with content capture.
        template: text with ``{name}`` where a variable goes.

    Raises:
        TypeError: without a name.
        ValueError: for an empty one.
    """
    return PromptBlock(name, version, variables, template)


def _fingerprint(template: str) -> str:
    return hashlib.sha256(template.encode("utf-8", "surrogatepass")).hexdigest()[:_FINGERPRINT_CHARACTERS]


def _variable(name: str) -> str:
    return f"{names.PROMPT_VARIABLE}.{name}"
