"""Counting the tokens of a call whose provider reported none. Only for who asked: a count of one's own is a guess.

Encodings are loaded in the background and never in a call. ``tiktoken`` downloads an encoding the first time, unless
its file is in the folder that ``TIKTOKEN_CACHE_DIR`` names.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from .. import log
from ..model import Content, Message, Usage
from .counting import NEWER, OLDER, NotText, count_received, count_sent
from .loading import GateClosed, gate, in_background

if TYPE_CHECKING:
    from tiktoken import Encoding

_MODELS_OF_OLDER: Final = ("gpt-4", "gpt-3.5", "gpt-35", "text-embedding-", "davinci-002", "babbage-002")
_MODELS_OF_NEWER: Final = ("gpt-4o", "gpt-4.")

Load = Callable[[str], "Encoding"]


class Estimator:
    """Counts tokens with ``tiktoken``. One instance serves all threads.

    Close for OpenAI's own text models, but for instructions and reasoning that nobody sees; for others the newer
    encoding is taken, which may be wrong by a fifth or more.
    """

    def __init__(self, load: Load | None = None) -> None:
        self._load: Load = load or _load_encoding
        self._encodings: dict[str, Encoding] = {}
        self._started_in: int | None = None

    def warm_up(self) -> None:
        """Start loading the encodings in the background. Cheap to call again; a forked child starts its own."""
        process = os.getpid()
        if self._started_in == process or len(self._encodings) == 2:
            return
        self._started_in = process
        in_background(self.load, name="otel-genai-encodings")

    def load(self) -> None:
        """Load the encodings here and now. What can't be loaded is logged, once, and stays unused."""
        self._started_in = os.getpid()  # called by hand, too: one try in a process is enough
        faults: dict[str, Exception] = {}
        for name in (NEWER, OLDER):
            if name in self._encodings:
                continue
            try:
                self._encodings[name] = self._load(name)
            except GateClosed:
                return
            except Exception as error:  # not installed, no network, a broken file
                faults[name] = error
        if faults:
            error = next(iter(faults.values()))
            log.warning(
                "Usage that a provider doesn't report can't be estimated with %s (%s: %s). "
                "It needs the package tiktoken, and its files from the network or from TIKTOKEN_CACHE_DIR.",
                " and ".join(faults),
                type(error).__name__,
                error,
            )

    def estimate(self, model: str | None, sent: Content | None, received: Sequence[Message]) -> Usage | None:
        """Count what was sent and what came back.

        Args:
            model: Decides the encoding.
            sent: Messages, instructions and tool definitions, as far as they are known.
            received: The messages that came back.

        Returns:
            Tokens, marked as estimated; of what was sent only if that is known. ``None`` when no encoding is loaded,
            when nothing is known, or when something else than text was exchanged: images and audio can't be counted.
        """
        encoding = self._encodings.get(encoding_of(model))
        if encoding is None:
            self.warm_up()  # in a child that was forked before the parent had them
            return None
        if not (sent or received):
            return None
        try:
            known = sent is not None and sent.complete and (sent.messages or sent.system_instructions)
            given = count_sent(encoding, sent) if sent is not None and known else None
            taken = count_received(encoding, received)
        except NotText:
            return None
        return Usage(input_tokens=given, output_tokens=taken, estimated=True)


def encoding_of(model: str | None) -> str:
    """Return the name of the encoding: OpenAI's older one for the models that have it, else the newer one.

    A gateway's prefix, as in ``openai/gpt-4``, doesn't matter.
    """
    name = (model or "").lower().rpartition("/")[2].removeprefix("ft:")
    if name.startswith(_MODELS_OF_OLDER) and not name.startswith(_MODELS_OF_NEWER):
        return OLDER
    return NEWER


def _load_encoding(name: str) -> Encoding:
    with gate.passed():
        import tiktoken  # here: an extra, and nothing that a call may wait for
        from tiktoken import registry

        # Whatever else loading imports: a child forked while a module is being imported can't import it any more.
        importlib.import_module("requests")
        known: Mapping[str, Callable[[], dict[str, Any]]] = importlib.import_module(
            "tiktoken_ext.openai_public"
        ).ENCODING_CONSTRUCTORS

    # Not behind the gate: a download may take long, and prices wait there. And not by `get_encoding`, whose lock a
    # child forked meanwhile would inherit: the app's own use of tiktoken would hang there for ever.
    return registry.ENCODINGS.get(name) or tiktoken.Encoding(**known[name]())
