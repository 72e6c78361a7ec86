"""Reading a price file: bytes to plain data, with the line of every field. Knows nothing of prices.

A price file is written by people and may be anything. What is refused here: what is no file, is too large, isn't
UTF-8, nests too deep, names a key twice, or uses YAML's anchors and tags, with which a few lines can stand for
gigabytes.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from .document import Document
from .errors import PriceFileError
from .json_text import read_json
from .yaml_text import read_yaml

MAX_BYTES: Final = 2_000_000
_MOST_LEVELS: Final = 12


def read_price_file(path: Path) -> Document:
    """Read a YAML or JSON file. A name that ends in neither ``.yaml``, ``.yml`` nor ``.json`` is judged by its text.

    Raises:
        PriceFileError: if it can't be read or understood.
    """
    text = _text(path)
    is_json = path.suffix.lower() == ".json" or (
        path.suffix.lower() not in (".yaml", ".yml") and text.lstrip().startswith("{")
    )
    read = read_json if is_json else read_yaml
    data, lines = read(text, str(path), _MOST_LEVELS)
    if data is None:
        raise PriceFileError(f"{path}: says nothing; allowed: a mapping of name, currency, models, prices, ...")
    return Document(data, str(path), lines)


def read_bytes(path: Path, most: int) -> bytes:
    """Read a regular file of at most ``most`` bytes.

    Raises:
        PriceFileError: if there is none, or it is larger.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # before opening: opening a pipe would wait for its writer
            raise PriceFileError(f"{path}: is not a file")
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise PriceFileError(f"{path}: can't be read: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        if isinstance(error, PriceFileError):
            raise
        raise PriceFileError(f"{str(path)!r}: is not the name of a file") from None  # it has a null character
    if len(content) > most:
        raise PriceFileError(f"{path}: is larger than {most:,} bytes")
    return content


def _text(path: Path) -> str:
    try:
        return read_bytes(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PriceFileError(f"{path}: is not UTF-8 text (byte {error.start})") from None
