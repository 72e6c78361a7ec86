"""``otel-genai replay``: real SDKs ask a server, their spans go to files, and the command asks the server again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from examples.anthropic_server import INSTANT, AnthropicServer
from examples.openai_server import Fault, OpenAIServer

from ..support.capture import Capture
from .replay_world import DESCRIBED, IMAGE, PARAMETERS, PIXEL, SAMPLING, TALK, TOOL, Ask, World, asked_chat, body_of


def _openai() -> Any:
    return openai.OpenAI()


def _azure() -> Any:
    return openai.AzureOpenAI()


def _anthropic() -> Any:
    return anthropic.Anthropic()


def _lost(text: str) -> Any:
    """A function that doesn't redact."""
    del text


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[OpenAIServer, AnthropicServer]]:
    with OpenAIServer(INSTANT) as one, AnthropicServer(INSTANT) as other:
        yield one, other


@pytest.fixture
def world(servers: tuple[OpenAIServer, AnthropicServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(servers, tmp_path, monkeypatch)


def test_a_chat_is_asked_as_it_was(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    which = world.record(asked_chat("gpt-5-mini", tools=[TOOL], service_tier="flex", **SAMPLING))
    sent = body_of(world.openai)
    assert world.replay(which, "--format", "json") == 0
    again = body_of(world.openai)
    assert again == sent, "messages, tools, tier and sampling are those of the app"
    assert world.openai.received[0].headers["authorization"] == "Bearer sk-of-the-app"

    said = json.loads(capsys.readouterr().out)
    (answer,) = said["answers"]
    for name in ("answered_model", "input_tokens", "output_tokens", "cost", "finish_reasons", "messages"):
        assert answer[name] == said["recorded"][name], name
    assert answer["cost"] > 0
    assert answer["duration_ms"] > 0


def test_a_response_is_asked_as_it_was_and_kept_by_nobody(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    given: Any = [
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "Hi"}, {"type": "input_image", "image_url": IMAGE}],
        },
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Paris"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "9 °C"},
        {"role": "user", "content": "And Rome?"},
    ]
    tool: Any = {"type": "function", **DESCRIBED, "strict": False}
    asked: Any = {"instructions": "Be brief.", "max_output_tokens": 99, "reasoning": {"effort": "low"}}
    which = world.record(lambda: _openai().responses.create(model="gpt-5-mini", input=given, tools=[tool], **asked))
    sent = body_of(world.openai)
    assert world.replay(which, "--format", "json") == 0
    assert body_of(world.openai) == {**sent, "store": False}
    said = json.loads(capsys.readouterr().out)
    assert said["answers"][0]["messages"] == said["recorded"]["messages"] != []


def test_a_message_of_anthropic_is_asked_as_it_was(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    messages: Any = [
        {"role": "user", "content": "Weather in Paris?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Paris"}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "9 °C"},
                {"type": "text", "text": "And here?"},
                {"type": "image", "source": {"type": "url", "url": IMAGE}},
            ],
        },
    ]
    tool: Any = {"name": "weather", "description": "Tells the weather.", "input_schema": PARAMETERS}
    asked: Any = {
        "max_tokens": 200,
        "stop_sequences": ["END"],
        "system": "Be brief.",
        "extra_body": {"temperature": 0.5},
    }
    which = world.record(
        lambda: _anthropic().messages.create(model="claude-haiku-4-5", messages=messages, tools=[tool], **asked)
    )
    sent = body_of(world.anthropic)
    assert world.replay(which, "--format", "json") == 0
    sent["system"] = [{"type": "text", "text": "Be brief."}]
    sent["messages"][0]["content"] = [{"type": "text", "text": "Weather in Paris?"}]
    assert body_of(world.anthropic) == sent
    said = json.loads(capsys.readouterr().out)
    assert said["answers"][0]["cost"] == said["recorded"]["cost"] > 0


