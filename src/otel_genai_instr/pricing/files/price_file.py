"""Reading a file of prices, or of rules: bytes to plain data, with the line of every field. Knows nothing of prices.

Such a file is written by people and may be anything. What is refused here: what is no file, is too large, isn't
UTF-8, nests too deep, names a key twice, or uses YAML's anchors and tags, with which a few lines can stand for
gigabytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..errors import UserFileError
from ..regular_file import read_bytes
from .document import Document
from .json_text import read_json
from .yaml_text import read_yaml

MAX_BYTES: Final = 2_000_000
_MOST_LEVELS: Final = 12


def read_price_file(path: Path) -> Document:
    """Read a file of prices, as :func:`read_document` does."""
    return read_document(path, "name, currency, models, prices, ...")


def read_document(path: Path, expected: str) -> Document:
    """Read a YAML or JSON file. A name that ends in neither ``.yaml``, ``.yml`` nor ``.json`` is judged by its text.

    Args:
        path: Of the file.
        expected: What one says that says nothing: the names that are looked for.

    Raises:
        UserFileError: if it can't be read or understood.
    """
    text = _text(path)
    is_json = path.suffix.lower() == ".json" or (
        path.suffix.lower() not in (".yaml", ".yml") and text.lstrip().startswith("{")
    )
    read = read_json if is_json else read_yaml
    data, lines = read(text, str(path), _MOST_LEVELS)
    if data is None:
        raise UserFileError(f"{path}: says nothing; allowed: a mapping of {expected}")
    return Document(data, str(path), lines)


def _text(path: Path) -> str:
    try:
        return read_bytes(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserFileError(f"{path}: is not UTF-8 text (byte {error.start})") from None
