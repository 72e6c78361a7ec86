"""What may leave the process of texts and people."""

from __future__ import annotations

from typing import Protocol

from .. import log
from ..settings import PSEUDONYM_KEYS, Settings


class Redactor(Protocol):
    """Takes out of content what shall not leave the process; raises ``Withheld`` when it can't."""

    def structure(self, content: dict[str, object], tool: str | None = None) -> dict[str, object]:
        """Content attributes as JSON data, or those of the run of a tool."""
        ...

    def text(self, text: str) -> str:
        """Any other text."""
        ...


class Pseudonyms(Protocol):
    """Names that stand for people."""

    def of(self, user_id: str) -> str | None:
        """The same for the same user; ``None`` if nothing may stand for one."""
        ...


class Privacy:
    """The redactor and the pseudonyms that the settings ask for; nothing is loaded for who asks for neither."""

    def __init__(self, settings: Settings) -> None:
        self.redactor: Redactor | None = None
        self._pseudonyms: Pseudonyms | None = None
        if settings.redact is not None:
            from ..privacy.redactor import redactor_from

            self.redactor = redactor_from(settings.redact)
        if settings.pseudonym_keys:
            from ..privacy.pseudonyms import Pseudonyms

            self._pseudonyms = Pseudonyms(settings.pseudonym_keys)
        elif self.redactor is not None:
            log.warning("redact is on without %s: user ids are left out.", PSEUDONYM_KEYS)

    def user(self, user_id: str) -> str | None:
        """What stands for a user: a pseudonym; nothing, where there is redaction and no key; else the user's id."""
        if self._pseudonyms is not None:
            return self._pseudonyms.of(user_id)
        return None if self.redactor is not None else user_id
