"""How a file is packed, told by how it begins, and what comes out of it."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import IO, Final, NamedTuple, cast

import pyarrow

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_LENGTH: Final = 4
"""Bytes before each message that say how long it is, the highest first.

Source: the ``fileexporter`` of opentelemetry-collector-contrib, which writes so what it packs or writes as protobuf.
"""
_PROTOBUF: Final = b"\x0a"
"""How a request of OTLP begins in protobuf: its first field, whose length follows."""
_STEP: Final = 65_536
"""Bytes unpacked at a time: no more than that is lost before the place where a file is damaged."""


class Packing(Enum):
    """How what a file has is packed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    MESSAGES = "messages"
    """Message after message, each by zstd with its length before it: the Collector's ``compression: zstd``."""
    PROTOBUF = "protobuf"
    """Messages that are no JSON: the Collector's ``format: proto``."""

    @property
    def is_whole(self) -> bool:
        """Whether the file is packed as a whole: what was added to it can't be read by itself."""
        return self in (Packing.GZIP, Packing.ZSTD)


def packing_of(head: bytes) -> Packing:
    """Tell from a file's first bytes how it is packed."""
    if head.startswith(_GZIP):
        return Packing.GZIP
    if head.startswith(_ZSTD):
        return Packing.ZSTD
    message = head[_LENGTH:]
    if message.startswith(_ZSTD):
        return Packing.MESSAGES
    # No text begins with a zero. What is longer than 16 MiB, and so does not, is no request that anybody accepts.
    if head.startswith(b"\0") and any(head[:_LENGTH]) and message.startswith(_PROTOBUF):
        return Packing.PROTOBUF
    return Packing.NONE


@contextmanager
def unpacked(raw: IO[bytes], packing: Packing) -> Generator[IO[bytes]]:
    """What comes out of a file that is packed as a whole.

    Raises:
        OSError: while it is read, if the file is damaged; what comes before can be read.
    """
    try:
        if packing is Packing.GZIP:
            with gzip.GzipFile(fileobj=raw) as file:
                yield cast("IO[bytes]", file)
        else:
            yield _zstd(raw)
    except (EOFError, zlib.error) as error:
        raise _damaged(error) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(error) from None


class Message(NamedTuple):
    """One of many in a file."""

    offset: int
    """Where it begins, in bytes."""
    text: bytes
    end: int
    """Where the next one begins."""
    is_cut: bool = False
    """Whether the file ends before the message does: it is being written."""
    damage: str = ""


def messages(raw: IO[bytes], offset: int, longest: int) -> Iterator[Message]:
    """Read messages from the offset on at which ``raw`` stands; of each no more than ``longest`` bytes and one more.

    Raises:
        OSError: where no message begins, so that those behind it can't be found.
    """
    while said := raw.read(_LENGTH):
        length = int.from_bytes(said, "big")
        if len(said) == _LENGTH and not 0 < length <= longest:
            raise OSError(f"damaged: no message begins at byte {offset:,}")
        frame = raw.read(length) if len(said) == _LENGTH else b""
        end = offset + len(said) + len(frame)
        if not frame.startswith(_ZSTD[: len(frame)]):
            raise OSError(f"damaged: no message begins at byte {offset:,}")
        if len(said) < _LENGTH or len(frame) < length:
            yield Message(offset, b"", end, is_cut=True)
            return
        try:
            yield Message(offset, _zstd(io.BytesIO(frame)).read(longest + 1), end)
        except OSError as error:
            yield Message(offset, b"", end, damage=str(error))
        offset = end


def _zstd(raw: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(cast("io.RawIOBase", pyarrow.CompressedInputStream(raw, "zstd")), _STEP))


def _damaged(error: Exception) -> OSError:
    return OSError(f"damaged: {error}")