def test_models_of_two_makers_stand_side_by_side(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    which = world.record(asked_chat(tools=[TOOL], **SAMPLING))
    models = ("--model", "gpt-4o-mini", "--model", "claude-haiku-4-5")
    assert world.replay(which, *models) == 0
    assert body_of(world.openai)["model"] == "gpt-4o-mini"
    body = body_of(world.anthropic)
    assert body["system"] == [{"type": "text", "text": "Be brief."}]
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in body["messages"][2]["content"]] == ["tool_result", "text", "image"]
    assert body["tools"] == [{"name": "weather", "description": "Tells the weather.", "input_schema": PARAMETERS}]
    assert "seed" not in body

    shown = capsys.readouterr()
    first, *rows = [line.split() for line in shown.out.splitlines()[:4]]
    assert first[-4:] == ["input", "output", "cost", "ms"]
    assert [row[:2] for row in rows] == [
        ["recorded", "gpt-4o-mini"],
        ["now", "gpt-4o-mini"],
        ["now", "claude-haiku-4-5"],
    ]
    assert "\nnow: claude-haiku-4-5\n  " in shown.out
    assert "claude-haiku-4-5: seed can't be asked for here, and is left out" in shown.out
    assert "(openai) as gpt-4o-mini, for at most 0.0" in shown.err, "its limit is recorded"
    assert "(anthropic) as claude-haiku-4-5, for about 0.0" in shown.err
    assert "it counts tokens in its own way" in shown.err

    assert world.replay(which, *models, "--format", "markdown") == 0
    told = capsys.readouterr().out
    assert "| recorded | gpt-4o-mini |" in told
    assert "### now: claude-haiku-4-5\n\n> " in told


def test_from_anthropic_to_openai(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    which = world.record(
        lambda: _anthropic().messages.create(
            model="claude-haiku-4-5",
            max_tokens=200,
            system="Be brief.",
            messages=[{"role": "user", "content": "Hi"}],
            extra_body={"top_k": 5},
        )
    )
    assert world.replay(which, "--model", "gpt-4o-mini") == 0
    assert body_of(world.openai) == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "max_completion_tokens": 200,
    }
    assert "top_k can't be asked for here" in capsys.readouterr().err


def test_an_azure_deployment_is_asked_by_its_own_client(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", world.openai.url.removesuffix("/v1"))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "key-of-azure")
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    which = world.record(
        lambda: _azure().chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}])
    )
    assert world.replay(which) == 0
    assert world.openai.received[0].headers["api-key"] == "key-of-azure"
    assert world.openai.received[0].route.endswith("/deployments/gpt-4o-mini/chat/completions")
    assert "(azure.ai.openai) as gpt-4o-mini" in capsys.readouterr().err


