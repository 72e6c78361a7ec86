"""Images, videos and audio: bodies as the real services send them."""

from __future__ import annotations

from typing import Any

from .under_test import PROMPT

IMAGE_USAGE: dict[str, Any] = {
    "input_tokens": 350,
    "input_tokens_details": {"image_tokens": 300, "text_tokens": 50},
    "output_tokens": 1056,
    "total_tokens": 1406,
}
TRANSCRIPT_USAGE: dict[str, Any] = {
    "type": "tokens",
    "input_tokens": 1010,
    "input_token_details": {"audio_tokens": 1000, "text_tokens": 10},
    "output_tokens": 80,
    "total_tokens": 1090,
}
_PIXELS = "aW1hZ2U="
_LOOK: dict[str, Any] = {
    "created_at": 1,
    "size": "1024x1024",
    "quality": "medium",
    "background": "opaque",
    "output_format": "png",
}


def images(count: int = 1, **more: Any) -> Any:
    """Images that were made, edited or varied."""
    return {"created": 1, "data": [{"b64_json": _PIXELS}] * count, "usage": IMAGE_USAGE, **more}


def image_events(kind: str = "image_generation", partial: int = 2) -> list[Any]:
    """An image that comes in parts; ``kind`` is ``image_edit`` for one that was edited."""
    part = {"type": f"{kind}.partial_image", "b64_json": _PIXELS, **_LOOK}
    whole = {"type": f"{kind}.completed", "b64_json": _PIXELS, **_LOOK, "usage": IMAGE_USAGE}
    return [*({**part, "partial_image_index": index} for index in range(partial)), whole]


def transcript(text: str = "Hello", **more: Any) -> Any:
    """A transcription by a model that is billed by tokens."""
    return {"text": text, "usage": TRANSCRIPT_USAGE, **more}


def transcript_events() -> list[Any]:
    """The same in pieces."""
    return [
        {"type": "transcript.text.delta", "delta": "Hel"},
        {"type": "transcript.text.delta", "delta": "lo"},
        {"type": "transcript.text.done", "text": "Hello", "usage": TRANSCRIPT_USAGE},
    ]


def video(**more: Any) -> Any:
    """The job that makes a video."""
    return {
        "id": "video_1",
        "object": "video",
        "created_at": 1,
        "model": "sora-2",
        "progress": 0,
        "seconds": "8",
        "size": "1280x720",
        "status": "queued",
        "prompt": PROMPT,
        **more,
    }
