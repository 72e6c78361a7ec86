"""Videos: made from a prompt, edited, extended, remixed. What is answered is a job, which makes the video later.

Facts of the SDK's types ``Video``, ``VideoCreateParams`` and ``VideoExtendParams`` (3.57). Prompts and videos are
neither read nor kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...model import Details, Request, Response, Said, Usage
from ...semconv import attributes as names
from ...semconv import units, values
from ..fields import as_float, as_str, fields_of
from .answers import details_of, read_failure
from .unrecorded import Unrecorded


def read_video_request(body: Mapping[str, object]) -> Request:
    """A video is asked for. The answer says its length and size better: here they are only what was wished."""
    attributes: dict[str, Said] = {names.OUTPUT_TYPE: values.OUTPUT_VIDEO}
    asked = _seconds(body.get("seconds"), body.get("size"))
    return Request(values.VIDEO_GENERATION, as_str(body.get("model")), attributes=attributes, units=asked)


class VideoAnswer(Unrecorded):
    """The job that makes a video."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Its model, and what it is billed by: a job that failed is not."""
        said = self._said
        read = Response()
        read.model = as_str(said.get("model"))
        error = fields_of(said.get("error"))
        if error or said.get("status") == "failed":
            read_failure(read, error, "failed")
        else:
            read.usage = self._used(said)
        return read

    def _used(self, said: Mapping[str, object]) -> Usage | None:
        made = _seconds(said.get("seconds"), said.get("size"))
        if made is None:
            return None
        usage = Usage()
        usage.units = made
        return usage

    def details(self) -> Details:
        """Its id, by which it is asked for again, and how far it is."""
        read = details_of(self._said.get("id"), [])
        status = as_str(self._said.get("status"))
        if status is not None:
            read.attributes = {**(read.attributes or {}), names.RESPONSE_STATUS: status}
        return read


class ExtensionAnswer(VideoAnswer):
    """The job that makes a video longer. Its length is that of both parts: what is new, only the request says."""

    __slots__ = ()

    def _used(self, said: Mapping[str, object]) -> Usage | None:
        return None


def _seconds(length: object, size: object) -> Mapping[str, float] | None:
    """A length stands in a string, as a rule."""
    seconds = as_float(length)
    if isinstance(length, str):
        try:
            seconds = float(length)
        except ValueError:
            return None
    return None if seconds is None else {units.video_second(as_str(size)): seconds}
