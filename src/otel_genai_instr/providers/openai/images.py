"""Images: made from a prompt, edited, varied. Requests, results and streams with partial images.

Facts of the SDK's types ``ImagesResponse``, ``ImageGenStreamEvent`` and ``ImageEditStreamEvent`` (3.57). The images
themselves are neither read nor kept, whether sent or received.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...model import Request, Response, Said, Usage
from ...semconv import attributes as names
from ...semconv import units, values
from ..asked import AskedFields, as_choice_count, as_stream, read_asked
from ..fields import as_count, as_str, fields_of
from .unrecorded import Unrecorded, UnrecordedStream
from .usage import read_responses_usage

_IMAGES: Final[AskedFields] = {
    "n": (names.REQUEST_CHOICE_COUNT, as_choice_count),
    "stream": (names.REQUEST_STREAM, as_stream),
}
_SIZE_OF_DALL_E: Final = "1024x1024"
"""What ``dall-e-2`` and ``dall-e-3`` make where no size is asked for (https://platform.openai.com/docs/api-reference/images)."""


def read_images_request(body: Mapping[str, object]) -> Request:
    """An image is made, edited or varied. How many, of which size and quality, only the request says."""
    attributes: dict[str, Said] = {names.OUTPUT_TYPE: values.OUTPUT_IMAGE, **read_asked(body, _IMAGES)}
    model, size = as_str(body.get("model")), as_str(body.get("size"))
    if size is None and model is not None and model.startswith("dall-e-"):
        size = _SIZE_OF_DALL_E
    count = as_count(body.get("n"))
    image = units.image(size, as_str(body.get("quality")))
    made = {image: 1.0 if count is None else float(count)}
    return Request(values.IMAGE_GENERATION, model, attributes=attributes, units=made)


class ImagesAnswer(Unrecorded):
    """Images."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Tokens of the models that are billed by them; the model isn't said."""
        said = self._said
        read = Response()
        read.usage = _read_usage(said.get("usage"))
        if said.get("svg_usage") is not None:  # of another model, beside those of the image
            read.usage = read.usage or Usage()
            read.usage.units = {units.SVG: 1.0}
        return read


class ImagesStreamReader(UnrecordedStream):
    """Events of an image: partial images, and the whole one, whose event has the usage."""

    def response(self) -> Response:
        """Tokens, once the whole image has come. Of several images nobody says whether each event tells of all."""
        read = Response()
        if len(self.usages) == 1:
            read.usage = _read_usage(self.usages[0])
        return read


def _read_usage(usage: object) -> Usage | None:
    """Without details all output is of images: "the number of image tokens in the output image", as the events say."""
    read = read_responses_usage(usage)
    if read is not None and fields_of(usage).get("output_tokens_details") is None:
        read.image_output_tokens = read.output_tokens or None
    return read
