"""Price files: good ones are followed as they change, bad ones are named once and change nothing."""

from __future__ import annotations

import builtins
import json
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer, Unpriced, pricing_from
from otel_genai_instr.pricing.configured import WatchedBook
from otel_genai_instr.pricing.files.price_file import MAX_BYTES
from otel_genai_instr.pricing.loading import bundled_prices, gate

from .test_price_loading import needs_fork, run

NOON = 1_795_262_400.0  # 2026-11-21T12:00Z
USAGE = Usage(input_tokens=1_000, output_tokens=100)
GOOD = "prices:\n  - model: my-llm\n    per_million_tokens: {input: %s, output: 0}\n"
GOOD_JSON = '{"prices": [{"model": "my-llm", "per_million_tokens": {"input": %s, "output": 0}}]}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.yaml"


def of(pricer: Pricer, model: str = "my-llm") -> float | Unpriced:
    cost = pricer.price("openai", model, None, USAGE, at=NOON)
    return round(cost.amount * 1_000, 9) if isinstance(cost, Cost) else cost


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What is said, without whose it is; which each message says."""
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert all(message.startswith("otel-genai-instr: ") for message in said)
    return [message.removeprefix("otel-genai-instr: ") for message in said]


def rewrite(path: Path, text: str | bytes) -> None:
    """Replace the file; the times of two writes may be the same, the files aren't."""
    other = path.with_name("other")
    other.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.replace(other, path)