def test_streams_are_asked_whole(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    which = world.record(
        lambda: list(_stream(stream=True, stream_options={"include_usage": True})),
    )
    assert world.replay(which, "--format", "json") == 0
    assert "stream" not in body_of(world.openai)
    said = json.loads(capsys.readouterr().out)
    assert said["answers"][0]["messages"] == said["recorded"]["messages"] != []


def _stream(**asked: Any) -> Any:
    return _openai().chat.completions.create(**{"model": "gpt-4o-mini", "messages": TALK[:2], **asked})


def _image_of_its_own() -> object:
    content: Any = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    return _stream(messages=[{"role": "user", "content": content}])


def _with_a_hosted_tool() -> object:
    tools: Any = [{"type": "web_search"}]
    return _openai().responses.create(model="gpt-5-mini", input="Hi", tools=tools)


def _in_a_conversation() -> object:
    return _openai().responses.create(model="gpt-5-mini", input="Hi", conversation="conv_1")


def _embedding() -> object:
    return _openai().embeddings.create(model="text-embedding-3-small", input="Hi")


REFUSED: list[tuple[Ask, Any, str]] = [
    (_image_of_its_own, {}, "message 1 has image of 8 bytes, of which only a digest is recorded"),
    (_with_a_hosted_tool, {}, "the tool web_search of type web_search can't be rebuilt"),
    (_in_a_conversation, {}, "a conversation that the provider keeps"),
    (_embedding, {}, "embeddings is not asked again; chats are"),
    (asked_chat(), {"content": "digest"}, "was not captured (tier digest); OTEL_GENAI_CONTENT=full captures it"),
    (
        asked_chat(messages=[{"role": "user", "content": "x" * 5_000}]),
        {"content_max_bytes": 400},
        "were cut off when it",
    ),
    (asked_chat(), {"redact": [_lost]}, "was withheld when it was recorded: redactor_failed"),
]


@pytest.mark.parametrize(
    ("ask", "options", "says"),
    REFUSED,
)
def test_what_can_not_be_rebuilt_is_not_sent(
    ask: Ask, options: Any, says: str, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otel_genai_instr.guard.strict", False)
    which = world.record(ask, **options)
    assert world.replay(which) == 1
    assert not world.openai.received
    assert says in capsys.readouterr().err


def test_what_was_redacted_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    which = world.record(asked_chat(messages=[{"role": "user", "content": "I am ann@example.com"}]), redact="email")
    assert world.replay(which) == 0
    assert body_of(world.openai)["messages"] == [{"role": "user", "content": "I am [email]"}]
    shown = capsys.readouterr()
    assert "perhaps redacted: it says [email], and is sent so" in shown.err
    assert "perhaps redacted: it says [email]" in shown.out


def test_nobody_is_asked_without_a_yes(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    which = world.record(asked_chat())
    assert world.replay(which, yes=False) == 2, "no terminal"
    told = capsys.readouterr()
    assert told.out == ""
    assert "127.0.0.1" in told.err
    assert "nothing limits it, --max-tokens does" in told.err
    assert "nobody is there to be asked; --yes sends it" in told.err

    for typed, code in (("\n", 1), ("n\n", 1), ("", 1), ("y\n", 0)):
        monkeypatch.setattr("sys.stdin", _Terminal(typed))
        assert world.replay(which, yes=False) == code
        assert len(world.openai.received) == (code == 0)
        assert "send it? [y/N]" in capsys.readouterr().err


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_yes_alone_is_for_the_host_that_answered(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    which = world.record(asked_chat())
    assert world.replay(which, "--yes", yes=False) == 0
    monkeypatch.setenv("OPENAI_BASE_URL", world.openai.url.replace("127.0.0.1", "localhost"))
    assert world.replay(which, "--yes", yes=False) == 2
    assert not world.openai.received
    told = capsys.readouterr().err
    assert "note: not to 127.0.0.1 (openai), which answered it" in told
    assert "--yes alone sends to 127.0.0.1 only; --to localhost" in told
    assert world.replay(which, "--yes", "--to", "localhost", yes=False) == 0


def test_one_of_several_calls_is_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    which = world.record(asked_chat(), asked_chat("gpt-4o"))
    assert world.replay(which) == 2
    said = capsys.readouterr().err
    (line,) = [line for line in said.splitlines() if line.endswith("chat gpt-4o")]
    assert world.replay(line.split()[1]) == 0
    assert body_of(world.openai)["model"] == "gpt-4o"
    assert world.replay(f"{which}:{'0' * 16}") == 1
    assert world.replay("4bf9") == 2


def test_a_failure_stands_beside_the_answers(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    which = world.record(asked_chat())
    world.openai.faults.add(Fault("authentication", when='"model":"gpt-4o"'))
    assert world.replay(which, "--model", "gpt-4o", "--model", "gpt-4o-mini", "--format", "json") == 1
    failed, answered = json.loads(capsys.readouterr().out)["answers"]
    assert failed["error"].startswith("AuthenticationError: ")
    assert failed["messages"] == []
    assert answered["error"] is None
    assert answered["messages"] != []


def test_what_is_left_out_and_another_limit(world: World) -> None:
    which = world.record(asked_chat(**SAMPLING))
    assert world.replay(which, "--without", "temperature,seed", "--without", "stop", "--max-tokens", "9") == 0
    body = body_of(world.openai)
    assert set(body) == {"model", "messages", "top_p", "max_completion_tokens"}
    assert body["max_completion_tokens"] == 9
    assert world.replay(which, "--without", "colour") == 2


def test_without_a_key_the_sdk_says_what_it_misses(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    which = world.record(asked_chat())
    monkeypatch.delenv("OPENAI_API_KEY")
    assert world.replay(which) == 1
    assert "gpt-4o-mini is not asked: openai can't be asked: " in capsys.readouterr().err
    assert not world.openai.received


def test_what_lies_in_a_content_store_is_asked_again(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = str(world.folder / "store")
    which = world.record(asked_chat(), content_store=store)
    sent = body_of(world.openai)
    assert world.replay(which) == 1
    assert "OTEL_GENAI_CONTENT_STORE says how it is reached" in capsys.readouterr().err
    monkeypatch.setenv("OTEL_GENAI_CONTENT_STORE", store)
    assert world.replay(which) == 0
    assert body_of(world.openai) == sent


def test_its_own_calls_are_nobodys_unless_the_command_is_instrumented(world: World, capture: Capture) -> None:
    which = world.record(asked_chat())
    capture.instrument(real_clock=True)
    assert world.replay(which) == 0
    (span,) = capture.spans()
    assert span.attributes is not None
    assert span.attributes["app.feature"] == "replay"
