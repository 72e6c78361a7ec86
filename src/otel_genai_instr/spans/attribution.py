"""Who asked, and for what: attributes of every span inside, and dimensions of the metrics where allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from enum import Enum
from typing import Final, cast
from urllib.parse import quote, unquote

from opentelemetry import baggage
from opentelemetry.context import Context
from opentelemetry.util.types import AttributeValue

from ..semconv import attributes as names
from ..semconv import own
from ..telemetry.current import current
from ..telemetry.scope import NO_SCOPE, scope_in, with_scope
from ..telemetry.telemetry import shared
from ..text import as_text, encodable
from . import checks
from .block import Block

_APP: Final = "app."
_KNOWN: Final = (
    names.USER_ID,
    names.SESSION_ID,
    names.CONVERSATION_ID,
    own.APP_FEATURE,
    own.APP_TENANT,
    own.APP_TAGS,
)
"""All that goes to another service, and all that is taken from one."""
_LONGEST: Final = 256
"""Characters of a value that is taken from another service."""

_LARGEST_INT: Final = 2**63 - 1
"""Exporters carry whole numbers of 64 bits; a larger one would lose the whole batch."""


class Unchanged(Enum):
    """What an argument says that wasn't given: ``None`` takes a value away."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


class AttributionBlock(Block):
    """Changes to the attribution for what runs inside."""

    __slots__ = ("_changes", "_propagate")

    def __init__(self, changes: Mapping[str, AttributeValue | None], propagate: bool) -> None:
        super().__init__()
        self._changes = changes
        self._propagate: Final = propagate

    def _open(self) -> Context:
        where = current()
        scope = scope_in(where) or NO_SCOPE
        if isinstance(user := self._changes.get(names.USER_ID), str):
            self._changes = {**self._changes, names.USER_ID: shared().privacy.user(user)}
        attributes = {**scope.attributes, **self._changes}
        conversation_id = attributes.pop(names.CONVERSATION_ID, scope.conversation_id)
        kept = {name: value for name, value in attributes.items() if value is not None}
        inner = replace(
            scope,
            attributes=kept,
            conversation_id=cast("str | None", conversation_id),
            dimensions=shared().dimensions.admit(kept),
        )
        return with_scope(self._with_baggage(where), inner)

    def _with_baggage(self, where: Context) -> Context:
        """An entry that is changed here, but shall not be sent on, is taken out: it would name somebody else."""
        for name in _KNOWN:
            if name not in self._changes:
                continue
            value = self._changes[name]
            if self._propagate and value is not None:
                where = baggage.set_baggage(name, _entry(value), where)
            elif baggage.get_baggage(name, where) is not None:
                where = baggage.remove_baggage(name, where)
        return where


def attribute(
    *,
    user_id: object = UNCHANGED,
    session_id: object = UNCHANGED,
    conversation_id: object = UNCHANGED,
    feature: object = UNCHANGED,
    tenant: object = UNCHANGED,
    tags: Sequence[object] | Set[object] | Unchanged | None = UNCHANGED,
    propagate: bool = False,
    **own_attributes: object,
) -> AttributionBlock:
    """Attributes of every span of ours inside. An inner block adds to an outer one; ``None`` takes a value away.

    Values are taken as text, now and not when the block is entered: numbers, UUIDs, lazy strings, bytes, members of
    enumerations. One that can't be said as text counts as ``None``, and is logged once for its class.

    Args:
        user_id: who asked.
        session_id: in which session.
        conversation_id: in which conversation; on inference, agents, tools and workflows only.
        feature: for which part of the product.
        tenant: for which customer.
        tags: labels; those of an inner block stand in place of the outer one's.
        propagate: send these on to your own services, as W3C baggage of every HTTP request that is made inside. Model
            providers don't get them.
        own_attributes: each becomes ``app.`` and its name; numbers and truth values stay what they are; not sent on.

    Raises:
        ValueError: for an empty one of the named values.
    """
    changes: dict[str, AttributeValue | None] = {}
    for field, name, value in (
        ("user_id", names.USER_ID, user_id),
        ("session_id", names.SESSION_ID, session_id),
        ("conversation_id", names.CONVERSATION_ID, conversation_id),
        ("feature", own.APP_FEATURE, feature),
        ("tenant", own.APP_TENANT, tenant),
    ):
        if value is not UNCHANGED:
            changes[name] = checks.optional_text(field, value)
    if tags is not UNCHANGED:
        changes[own.APP_TAGS] = None if tags is None else checks.texts("tags", tags)
    for field, value in own_attributes.items():
        changes[_APP + field] = _own_value(field, value)
    return AttributionBlock(changes, propagate)


def attribute_from_baggage() -> AttributionBlock:
    """The attribution that another of your services sent with ``attribute(..., propagate=True)``.

    Reads user, session, conversation, feature, tenant and tags from the baggage of the context that the block is
    entered in, and nothing else. Use it only behind your own services: anyone who can send a request can write baggage.
    """
    return _BaggageBlock({}, propagate=True)


class _BaggageBlock(AttributionBlock):
    """Takes its changes from the baggage, when it is entered."""

    __slots__ = ()

    def _open(self) -> Context:
        self._changes = _sent(current())
        return super()._open()


def _sent(where: Context) -> dict[str, AttributeValue | None]:
    sent: dict[str, AttributeValue | None] = {}
    for name in _KNOWN:
        value = baggage.get_baggage(name, where)
        if not isinstance(value, str) or not value or len(value) > _LONGEST:
            continue
        if name == own.APP_TAGS:
            sent[name] = tuple(encodable(unquote(tag)) for tag in value.split(",") if tag)
        else:
            sent[name] = encodable(value)
    return sent


def _entry(value: AttributeValue) -> str:
    if isinstance(value, str | bool | int | float):
        return str(value)
    return ",".join(quote(str(item), safe="") for item in cast("Sequence[str]", value))


def _own_value(field: str, value: object) -> AttributeValue | None:
    kind = type(value)  # not `isinstance`: no exporter takes a lazy number for one
    if value is None or issubclass(kind, bool | float):
        return cast("bool | float | None", value)
    if issubclass(kind, int) and abs(cast(int, value)) <= _LARGEST_INT:
        return cast(int, value)
    if checks.is_list(value):
        return checks.texts(field, value)
    return as_text(field, value)