class TestGood:
    def test_yaml(self, path: Path) -> None:
        path.write_text("# ours\nname: acme\ncurrency: EUR\n" + GOOD % 2.5)

        cost = pricing_from(str(path)).price("x", "my-llm", None, Usage(input_tokens=1_000), at=NOON)
        assert cost == Cost(0.0025, "EUR", "local", "acme", None, 0.0025)

    def test_json_needs_no_yaml(self, tmp_path: Path) -> None:
        path = tmp_path / "prices.json"
        path.write_text(json.dumps({"prices": [{"model": "gpt-4o", "per_million_tokens": {"input": 1, "output": 0}}]}))
        (tmp_path / "yaml.py").write_text("raise ImportError('no yaml here')")

        run(
            f"""
            from otel_genai_instr.pricing import pricing_from
            assert price(pricing_from({str(path)!r})).amount == 0.001
            """,
            tmp_path,
        )

    def test_without_pyyaml_a_yaml_file_is_named(self, path: Path, tmp_path: Path) -> None:
        path.write_text(GOOD % 1)
        (tmp_path / "yaml.py").write_text("raise ImportError('no yaml here')")

        done = run(
            f"""
            logging.basicConfig()
            from otel_genai_instr.pricing import pricing_from
            assert price(pricing_from({str(path)!r})).amount == 0.0035
            """,
            tmp_path,
        )
        assert done.stderr.count("YAML needs the package PyYAML") == 1

    @pytest.mark.parametrize("name", ["prices.json", "prices", "prices.txt"])
    def test_what_looks_like_json_is_json(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.write_text(' {"prices": [{"model": "my-llm", "per_million_tokens": {"input": 3, "output": 0}}]}')

        assert of(pricing_from(path)) == 3

    def test_a_byte_order_mark_is_no_part_of_the_text(self, path: Path) -> None:
        path.write_bytes(b"\xef\xbb\xbf" + (GOOD % 3).encode())

        assert of(pricing_from(path)) == 3

    def test_an_empty_file_has_no_prices(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        path.write_text("# nothing yet\n")

        assert of(pricing_from(path), "gpt-4o") == pytest.approx(3.5)
        assert "says nothing; allowed: a mapping of name, currency" in errors(caplog)[0]

    @pytest.mark.parametrize(
        ("written", "price"), [("1e3", 1_000), ("2.5e-1", 0.25), ("010", 10), (".5", 0.5), ("+3", 3), ("-0.0", 0)]
    )
    def test_numbers_are_those_of_yaml_1_2(self, path: Path, written: str, price: float) -> None:
        path.write_text(GOOD % written)

        assert of(pricing_from(path)) == price

    def test_words_that_once_were_more_are_words(self, path: Path) -> None:
        path.write_text("name: no\n" + GOOD % 1)

        cost = pricing_from(path).price("x", "my-llm", None, USAGE, at=NOON)
        assert isinstance(cost, Cost)
        assert cost.price_version == "no"

    def test_nothing_is_read_before_it_is_needed(self, path: Path) -> None:
        pricer = pricing_from(path)
        path.write_text(GOOD % 3)

        assert of(pricer) == 3


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
BAD: dict[str, tuple[str | bytes, str]] = {
    "not YAML": ("prices: [1\nx: 2", "line 2: is not YAML"),
    "a bomb": (BOMB, "line 1: anchors and tags are not understood"),
    "an alias": ("a: 1\nprices: *a", "line 2: anchors and aliases are not understood"),
    "a tag": ("prices: !!python/object/apply:os.system [x]", "line 1: anchors and tags are not understood"),
    "nested": ("[" * 100_000, "line 1: nested too deep; at most 12 levels"),
    "nested JSON": ('{"a":' * 100_000, "line 1: nested too deep; at most 12 levels"),
    "a key twice": ("name: a\nname: b", "line 2: name: stands twice"),
    "a key twice in JSON": ('{"name": "a", "name": "b"}', "line 1: name: stands twice"),
    "two documents": ("name: a\n---\nname: b", "line 2: a second document"),
    "not UTF-8": (b"name: \xff\xfe", "is not UTF-8 text (byte 6)"),
    "a null": ("name: a\0b", "is not YAML"),
    "broken JSON": ('{"name": "a",\n "prices" 1}', "line 2: is not JSON"),
    "a huge number in JSON": (
        '{"prices": [\n{"model": "m", "per_request": ' + "1" * 5_000 + "}]}",
        "line 2: prices[0].per_request: inf is not allowed; a number of zero or more",
    ),
    "NaN in JSON": ('{"prices": [{"model": "m", "per_unit": {"page": NaN}}]}', "line 1: prices[0].per_unit.page: nan"),
    "a list": ("- a\n- b", "line 1: a list is not allowed; a mapping of name"),
    "too large": (b"#" * (MAX_BYTES + 1), "is larger than 2,000,000 bytes"),
    "no such day": (
        "discounts:\n - model: m\n   percent: 1\n   from: 2026-02-30",
        "line 4: discounts[0].from: '2026-02-30' is not",
    ),
    "negative": (
        "prices:\n- model: m\n  per_unit:\n    page: 1\n    image: -2\n",
        "line 5: prices[0].per_unit.image: -2",
    ),
    "NaN": ("prices:\n- model: m\n  per_unit: {page: .nan}\n", "line 3: prices[0].per_unit.page: nan"),
    "NaN as decimals have it": ("discounts:\n- {model: m, percent: .NaN}\n", "line 2: discounts[0].percent: nan"),
    "a negative number in JSON": (
        '{"prices": [\n{"model": "m",\n "per_unit": {"page": -1}}]}',
        "line 3: prices[0].per_unit.page: -1 is not allowed",
    ),
    "minutes": ("discounts:\n- {model: m, percent: 1:30}\n", "percent: '1:30' is not allowed; a number"),
    "a number in quotes": ("discounts:\n- {model: m, percent: '5'}\n", "a number of zero or more, without quotes"),
    "a model without quotes": ("discounts:\n- {model: 4, percent: 5}\n", "4 is not allowed; a text of 1 to 256"),
    "a price beyond money": ("prices:\n- {model: m, per_unit: {page: 1e13}}\n", "page: 10000000000000.0 is not"),
    "half a character in JSON": ('{"name": "\\ud800"}', "line 1: name: '\\ud800' is not allowed; a text"),
    "what a terminal obeys": ('name: "\\e[31m"', "line 1: name: '\\x1b[31m' is not allowed; a text"),
    "a unit that can't be printed": (
        'prices:\n- {model: m, per_unit: {"a\\tb": 1}}',
        "is not known here; allowed: a text",
    ),
    "above nothing": (
        "prices:\n- model: m\n  per_unit: {page: 1}\n  above: [{input_tokens: 1, per_million_tokens: {input: 1}}]\n",
        "line 4: prices[0].above: needs per_million_tokens",
    ),
    "a home of nobody": ("base: ~nobody-has-this-name/x.json\n", "line 1: base: '~nobody-has-this-name/x.json' is not"),
    "a base with a negative price": (GOOD % 1 + "base: below_zero.json", "below_zero.json: is no price data"),
    "a missing key": ("name: a\nprices:\n\n- per_unit: {page: 1}\n", "line 4: prices[0].model: is missing"),
    "a currency": ("name: a\ncurrency: ZZZ", "line 2: currency: 'ZZZ' is not a currency"),
    "no such base": (GOOD % 1 + "base: nowhere.json", "nowhere.json: can't be read: No such file"),
    "a wrong base": (GOOD % 1 + "base: prices.yaml", "prices.yaml: is no price data of genai-prices"),
}


class TestBad:
    @pytest.mark.parametrize("kind", BAD)
    def test_at_first(self, path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
        content = BAD[kind]
        path = path.with_suffix(".json") if "JSON" in kind else path
        path.with_name("below_zero.json").write_text(json.dumps(TestBase.DATA).replace("7", "-7"))
        rewrite(path, content[0])
        pricer = pricing_from(path)

        for _ in range(3):
            assert of(pricer, "gpt-4o") == pytest.approx(3.5)
        (message,) = errors(caplog)
        assert message.startswith(str(path.parent))
        assert content[1] in message
        assert len(message) < 700
        assert "\n" not in message

    @pytest.mark.parametrize("kind", BAD)
    def test_later(self, path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
        content = BAD[kind]
        good = GOOD
        if "JSON" in kind:
            path, good = path.with_suffix(".json"), GOOD_JSON
        path.write_text(good % 3)
        path.with_name("below_zero.json").write_text(json.dumps(TestBase.DATA).replace("7", "-7"))
        book = WatchedBook(path)
        pricer = Pricer(book)
        assert of(pricer) == 3

        rewrite(path, content[0])
        for _ in range(3):
            book.reload()
            assert of(pricer) == 3
        (message,) = errors(caplog)
        assert content[1] in message
        assert message.endswith("The prices from before stay in force.")

        rewrite(path, good % 4)
        book.reload()
        assert of(pricer) == 4
        assert len(errors(caplog)) == 1

    def test_no_file(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        assert of(pricing_from(path), "gpt-4o") == pytest.approx(3.5)
        assert errors(caplog) == [
            f"{path}: can't be read: No such file or directory. "
            "None of its prices is used, only those that come with the package."
        ]

    def test_no_home(self, caplog: pytest.LogCaptureFixture) -> None:
        assert of(pricing_from("~nobody-has-this-name/prices.yaml"), "gpt-4o") == pytest.approx(3.5)
        assert errors(caplog)[0].startswith("~nobody-has-this-name/prices.yaml: can't be read: No such file")

    def test_a_folder(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        assert of(pricing_from(tmp_path), "gpt-4o") == pytest.approx(3.5)
        assert "is not a file" in errors(caplog)[0]

    @pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders there")
    def test_a_pipe_without_a_writer_is_not_waited_for(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        os.mkfifo(path)

        assert of(pricing_from(path), "gpt-4o") == pytest.approx(3.5)
        assert "is not a file" in errors(caplog)[0]

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
    def test_a_file_that_may_not_be_read(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        path.write_text(GOOD % 1)
        path.chmod(0)

        assert of(pricing_from(path), "gpt-4o") == pytest.approx(3.5)
        assert "can't be read: Permission denied" in errors(caplog)[0]

    def test_a_name_that_no_file_can_have(self, caplog: pytest.LogCaptureFixture) -> None:
        assert of(pricing_from("a\0b"), "gpt-4o") == pytest.approx(3.5)
        (message,) = errors(caplog)
        assert message.startswith("'a\\x00b': is not the name of a file")


def followed(pricer: Pricer, price: float) -> object:
    """What it charges once it has charged ``price``, or after ten seconds."""
    deadline = time.monotonic() + 10
    while of(pricer) != price and time.monotonic() < deadline:
        pricer.warm_up()
        time.sleep(0.005)
    return of(pricer)


class TestFollowed:
    def test_a_change_is_seen_by_calls_to_come(self, path: Path) -> None:
        path.write_text(GOOD % 3)
        pricer = Pricer(WatchedBook(path, check_every=0.02))
        pricer.warm_up()
        assert of(pricer) == 3

        rewrite(path, GOOD % 4)
        assert followed(pricer, 4) == 4

    def test_looks_are_rare_and_never_in_the_calling_thread(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path.write_text(GOOD % 3)
        pricer = Pricer(WatchedBook(path, check_every=3_600))
        of(pricer)
        looks: list[object] = []
        stat = os.stat

        def counting(*arguments: object, **more: object) -> os.stat_result:
            if str(path) in str(arguments[0]):
                looks.append(threading.current_thread())
            return stat(*arguments, **more)  # pyright: ignore[reportArgumentType, reportCallIssue] - passed on

        monkeypatch.setattr(os, "stat", counting)
        for _ in range(1_000):
            pricer.warm_up()
            of(pricer)
        assert not looks

    def test_a_disk_that_does_not_answer_keeps_one_thread_and_nobody_else(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path.write_text(GOOD % 3)
        pricer = Pricer(WatchedBook(path, check_every=0.0))
        assert of(pricer) == 3
        answers, asked = threading.Event(), threading.Event()
        looks: list[object] = []
        stat = os.stat

        def hanging(*arguments: object, **more: object) -> os.stat_result:
            if str(path) in str(arguments[0]):
                looks.append(arguments)
                asked.set()
                answers.wait(30)
            return stat(*arguments, **more)  # pyright: ignore[reportArgumentType, reportCallIssue] - passed on

        monkeypatch.setattr(os, "stat", hanging)
        for _ in range(50):
            pricer.warm_up()
        assert asked.wait(10)
        with gate.passed():  # a fork would wait for this
            assert of(Pricer(bundled_prices), "gpt-4o") == pytest.approx(3.5)
        answers.set()
        assert len(looks) == 1

    @pytest.mark.parametrize("broken", [False, True])
    def test_a_file_that_is_replaced_while_it_is_read_at_first(
        self, path: Path, broken: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        path.write_text("prices: [" if broken else GOOD % 3)
        really_open: Any = builtins.open
        replaced: list[Path] = []

        def opening(file: Any, *arguments: Any, **more: Any) -> Any:
            content = really_open(file, *arguments, **more)
            if file == path and not replaced:
                replaced.append(path)
                rewrite(path, GOOD % 4)
            return content

        monkeypatch.setattr(builtins, "open", opening)
        assert of(pricing_from(path)) == 4
        assert replaced
        assert errors(caplog) == []

    def test_no_thread_can_be_started(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refused(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        path.write_text(GOOD % 3)
        book = WatchedBook(path, check_every=0.0)
        pricer = Pricer(book)
        monkeypatch.setattr(threading.Thread, "start", refused)
        for _ in range(2):
            pricer.warm_up()
            assert of(pricer) == 3
        monkeypatch.undo()
        rewrite(path, GOOD % 4)
        assert followed(pricer, 4) == 4

    def test_an_unchanged_file_is_not_read_again(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path.write_text(GOOD % 3)
        book = WatchedBook(path)
        pricer = Pricer(book)
        assert of(pricer) == 3
        source = book.get()

        book.reload()
        assert book.get() is source

    def test_a_file_that_vanishes_leaves_its_prices(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        path.write_text(GOOD % 3)
        book = WatchedBook(path)
        pricer = Pricer(book)
        assert of(pricer) == 3

        path.unlink()
        book.reload()
        book.reload()
        assert of(pricer) == 3
        assert len(errors(caplog)) == 1
        path.write_text(GOOD % 4)
        book.reload()
        assert of(pricer) == 4

    def test_a_file_that_comes_later_is_used(self, path: Path) -> None:
        book = WatchedBook(path)
        pricer = Pricer(book)
        assert of(pricer) is Unpriced.UNKNOWN_MODEL

        path.write_text(GOOD % 3)
        book.reload()
        assert of(pricer) == 3

    def test_eight_threads_while_it_changes(self, path: Path) -> None:
        path.write_text(GOOD % 1)
        book = WatchedBook(path)
        pricer = Pricer(book)
        seen: list[set[float | Unpriced]] = []
        done = threading.Event()

        def call() -> None:
            amounts: set[float | Unpriced] = set()
            while not done.is_set():
                amounts.add(of(pricer))
            seen.append(amounts)

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for number in range(1, 20):
            rewrite(path, GOOD % number)
            book.reload()
        done.set()
        for thread in threads:
            thread.join()

        assert set().union(*seen) <= {float(number) for number in range(1, 20)}
        assert of(pricer) == 19

    @needs_fork
    def test_a_forked_child_follows_too(self, path: Path) -> None:
        path.write_text(GOOD % 1)
        run(f"""
            from otel_genai_instr.pricing.configured import WatchedBook
            from pathlib import Path
            path = Path({str(path)!r})
            pricer = Pricer(WatchedBook(path, check_every=0.01))
            usage = Usage(input_tokens=1_000_000)
            def amount():
                pricer.warm_up()
                return pricer.price("acme", "my-llm", None, usage, at=1795262400.0).amount
            assert amount() == 1
            child = os.fork()
            if child == 0:
                path.write_text({GOOD % 22!r})
                deadline = time.monotonic() + 20
                while amount() != 22 and time.monotonic() < deadline:
                    time.sleep(0.01)
                os._exit(0 if amount() == 22 else 1)
            _, status = os.waitpid(child, 0)
            assert status == 0
        """)


class TestBase:
    DATA: tuple[dict[str, object], ...] = (
        {
            "id": "openai",
            "name": "OpenAI",
            "api_pattern": "x",
            "models": [
                {
                    "id": "gpt-9",
                    "match": {"starts_with": "gpt-9"},
                    "prices": {"input_mtok": 7, "output_mtok": 0, "web_searches_kcount": 10},
                }
            ],
        },
    )

    @pytest.mark.parametrize("wrapped", [True, False])
    def test_newer_price_data(self, path: Path, wrapped: bool) -> None:
        data = {"version": "genai-prices data 2027-01-01", "providers": self.DATA} if wrapped else self.DATA
        path.with_name("data.json").write_text(json.dumps(data))
        path.write_text("name: acme\nbase: data.json\ndiscounts: [{model: gpt-9*, percent: 50}]\n")
        pricer = pricing_from(path)

        assert of(pricer, "gpt-9-turbo") == 3.5
        assert of(pricer, "gpt-4o") is Unpriced.UNKNOWN_MODEL
        cost = pricer.price("openai", "gpt-9", None, USAGE, at=NOON)
        assert isinstance(cost, Cost)
        version = "genai-prices data 2027-01-01" if wrapped else "genai-prices data "
        assert (cost.price_version or "").startswith(f"acme -50 %, {version}")

    def test_newer_data_than_before(self, path: Path) -> None:
        data = path.with_name("data.json")
        data.write_text(json.dumps(self.DATA))
        path.write_text("base: data.json\n")
        book = WatchedBook(path)
        pricer = Pricer(book)
        assert of(pricer, "gpt-9") == 7

        rewrite(data, json.dumps(self.DATA).replace("7", "8"))
        book.reload()
        assert of(pricer, "gpt-9") == 8

    def test_of_a_dictionary(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        data = path.with_name("data.json")
        pricer = pricing_from({"base": str(data)})
        assert of(pricer, "gpt-4o") == pytest.approx(3.5)
        assert len(errors(caplog)) == 1

        data.write_text(json.dumps(self.DATA))
        assert of(pricing_from({"base": str(data)}), "gpt-9") == 7
