"""``otel-genai prices update``: newer price data into a file, and what changed. Nothing else ever downloads prices."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from ..addresses import without_password
from ..pricing import PriceKey, PriceSource, UserFileError
from ..pricing.charging.rates import PriceList
from .download import downloaded
from .figures import counted, every_price
from .files import expanded
from .problems import Problem
from .progress import working
from .tables import JSON, clean_line, say, say_json

DEFAULT_FILE: Final = "~/.cache/otel-genai/prices.json"
"""Where the data goes unless ``--to`` says otherwise."""
_MOST_SHOWN: Final = 20

_Entry = tuple[str, str]  # provider id, model id


def update(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    target = expanded(DEFAULT_FILE if options.to is None else options.to)
    url = options.url or _default_url()
    shown = without_password(url)
    try:
        if target.exists() and not target.is_file():
            raise Problem(f"{target}: can't be written: is not a file")
        with working(f"reading {shown}"):
            content = downloaded(url)
        with working("looking up each model"):
            old_entries, old = _present(target)
            new_entries, new = _written(content, shown, target)
            changes = _changes(old_entries, old, new_entries, new)
    except OSError as error:  # of the file: those of the web are told apart where it is read
        raise Problem(f"{target}: can't be written: {error.strerror or error}") from None
    added, gone = sorted(new_entries - old_entries), sorted(old_entries - new_entries)
    providers = {provider for provider, _ in new_entries}
    if options.format == JSON:
        say_json(
            {
                "file": str(target),
                "providers": len(providers),
                "models": len(new_entries),
                "changed": [{**_named(entry), "change": change} for entry, change in changes.items()],
                "gone": [_named(entry) for entry in gone],
                "new": [_named(entry) for entry in added],
            }
        )
        return 0
    say(clean_line(f"{target}: written"))
    say(f"  {counted(len(providers), 'provider')}, {counted(len(new_entries), 'model')}")
    _show_changes(changes, gone, added)
    say(clean_line(f"To use it, name it in your price file: base: {target}"))
    return 0


def _default_url() -> str:
    from genai_prices.update_prices import DEFAULT_UPDATE_URL

    return DEFAULT_UPDATE_URL


def _present(target: Path) -> tuple[set[_Entry], PriceSource]:
    """Return what is in force now: the file, else the installed data."""
    from ..pricing.lists.genai_prices_source import GenaiPricesSource, read_price_data

    if target.exists():
        try:
            return _entries(json.loads(target.read_bytes())), read_price_data(target)
        except (UserFileError, LookupError, TypeError, ValueError, RecursionError):
            pass  # of no use: the new data takes its place
    from genai_prices.data import providers

    return {(provider.id, model.id) for provider in providers for model in provider.models}, GenaiPricesSource()


def _written(content: bytes, shown: str, target: Path) -> tuple[set[_Entry], PriceSource]:
    """Check the data in a file beside the target, and put it in its place only then."""
    from ..pricing.lists.genai_prices_source import read_price_data

    try:
        providers = json.loads(content)
    except (ValueError, RecursionError):
        raise Problem(f"{shown}: is not JSON; nothing was changed") from None
    version = f"genai-prices data {datetime.now(UTC):%Y-%m-%d} {hashlib.sha256(content).hexdigest()[:8]}"
    temporary: str | None = None
    place = Path(os.path.realpath(target))  # where a link leads to: it stays one
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=place.name, suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"version": version, "providers": providers}, file)
        source = read_price_data(Path(temporary))
        entries = _entries(providers)
        _look_up(entries, source)
        os.chmod(temporary, 0o644)  # for apps of other users; the temporary file was for ours alone
        os.replace(temporary, place)
    except UserFileError:
        raise Problem(f"{shown}: is no price data that this genai-prices understands; nothing was changed") from None
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
    return entries, source


def _look_up(entries: set[_Entry], source: PriceSource) -> None:
    """Look up every model once: what fails here would fail in every call.

    Raises:
        UserFileError: if a lookup fails.
    """
    now = time.time()
    try:
        for provider, model in entries:
            source.find(PriceKey(provider, model), now)
    except Exception as error:  # whatever the data makes the package raise
        raise UserFileError(str(error)) from None


def _entries(data: Any) -> set[_Entry]:
    providers = cast("Iterable[Mapping[str, Any]]", data["providers"] if isinstance(data, dict) else data)
    return {(provider["id"], model["id"]) for provider in providers for model in provider["models"]}


def _named(entry: _Entry) -> dict[str, str]:
    return {"provider": entry[0], "model": entry[1]}


def _changes(
    old_entries: set[_Entry], old: PriceSource, new_entries: set[_Entry], new: PriceSource
) -> dict[_Entry, str]:
    now = time.time()
    return {
        entry: change
        for entry in sorted(old_entries & new_entries)
        if (change := _change(old, new, PriceKey(*entry), now))
    }


def _show_changes(changes: Mapping[_Entry, str], gone: list[_Entry], added: list[_Entry]) -> None:
    say(f"  {len(added)} new, {len(gone)} gone, {len(changes)} with another price today")
    lines = [
        *(f"  changed  {provider} {model}: {change}" for (provider, model), change in changes.items()),
        *(f"  gone     {provider} {model}" for provider, model in gone),
        *(f"  new      {provider} {model}" for provider, model in added),
    ]
    for line in lines[:_MOST_SHOWN]:
        say(clean_line(line))
    if len(lines) > _MOST_SHOWN:
        say(f"  and {len(lines) - _MOST_SHOWN} more")


def _change(old: PriceSource, new: PriceSource, key: PriceKey, now: float) -> str:
    before, after = (source.find(key, now).prices for source in (old, new))
    amounts = [every_price(prices) if isinstance(prices, PriceList) else {} for prices in (before, after)]
    names = dict.fromkeys((*amounts[0], *amounts[1]))
    return ", ".join(
        f"{name} {amounts[0].get(name, '-')} -> {amounts[1].get(name, '-')}"
        for name in names
        if amounts[0].get(name) != amounts[1].get(name)
    )
