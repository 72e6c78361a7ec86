"""Blocks for the steps of an application that are no calls to a model."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Self, TypeVar, cast, overload

from opentelemetry import trace
from opentelemetry.context import Context

from ..semconv import attributes as names
from ..semconv import values
from ..telemetry import content
from ..telemetry.current import current
from ..telemetry.steps import Step
from ..telemetry.telemetry import shared
from ..telemetry.tools import in_tool_block, parsed, running_tool, structure_of
from . import checks
from .block import Block

_F = TypeVar("_F", bound="Callable[..., Any] | property | classmethod[Any, ..., Any] | staticmethod[..., Any]")


class StepBlock(Block):
    """A block with a span of its own."""

    __slots__ = ("_attributes", "_name_attribute", "_operation", "_step", "_target", "_unnamed")

    def __init__(
        self,
        operation: str | None,
        target: str | None = None,
        attributes: Mapping[str, str | int | None] | None = None,
        *,
        name_attribute: str | None = None,
        needs_name: bool = False,
    ) -> None:
        super().__init__()
        self._operation: Final = operation
        self._target = checks.optional_text("name", target)
        self._attributes: dict[str, str | int] = {
            name: value for name, value in (attributes or {}).items() if value is not None
        }
        self._name_attribute: Final = name_attribute
        if name_attribute is not None and self._target is not None:
            self._attributes[name_attribute] = self._target
        self._unnamed = needs_name and target is None
        self._step: Step | None = None

    @property
    def span(self) -> trace.Span:
        """The span of the block; an invalid one before it is entered."""
        return self._step.span if self._step is not None else trace.INVALID_SPAN

    @property
    def response_id(self) -> str | None:
        """``None``: only calls to a model have one."""
        return None

    def _begin(self) -> None:
        if self._unnamed:
            raise ValueError(f"name is missing; only as a decorator {type(self).__name__} takes that of the function")
        super()._begin()

    def _open(self) -> Context:
        self._step = step = Step(shared(), self._operation, self._target, dict(self._attributes))
        step.read_content = self._content
        return step.context

    def _close(self, error: BaseException | None) -> None:
        if self._step is None:
            return
        if error is None:
            self._step.finish()
        else:
            self._step.fail(error)

    def _named_after(self, name: str) -> Self:
        if not self._unnamed:
            return self
        named = copy.copy(self)
        named._target = name
        named._unnamed = False
        if self._name_attribute is not None:
            named._attributes = {**self._attributes, self._name_attribute: name}
        return named

    @property
    def _wants_content(self) -> bool:
        return self._step is not None and self._step.wants_content

    def _content(self) -> content.Structure:
        """Content attributes as JSON data; asked at the end, only where content is captured."""
        return {}


class ToolBlock(StepBlock):
    """One execution of a tool. Set :attr:`result` inside."""

    __slots__ = ("_arguments", "_joined", "result")

    def __init__(self, name: str | None, attributes: Mapping[str, str | None], arguments: object) -> None:
        super().__init__(values.EXECUTE_TOOL, name, attributes, name_attribute=names.TOOL_NAME, needs_name=True)
        self._arguments = arguments
        self._joined = False
        self.result: object = None
        """What the tool answered; recorded only with content capture."""

    def _open(self) -> Context:
        name, here = self._target or "", current()
        running = running_tool(here, name)
        self._joined = running is not None and running.join(dict(self._attributes), self._content)
        if running is not None and self._joined:
            self._step, context = running, running.context
        else:
            context = in_tool_block(super()._open(), name, self.span)
        self._note_arguments(self._arguments)
        return context

    def _close(self, error: BaseException | None) -> None:
        if error is not None or not self._joined:
            super()._close(error)

    def _called(self, arguments: Callable[[], Mapping[str, object]]) -> None:
        if self._wants_content:
            self._note_arguments(arguments())

    def _note_arguments(self, arguments: object) -> None:
        # Copied at once: the tool may change them. Not held where nobody records them.
        self._arguments = content.plain(parsed(arguments)) if self._wants_content else None

    def _returned(self, result: object) -> None:
        self.result = result

    def _content(self) -> content.Structure:
        return structure_of(self._arguments, content.plain(parsed(self.result)))


class RetrievalBlock(StepBlock):
    """One search in a data source. Set :attr:`documents` inside."""

    __slots__ = ("documents", "query")

    def __init__(self, data_source: str | None, attributes: Mapping[str, str | int | None], query: str | None) -> None:
        super().__init__(values.RETRIEVAL, data_source, attributes, name_attribute=names.DATA_SOURCE_ID)
        self.query = query
        """What was searched for; recorded only with content capture."""
        self.documents: Sequence[object] | None = None
        """What was found, such as ``{"id": ..., "score": ...}``; recorded only with content capture."""

    def _called(self, arguments: Callable[[], Mapping[str, object]]) -> None:
        if self.query is None and self._wants_content:
            self.query = _text_or_none(arguments().get("query"))

    def _returned(self, result: object) -> None:
        if self.documents is None:
            self.documents = _list_or_none(result)

    def _content(self) -> content.Structure:
        return _said({names.RETRIEVAL_QUERY_TEXT: self.query, names.RETRIEVAL_DOCUMENTS: self.documents})


class MemoryBlock(StepBlock):
    """One operation on a memory. Set :attr:`records` inside."""

    __slots__ = ("query", "record_count", "records")

    def __init__(self, operation: str, attributes: Mapping[str, str | None], query: str | None) -> None:
        super().__init__(operation, None, attributes)
        self.query = query
        """What was searched for; recorded only with content capture."""
        self.records: Sequence[object] | None = None
        """What was found or written, such as ``{"content": ..., "id": ...}``; recorded only with content capture."""
        self.record_count: int | None = None
        """How many records were found or written; of :attr:`records`, when it isn't set."""

    def _called(self, arguments: Callable[[], Mapping[str, object]]) -> None:
        if self.query is None and self._wants_content:
            self.query = _text_or_none(arguments().get("query"))

    def _returned(self, result: object) -> None:
        if self.records is None:
            self.records = _list_or_none(result)

    def _close(self, error: BaseException | None) -> None:
        count = self.record_count
        if count is None and self.records is not None:
            count = len(self.records)
        if count is not None:
            self.span.set_attribute(names.MEMORY_RECORD_COUNT, count)
        super()._close(error)

    def _content(self) -> content.Structure:
        return _said({names.MEMORY_QUERY_TEXT: self.query, names.MEMORY_RECORDS: self.records})


