"""Telemetry in which everything that others write tries to become part of the page."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

from ..reports import lines

EVIL: Final = (
    """</script><script>document.title='taken'</script><img src=x onerror="document.title='taken'">"'{{7*7}}]]>"""
)
"""Breaks out of a text, an attribute, a script, a comment and a template, where one is left open."""
UNTIL: Final = "2026-11-05"
COUNT: Final = 1050
"""Traces, of which a page of the list has the first thousand."""
DEAREST: Final = "f" * 32
"""The trace with everything in it."""


def write_telemetry(folder: Path) -> Path:
    """Write a folder of it, and return the folder."""
    folder.mkdir()
    calls = [
        lines.call(
            model=EVIL if each % 50 == 0 else "gpt-4o",
            cost=0.001 + each / 1e6,
            at=lines.NOON - timedelta(minutes=each),
            user=f"{EVIL}{each % 7}",
            feature=EVIL if each % 3 else "chat",
            failed=each % 20 == 0,
            error=EVIL,
            prompt=EVIL,
            finish=[EVIL],
        )
        for each in range(COUNT - 1)
    ]
    scores = [lines.evaluation(call, EVIL, 0.5 + each / 100) for each, call in enumerate(calls[:30])]
    lines.write(folder / "telemetry.jsonl", lines.document([*calls, *_dearest()], scores))
    return folder


def _dearest() -> list[lines.Json]:
    workflow = lines.span({}, trace=DEAREST, own_id="1" * 16, seconds=4, name=EVIL)
    said = [{"role": "user", "parts": [{"type": "text", "content": f"hello {EVIL}"}]}]
    call = lines.call(
        trace=DEAREST,
        own_id="2" * 16,
        parent="1" * 16,
        cost=1.0,
        at=lines.NOON + timedelta(seconds=1),
        first_chunk=0.4,
        feature=EVIL,
        user=EVIL,
    )
    call["attributes"] += lines.written({"gen_ai.input.messages": json.dumps(said)})
    tool = lines.span(
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": EVIL, "error.type": EVIL},
        trace=DEAREST,
        own_id="3" * 16,
        parent="2" * 16,
        at=lines.NOON + timedelta(seconds=2),
        failed=True,
        name=f"execute_tool {EVIL}",
    )
    return [workflow, call, tool]
