"""The package's sources, read and never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "src" / "otel_genai_instr"


@dataclass(frozen=True)
class Import:
    """One imported module."""

    module: str
    """Absolute; of ours without the package's name (``patching.hooks``), of others with it (``openai``)."""
    is_ours: bool
    at_run_time: bool
    """Not only for a type checker."""


class Source:
    """One file of the package."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.text: Final = path.read_text()

    @property
    def name(self) -> str:
        """``patching/hooks.py``."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def module(self) -> str:
        """As it is imported, without the package's name: ``patching.hooks``."""
        return self.name.removesuffix(".py").removesuffix("/__init__").removesuffix("__init__").replace("/", ".")

    @property
    def room(self) -> str:
        """The folder, or the file at the top: ``patching``, ``model``; ``""`` for the package itself."""
        first = self.name.split("/")[0].removesuffix(".py")
        return "" if first == "__init__" else first

    @property
    def lines(self) -> int:
        """How long it is."""
        return len(self.text.splitlines())

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    def imports(self) -> Iterator[Import]:
        """Everything that it imports, wherever in the file."""
        for_types = {
            id(inner) for block in ast.walk(self.tree) if _is_type_checking(block) for inner in ast.walk(block)
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield self._import(alias.name, id(node) not in for_types)
            elif isinstance(node, ast.ImportFrom):
                for module in self._modules_of(node):
                    yield self._import(module, id(node) not in for_types)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def strings(self) -> Iterator[str]:
        """Every string that is a value: no docstrings, no parts of f-strings."""
        documentation = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                yield node.value

    def _modules_of(self, node: ast.ImportFrom) -> Iterator[str]:
        """``from . import guard`` imports a module, ``from .guard import report`` a name of one."""
        named = (node.module or "").split(".") if node.module else []
        if node.level:
            base = self.path.parents[node.level - 1].joinpath(*named)
        elif named[0] == PACKAGE.name:
            base = PACKAGE.joinpath(*named[1:])
        else:
            yield ".".join(named)
            return
        for alias in node.names:
            target = base / alias.name
            found = target if target.with_suffix(".py").exists() or target.is_dir() else base
            yield ".".join((PACKAGE.name, *found.relative_to(PACKAGE).parts))

    def _import(self, module: str, at_run_time: bool) -> Import:
        package, *rest = module.split(".")
        ours = package == PACKAGE.name
        return Import(".".join(rest) if ours else module, ours, at_run_time)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


SOURCES: Final = [Source(path) for path in sorted(PACKAGE.rglob("*.py"))]
