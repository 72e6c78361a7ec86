"""``otel-genai pseudonym``: under which names a user's spans are found."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..privacy.pseudonyms import LEAST_BYTES, Pseudonyms
from ..settings import PSEUDONYM_KEYS, from_environ
from .problems import Problem
from .tables import JSON, say, say_json


def pseudonym(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    user = sys.stdin.readline().rstrip("\r\n") if options.user == "-" else options.user
    if not user:
        raise Problem("standard input has no user id")
    keys = from_environ().pseudonym_keys
    if not keys:
        raise Problem(f"{PSEUDONYM_KEYS} is not set; it has the keys of the app, the one in force first")
    if any(len(key.encode()) < LEAST_BYTES for key in keys):
        raise Problem(f"{PSEUDONYM_KEYS}: each key has to have at least {LEAST_BYTES} bytes")
    found = Pseudonyms(keys).all_of(user)
    if options.format == JSON:
        say_json({"pseudonyms": found})
    else:
        for name in found:
            say(name)
    return 0
