"""Text that every exporter can carry."""


def encodable(text: str) -> str:
    """``text`` without lone surrogates: a single one would lose the whole export batch it travels in."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
