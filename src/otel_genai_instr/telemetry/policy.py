"""How much of what was said is recorded, and where: one decision for calls and steps.

A block wins over ``content_for``, and that over the settings. A sample and a failure only raise what these say, and
nothing raises a ``none`` that a block or ``content_for`` has said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .. import guard
from ..settings import CallSeen, CaptureContent, Settings, Tier

_MIXING: Final = 0x9E3779B97F4A7C15F39CC0605CEDC835
_BITS: Final = 64


class ContentPolicy:
    """What the settings say about content."""

    def __init__(self, settings: Settings) -> None:
        place = settings.capture_content
        tier = settings.content
        if tier is None:
            tier = Tier.NONE if place in (None, CaptureContent.NO_CONTENT) else Tier.FULL
        self.tier: Final = tier
        """Where neither a block nor ``content_for`` says anything."""
        stored = settings.content_store is not None
        self.on_event: Final = place is not None and place.on_event
        """Whether there are events with the details of calls."""
        self.content_on_event: Final = self.on_event and not stored
        self.on_span: Final = not stored and (place is None or place.on_span)
        """Whether spans carry messages."""
        self.with_span: Final = self.on_span or stored or settings.completion_hook is not None
        """Whether messages go anywhere because of a span: onto it, to the store, or to a hook."""
        self._most: Final = Tier.FULL if self.with_span or self.on_event else Tier.DIGEST
        self._choose: Final = settings.content_for
        self.chooses_late: Final = self._choose is not None
        """Whether more than a failure decides at the end."""
        self._on_error: Final = settings.content_on_error
        self._sampled_below: Final = round(settings.content_sample * 2**_BITS)
        self.may_read: Final = (
            tier is not Tier.NONE or self.chooses_late or self._on_error is not Tier.NONE or self._sampled_below > 0
        )
        """Whether messages of calls outside any block may be asked for."""
        self.always: Final = None if self.chooses_late or self._sampled_below else self._start(tier)
        """What is certain before every call outside any block."""

    def at_start(self, block: Tier | None, trace_id: int) -> tuple[Tier, bool]:
        """What is certain before the call, and whether its end may ask for more."""
        if block is None and self.always is not None:
            return self.always
        if block is Tier.NONE:
            return Tier.NONE, False
        if block is None and self._choose is not None:
            return Tier.NONE, True
        return self._start(self._raised(self.tier if block is None else block, trace_id))

    def _start(self, tier: Tier) -> tuple[Tier, bool]:
        return self._placed(tier), self._on_error.rank > tier.rank

    def at_end(
        self, start: Tier, block: Tier | None, trace_id: int, failed: bool, seen: Callable[[], CallSeen]
    ) -> Tier:
        """What is recorded of a call, or a step, that is over."""
        tier = start
        if block is None and self._choose is not None:
            chosen = self._chosen(self._choose, seen)
            if chosen is Tier.NONE:
                return chosen
            tier = self._raised(self.tier if chosen is None else chosen, trace_id)
        elif block is Tier.NONE:
            return block
        return self._placed(self._on_error if failed and self._on_error.rank > tier.rank else tier)

    def _placed(self, tier: Tier) -> Tier:
        """Messages that have no place to go to aren't recorded; their digest is."""
        return self._most if tier.rank > self._most.rank else tier

    def _raised(self, tier: Tier, trace_id: int) -> Tier:
        return Tier.FULL if self._sampled_below and is_in_share(trace_id, self._sampled_below) else tier

    @staticmethod
    def _chosen(choose: Callable[[CallSeen], Tier | str | None], seen: Callable[[], CallSeen]) -> Tier | None:
        """What the app's function says; one that fails, or says what is no tier, has said ``none``."""
        try:
            said = choose(seen())
            return Tier(said) if isinstance(said, str) else said
        except Exception as fault:
            guard.report("content_for", fault)
            return Tier.NONE


def is_in_share(trace_id: int, below: int) -> bool:
    """Whether a trace belongs to a share of all, of which ``below`` / 2**64 is the size.

    Decided by other bits than samplers look at: else a tenth of the traces, sampled, would be a tenth recorded in full.
    """
    return (trace_id * _MIXING >> _BITS) % 2**_BITS < below