@overload
def workflow(name: _F, /) -> _F: ...
@overload
def workflow(name: str | None = None) -> StepBlock: ...
def workflow(name: Any = None) -> Any:
    """What users know as one thing, made of several steps: ``invoke_workflow {name}``. Adds up what happens inside.

    Args:
        name: few different ones, because they are dimensions of metrics. A decorator takes the function's.
    """
    return _bare_or_block(workflow, name) or StepBlock(
        values.INVOKE_WORKFLOW, name, name_attribute=names.WORKFLOW_NAME, needs_name=True
    )


@overload
def agent(name: _F, /) -> _F: ...
@overload
def agent(name: str | None = None, *, description: str | None = None) -> StepBlock: ...
def agent(name: Any = None, *, description: str | None = None) -> Any:
    """The run of an agent in this process: ``invoke_agent {name}``. Adds up what happens inside.

    Args:
        name: few different ones, because they are dimensions of metrics. A decorator takes the function's.
        description: what the agent is for.
    """
    return _bare_or_block(agent, name) or StepBlock(
        values.INVOKE_AGENT,
        name,
        {names.AGENT_DESCRIPTION: checks.optional_text("description", description)},
        name_attribute=names.AGENT_NAME,
        needs_name=True,
    )


@overload
def tool(name: _F, /) -> _F: ...
@overload
def tool(
    name: str | None = None,
    *,
    type: str | None = None,
    description: str | None = None,
    call_id: str | None = None,
    arguments: Mapping[str, object] | str | None = None,
) -> ToolBlock: ...
def tool(
    name: Any = None,
    *,
    type: str | None = None,
    description: str | None = None,
    call_id: str | None = None,
    arguments: Mapping[str, object] | str | None = None,
) -> Any:
    """The execution of a tool: ``execute_tool {name}``.

    Args:
        name: a decorator takes the function's.
        type: ``function``, ``extension``, ``datastore`` or a word of your own.
        description: what the tool does.
        call_id: the id of the model's call.
        arguments: recorded only with content capture; text that is JSON is recorded as what it says. A decorator
            takes those of the function.
    """
    return _bare_or_block(tool, name) or ToolBlock(
        name,
        {
            names.TOOL_TYPE: checks.optional_text("type", type),
            names.TOOL_DESCRIPTION: checks.optional_text("description", description),
            names.TOOL_CALL_ID: checks.optional_text("call_id", call_id),
        },
        arguments,
    )


