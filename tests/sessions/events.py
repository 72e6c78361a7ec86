"""Events as the server of the Realtime API sends them."""

from __future__ import annotations

from typing import Any, Final

Event = dict[str, Any]

MODEL: Final = "gpt-realtime"
SESSION: Final = "sess_1"
USAGE: Final[Event] = {
    "input_tokens": 120,
    "output_tokens": 60,
    "total_tokens": 180,
    "input_token_details": {
        "text_tokens": 40,
        "audio_tokens": 80,
        "image_tokens": 0,
        "cached_tokens": 32,
        "cached_tokens_details": {"text_tokens": 12, "audio_tokens": 20, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 10, "audio_tokens": 50},
}
# https://developers.openai.com/api/docs/pricing, gpt-realtime, dollars a million tokens: text in 4, out 16,
# audio in 32, out 64, both cached 0.40.
COST: Final = ((40 - 12) * 4 + (80 - 20) * 32 + 32 * 0.4 + 10 * 16 + 50 * 64) / 1e6


def session(kind: str = "session.created", **more: Any) -> Event:
    """The session, with whatever is set in it."""
    said = {
        "type": "realtime",
        "object": "realtime.session",
        "id": SESSION,
        "model": MODEL,
        "output_modalities": ["audio"],
        "instructions": "Be br1ef.",
        "max_output_tokens": 4096,
        **more,
    }
    return {"type": kind, "event_id": "event_s", "session": said}


def created(identity: str = "resp_1", **more: Any) -> Event:
    """A response begins."""
    return {"type": "response.created", "event_id": "event_c", "response": _response(identity, "in_progress", more)}


def delta(identity: str = "resp_1", kind: str = "output_audio") -> Event:
    """A piece of it."""
    place = {"item_id": f"item_{identity}", "output_index": 0, "content_index": 0}
    return {"type": f"response.{kind}.delta", "event_id": "event_d", "response_id": identity, **place, "delta": "AAAA"}


def item_done(item: Event, identity: str = "resp_1") -> Event:
    """An item of it is complete."""
    return {
        "type": "response.output_item.done",
        "event_id": "e",
        "response_id": identity,
        "output_index": 0,
        "item": item,
    }


def done(identity: str = "resp_1", status: str = "completed", **more: Any) -> Event:
    """It is over."""
    return {
        "type": "response.done",
        "event_id": "event_e",
        "response": _response(identity, status, {"usage": USAGE, "output": [spoken("It is n00n.")], **more}),
    }


def _response(identity: str, status: str, more: dict[str, Any]) -> Event:
    return {"id": identity, "object": "realtime.response", "status": status, "metadata": None, "output": [], **more}


def spoken(transcript: str) -> Event:
    """What the model says."""
    part = {"type": "output_audio", "transcript": transcript}
    return {"id": "item_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}


def called(name: str, arguments: str) -> Event:
    """A tool that the model asks for."""
    return {"id": "item_2", "type": "function_call", "call_id": "call_1", "name": name, "arguments": arguments}


def transcribed(usage: Event, item: str = "item_u", text: str = "What t1me is it?") -> Event:
    """What was said to the model, as text."""
    kind = "conversation.item.input_audio_transcription.completed"
    return {
        "type": kind,
        "event_id": "event_t",
        "item_id": item,
        "content_index": 0,
        "transcript": text,
        "usage": usage,
    }
