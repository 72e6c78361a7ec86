"""The way to a ClickHouse: its address, a client, and what is said where none answers."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3 import Timeout

from ...addresses import without_password
from ...file_settings import REPORTS_PASSWORD, reports_password
from ..exceptions import NotUnderstood, Unanswered

SETTINGS: Final = {"join_use_nulls": 1, "max_query_size": 256 * 1024 * 1024}
"""Rows without a partner have NULL on the other side, as SQL wants it; ClickHouse's own is 0 and ''. And bytes of a
question, which may name calls that are told of twice."""
_SCHEMES: Final = {"clickhouse": False, "clickhouses": True}
_PORTS: Final = {False: 8123, True: 8443}
_CONNECT_SECONDS: Final = 10
_GREETING_SECONDS: Final = 15
"""For what a server always knows at once: which one it is, which tables it has."""
_ANSWER_SECONDS: Final = 600
_SERVER_SAYS: Final = re.compile(r"Code: (\d+)\. DB::\w+: ([^\n]*)")
_PLACE: Final = re.compile(r" \(for url [^ ]*\)$")
_WHO: Final = ("192", "193", "194", "516")
"""Codes of ClickHouse for a user or a password that it doesn't know."""
_MOST: Final = 300

logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
"""What it logs of a failure is said in one line, here."""


@dataclass(frozen=True)
class Address:
    """Where, and who asks."""

    host: str
    port: int
    database: str
    user: str
    password: str
    is_secure: bool

    @property
    def name(self) -> str:
        """For people."""
        return f"ClickHouse at {self.host}:{self.port}/{self.database}"


def address_of(url: str) -> Address:
    """Read ``clickhouse://user@host:8123/otel``.

    Raises:
        NotUnderstood: for a URL that can't be meant.
    """
    shown = without_password(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotUnderstood(f"{shown}: the port is no number from 1 to 65535") from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise NotUnderstood(f"{shown} names no ClickHouse; such as clickhouse://otel@localhost:8123/otel")
    is_secure = _SCHEMES[parts.scheme]
    for name, said in parse_qs(parts.query, keep_blank_values=True).items():
        if name != "secure" or said[-1].lower() not in ("true", "false"):
            raise NotUnderstood(f"{shown}: ?{name}={said[-1]} is not allowed; secure=true, or nothing")
        is_secure = said[-1].lower() == "true"
    return Address(
        host=parts.hostname,
        port=port or _PORTS[is_secure],
        database=unquote(parts.path.strip("/")) or "otel",
        user=unquote(parts.username or "default"),
        password=unquote(parts.password) if parts.password else reports_password(),
        is_secure=is_secure,
    )


def connected(address: Address) -> Any:
    """A client of ClickHouse's own driver. A server that doesn't greet within seconds is given up.

    Raises:
        Unanswered: if there is no ClickHouse.
    """
    try:
        return clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            database=address.database,
            secure=address.is_secure,
            settings=dict(SETTINGS),
            query_limit=0,
            query_retries=0,
            connect_timeout=_CONNECT_SECONDS,
            send_receive_timeout=_GREETING_SECONDS,
            autogenerate_session_id=False,
        )
    except ClickHouseError as error:
        raise unanswered(address, error) from None


def let_answers_take_long(client: Any) -> None:
    """From now on: a question about a long time is no greeting."""
    client.timeout = Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS)


def unanswered(address: Address, error: Exception) -> Unanswered:
    """What to tell of a failure: whose, why, and what to do, in one line."""
    return Unanswered(f"{address.name}: {reason_of(error)}")


def reason_of(error: Exception) -> str:
    """Why a question wasn't answered: what the server said; else the innermost of the errors, which is the system's."""
    if said := _SERVER_SAYS.search(str(error)):
        cure = f"; {REPORTS_PASSWORD} holds the password, and the address the user" if said[1] in _WHO else ""
        return _PLACE.sub("", said[2].strip())[:_MOST] + cure
    innermost: BaseException = error
    while innermost.__cause__ is not None:
        innermost = innermost.__cause__
    if innermost is error and "server version" in str(error):
        return "what answers there is no ClickHouse; is it another program, or another port?"
    return (str(innermost).strip() or type(innermost).__name__).splitlines()[0][:_MOST]
