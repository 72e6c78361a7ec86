"""Runs a command with a model that needs no key: ``python -m otel_genai_instr.fake_model COMMAND...``.

A server on loopback, which lives as long as the command, answers chat completions (plain and streamed) and embeddings
in OpenAI's language, and the command is told of it by ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``. It is there to see a
first trace: its answer repeats what the prompt says, its tokens are counted, its pauses are those of a real model.
Nothing of the instrumentation imports it.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from zlib import crc32

_FIRST_TOKEN: Final = 0.2
_NEXT_TOKEN: Final = 0.02
_EMBEDDING: Final = 0.06
"""Seconds that pass."""
_LETTERS_A_TOKEN: Final = 4
_DIMENSIONS: Final = 1536
_SIGNALLED: Final = 128
"""What a shell adds to the number of the signal that ended a command."""

_Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command beside the fake model, and return its exit code.

    Raises:
        SystemExit: with code 2 where no command is named, or it can't be started.
    """
    parser = argparse.ArgumentParser(
        prog="python -m otel_genai_instr.fake_model",
        description="Run a command with OPENAI_BASE_URL and OPENAI_API_KEY of a fake model on loopback.",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="with its arguments")
    command: list[str] = parser.parse_args(arguments).command
    if not command:
        parser.error("name the command to run, such as: opentelemetry-instrument python app.py")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        model = {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1", "OPENAI_API_KEY": "none"}
        try:
            process = subprocess.Popen(command, env=os.environ | model)
        except OSError as error:
            parser.error(f"{command[0]}: {error.strerror}")
        code = _wait(process)
        server.shutdown()
    return code if code >= 0 else _SIGNALLED - code


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for its end. A Ctrl-C goes to the command as well, which says what to do about it."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        try:
            self._respond()
        except ConnectionError:  # the command wants no more
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the terminal is the command's."""

    def _respond(self) -> None:
        asked: _Json = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        if self.path.endswith("/chat/completions"):
            self._chat(asked)
        elif self.path.endswith("/embeddings"):
            time.sleep(_EMBEDDING)
            self._send(200, _embeddings(asked))
        else:
            message = f"The fake model answers chat completions and embeddings; {self.path} needs a real one."
            self._send(404, {"error": {"message": message, "type": "invalid_request_error", "code": "not_found"}})

    def _chat(self, asked: _Json) -> None:
        answer = _answer(asked["messages"])
        head = {"id": f"chatcmpl-{crc32(answer.encode()):08x}", "created": int(time.time()), "model": asked["model"]}
        time.sleep(_FIRST_TOKEN)
        if asked.get("stream"):
            self._stream(_chunks(asked, answer, head))
            return
        time.sleep(_NEXT_TOKEN * _tokens(answer))
        choice: _Json = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        self._send(200, {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(asked, answer)})

    def _stream(self, chunks: Iterator[_Json]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")  # the end of the connection is that of the stream
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(b"data: %b\n\n" % json.dumps(chunk).encode())
            time.sleep(_NEXT_TOKEN)
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, status: int, body: _Json) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _answer(messages: list[_Json]) -> str:
    """What the system says, or else what was asked: without any of both there is nothing to repeat."""
    told = [message["content"] for message in messages if message["role"] in ("system", "developer")]
    answer = (told or [f"You said: {messages[-1]['content']}"])[-1]
    return answer if isinstance(answer, str) else json.dumps(answer)


def _chunks(asked: _Json, answer: str, head: _Json) -> Iterator[_Json]:
    head = {**head, "object": "chat.completion.chunk"}
    for start in range(0, len(answer), _LETTERS_A_TOKEN):
        delta = {"role": "assistant", "content": answer[start : start + _LETTERS_A_TOKEN]}
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    options: _Json = asked.get("stream_options") or {}
    if options.get("include_usage"):
        yield {**head, "choices": [], "usage": _usage(asked, answer)}


def _usage(asked: _Json, answer: str) -> _Json:
    read, written = sum(_tokens(str(message.get("content"))) for message in asked["messages"]), _tokens(answer)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _embeddings(asked: _Json) -> _Json:
    texts: list[str] = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    vectors = [[crc32(f"{at} {text}".encode()) / 2**31 - 1 for at in range(_DIMENSIONS)] for text in texts]
    packed = asked.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": at, "embedding": _packed(vector) if packed else vector}
        for at, vector in enumerate(vectors)
    ]
    read = sum(_tokens(str(text)) for text in texts)
    usage = {"prompt_tokens": read, "total_tokens": read}
    return {"object": "list", "model": asked["model"], "data": data, "usage": usage}


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _tokens(text: str) -> int:
    return -(-len(text) // _LETTERS_A_TOKEN)


if __name__ == "__main__":
    sys.exit(main())