def retrieval(
    data_source: str | None = None,
    *,
    query: str | None = None,
    top_k: int | None = None,
    provider: str | None = None,
    model: str | None = None,
) -> RetrievalBlock:
    """A search in an index or knowledge base: ``retrieval {data_source}``.

    A decorator takes a parameter ``query`` of the function, and the list that it returns as the documents.

    Args:
        data_source: the id of the index.
        query: what is searched for; recorded only with content capture.
        top_k: how many documents are asked for.
        provider: who runs the index, when it is a service.
        model: the model that embeds the query, when the index does it.
    """
    return RetrievalBlock(
        checks.optional_text("data_source", data_source),
        {
            names.RETRIEVAL_TOP_K: checks.optional_count("top_k", top_k),
            names.PROVIDER_NAME: checks.optional_text("provider", provider),
            names.REQUEST_MODEL: checks.optional_text("model", model),
        },
        query,
    )


def rerank(model: str | None = None, *, provider: str | None = None, top_k: int | None = None) -> StepBlock:
    """Sorting of documents by a model: ``rerank {model}``. No convention has a name for it yet."""
    return StepBlock(
        values.RERANK,
        model,
        {
            names.PROVIDER_NAME: checks.optional_text("provider", provider),
            names.RETRIEVAL_TOP_K: checks.optional_count("top_k", top_k),
        },
        name_attribute=names.REQUEST_MODEL,
    )


def memory(
    operation: str,
    *,
    store_id: str | None = None,
    record_id: str | None = None,
    query: str | None = None,
    provider: str | None = None,
) -> MemoryBlock:
    """An operation on what an agent remembers. A decorator takes the list that the function returns as the records.

    Raises:
        ValueError: for an operation that the conventions don't have.
    """
    if operation not in values.MEMORY_OPERATIONS:
        raise ValueError(f"operation is {operation!r}; allowed: {', '.join(values.MEMORY_OPERATIONS)}")
    return MemoryBlock(
        operation,
        {
            names.MEMORY_STORE_ID: checks.optional_text("store_id", store_id),
            names.MEMORY_RECORD_ID: checks.optional_text("record_id", record_id),
            names.PROVIDER_NAME: checks.optional_text("provider", provider),
        },
        query,
    )


def plan() -> StepBlock:
    """An agent plans its next steps: ``plan`` and the name of the agent around it."""
    return StepBlock(values.PLAN)


@overload
def guardrail(name: _F, /) -> _F: ...
@overload
def guardrail(name: str | None = None) -> StepBlock: ...
def guardrail(name: Any = None) -> Any:
    """A check of what goes in or comes out: ``guardrail {name}``. No convention has a name for it yet."""
    return _bare_or_block(guardrail, name) or StepBlock(values.GUARDRAIL, name, needs_name=True)


@overload
def step(name: _F, /) -> _F: ...
@overload
def step(name: str | None = None) -> StepBlock: ...
def step(name: Any = None) -> Any:
    """Anything else: a span with a bare name and no operation, which carries the attribution of the blocks around."""
    return _bare_or_block(step, name) or StepBlock(None, name, needs_name=True)


def _bare_or_block(factory: Callable[[], Any], name: object) -> object:
    """The function, decorated, where a decorator stands without parentheses; else nothing."""
    bare = callable(name) or issubclass(type(name), property | classmethod | staticmethod)
    return factory()(name) if bare else None


def _said(structure: content.Structure) -> content.Structure:
    return {name: value for name, value in structure.items() if value is not None}


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _list_or_none(value: object) -> Sequence[object] | None:
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else None
