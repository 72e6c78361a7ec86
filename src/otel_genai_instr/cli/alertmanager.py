"""Posts what a check has found to an Alertmanager, which routes, groups and silences it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPMessage
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ..addresses import without_password
from .problems import Misuse, Problem

if TYPE_CHECKING:
    from ..reports.checks.checking import Finding

_PATH: Final = "/api/v2/alerts"
_SECONDS: Final = 10
_MOST_OF_ANSWER: Final = 200


class _NoRedirects(HTTPRedirectHandler):
    """An answer that leads elsewhere is a mistake: what is posted would get lost on the way."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def checked_address(url: str) -> str:
    """Return the address without what follows its path.

    Raises:
        Misuse: if it is no address of the web.
    """
    shown = without_password(url)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Misuse(f"--alertmanager: {shown!r} is not allowed: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii():
        raise Misuse(f"--alertmanager: {shown!r} is not allowed; an address such as http://alertmanager:9093")
    if parts.username is not None:
        raise Misuse("--alertmanager: a name or a password in the address is not understood")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def alerts(findings: Sequence[Finding], now: datetime, lasts: timedelta) -> list[dict[str, Any]]:
    """The alerts of what was found.

    Labels are the same in every run, so that a run prolongs the alert of the one before and a silence holds; what
    changes stands in the annotations. An alert that isn't posted again ends by itself.

    Args:
        findings: What was found.
        now: When: UTC, with its zone.
        lasts: How long each alert lives, unless it is posted again.
    """
    return [
        {
            "labels": {
                **finding.of,
                "report": finding.rule.report,
                "alertname": finding.rule.name,
                "severity": finding.rule.severity.value,
            },
            "annotations": {
                "summary": f"{finding.rule.name}: {finding.subject}",
                "value": _value(finding),
                "threshold": "any row" if finding.rule.threshold is None else str(finding.rule.threshold),
            },
            "startsAt": now.isoformat(),
            "endsAt": (now + lasts).isoformat(),
        }
        for finding in findings
    ]


def _value(finding: Finding) -> str:
    if finding.value is None:
        return "-"
    text = f"{finding.rule.figure} {finding.value:.6g}"
    return text if finding.before is None else f"{text}, before {finding.before:.6g}"


def post(address: str, posted: Sequence[dict[str, Any]]) -> None:
    """Post alerts to the Alertmanager at the address.

    Raises:
        Problem: if it doesn't take them.
    """
    url = f"{address}{_PATH}"
    request = Request(url, json.dumps(posted).encode(), {"Content-Type": "application/json"}, method="POST")
    try:
        with build_opener(_NoRedirects).open(request, timeout=_SECONDS):
            return
    except HTTPError as error:
        said = error.read(_MOST_OF_ANSWER).decode("utf-8", "replace").strip()
        raise Problem(f"{url}: answered {error.code} {error.reason}{': ' if said else ''}{said}") from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise Problem(f"{url}: can't be reached: {reason}") from None
