"""Text that every exporter can carry."""


def encodable(text: str) -> str:
    """``text`` as a plain string without lone surrogates: a single one would lose the whole export batch.

    A member of an enumeration of strings is its value: that is what an SDK sends, and not its name.
    """
    if type(text) is not str:
        text = str.__str__(text)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
