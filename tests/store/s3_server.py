"""An object store on loopback that speaks as much S3 as ``s3fs`` needs to write, read and list."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "calls"


class S3Server(ThreadingHTTPServer):
    """Keeps objects in memory. ``status`` other than 200 is what it answers to all that is put."""

    daemon_threads = True  # a request that hangs ends with the test

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.status = 200
        self.puts = 0
        self.most_at_a_time = 0
        self.now = 0
        self.lock = threading.Lock()
        self.seconds = 0.0
        """What each answer to what is put takes."""
        self.hold = threading.Event()
        """Answers to what is put wait for it."""
        self.hold.set()

    @property
    def environ(self) -> dict[str, str]:
        """What leads ``s3fs`` here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server_address[1]}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nowhere/config",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def store(self) -> S3Server:
        return cast("S3Server", self.server)

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length") or 0))
        assert "aws-chunked" not in (self.headers.get("content-encoding") or "")
        store = self.store
        with store.lock:
            store.puts += 1
            store.now += 1
            store.most_at_a_time = max(store.most_at_a_time, store.now)
        store.hold.wait(60)
        time.sleep(store.seconds)
        with store.lock:
            store.now -= 1
        if store.status == 200:
            store.objects[self._key()] = data
            self._answer(200, b"", {"ETag": '"0"'})
        else:
            self._refuse(store.status, "AccessDenied")

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "list-type" in query:
            self._list(query)
        elif (data := self.store.objects.get(self._key())) is None:
            self._refuse(404, "NoSuchKey")
        else:
            self._answer(200, data, {"ETag": '"0"', "Last-Modified": "Sun, 29 Nov 2026 00:00:00 GMT"})

    def do_HEAD(self) -> None:
        data = self.store.objects.get(self._key())
        self._answer(404 if data is None else 200, data or b"", {"Last-Modified": "Sun, 29 Nov 2026 00:00:00 GMT"})

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}/")

    def _list(self, query: dict[str, list[str]]) -> None:
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        keys, folders = list[str](), set[str]()
        for key in sorted(self.store.objects):
            if key.startswith(prefix):
                name, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
                if found:
                    folders.add(prefix + name + delimiter)
                else:
                    keys.append(key)
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.store.objects[key])}</Size>"
            '<LastModified>2026-11-29T00:00:00.000Z</LastModified><ETag>"0"</ETag></Contents>'
            for key in keys
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in sorted(folders)
        )
        body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}{common}</ListBucketResult>"
        self._answer(200, body.encode(), {"Content-Type": "application/xml"})

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode(), {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            with suppress(OSError):  # who asked may be gone
                self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""
