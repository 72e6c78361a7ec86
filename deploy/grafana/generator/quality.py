"""How good answers are, and what may have changed them."""

from __future__ import annotations

from typing import Final

from . import queries as q
from .board import Board
from .panels import COUNT, SHARE, heat, lines, number, row, trace_list

_NAME: Final = "gen_ai_evaluation_name"
_SCORE: Final = "gen_ai_evaluation_score"
_INPUT: Final = "gen_ai_client_inference_operation_input_tokens"
_OUTPUT: Final = "gen_ai_client_inference_operation_output_tokens"


def _low(group: str = "") -> str:
    part = f'{q.by(group)}(increase({_SCORE}_bucket{{{q.SERVICE}, le="0.5"}}[{q.HOUR}]))'
    return q.share(part, f"{q.by(group)}(increase({_SCORE}_count{{{q.SERVICE}}}[{q.HOUR}]))")


BOARD: Final = Board(
    uid="genai-quality",
    title="GenAI: quality",
    description="Scores of `evaluate()` and `feedback()`, of the chosen service, and what may move them.",
    panels=(
        number(
            "Mean score, last hour",
            "Of all evaluations. Red (below 0.75): see below which one fell, and since when.",
            q.mean(_SCORE, q.SERVICE, ""),
            COUNT,
            steps=((0, "red"), (0.75, "yellow"), (0.8, "green")),
            decimals=2,
            nothing="no evaluations",
            width=8,
        ),
        number(
            "Scores of 0.5 and less, last hour",
            "A mean hides a few very bad answers; this does not.",
            _low(),
            SHARE,
            steps=((0.1, "yellow"), (0.25, "red")),
            decimals=1,
            nothing="no evaluations",
            width=8,
        ),
        number(
            "Evaluations, last hour",
            "With fewer than twenty, the numbers beside this one mean little. None at all: the judge is down.",
            f"sum(increase({_SCORE}_count{{{q.SERVICE}}}[1h]))",
            COUNT,
            decimals=0,
            nothing="none",
            width=8,
        ),
        row("Which judgement, since when?"),
        lines(
            "Mean score, by evaluation",
            "One falls: what it judges got worse. All fall at once: a changed model behind the same name, or a "
            "changed judge.",
            ((q.mean(_SCORE, q.SERVICE, _NAME), "{{gen_ai_evaluation_name}}"),),
            COUNT,
            steps=((0.75, "yellow"),),
            most=1,
        ),
        lines(
            "Evaluations per hour, by label",
            "What the judges and the users said in a word.",
            (
                (
                    f"sum by ({_NAME}, gen_ai_evaluation_score_label) (increase({_SCORE}_count{{{q.SERVICE}}}[1h]))",
                    "{{gen_ai_evaluation_name}}: {{gen_ai_evaluation_score_label}}",
                ),
            ),
            COUNT,
            stacked=True,
        ),
        heat(
            "All scores",
            "A second band below: one kind of question fails. Everything lower: the model or the prompt.",
            f"sum by (le) (increase({_SCORE}_bucket{{{q.SERVICE}}}[1h]))",
            COUNT,
        ),
        lines(
            "Mean score, by who judged",
            "Judges and users part: the judge is no measure any more.",
            ((q.mean(_SCORE, q.SERVICE, "otel_genai_evaluation_evaluator"), "{{otel_genai_evaluation_evaluator}}"),),
            COUNT,
            most=1,
        ),
        row("What may have changed?"),
        lines(
            "Mean length of prompts in tokens, by prompt version",
            "A step: a new template, or more documents put into it. Ask who deployed what.",
            (
                (
                    q.mean(_INPUT, q.CALLS, "gen_ai_prompt_name, gen_ai_prompt_version"),
                    "{{gen_ai_prompt_name}} {{gen_ai_prompt_version}}",
                ),
            ),
            COUNT,
        ),
        lines(
            "Mean length of answers in tokens, by model that answered",
            "Shorter answers, or a name that was not there before: the provider has changed the model.",
            ((q.mean(_OUTPUT, q.CALLS, "gen_ai_response_model"), "{{gen_ai_response_model}}"),),
            COUNT,
        ),
        row("Single calls (from traces: only those that were kept)"),
        trace_list(
            "Answers that were cut off, filtered or refused",
            "`length` and `max_tokens`: raise the limit, or ask for less. The others: read the prompt, if content is "
            "recorded.",
            '{ span.gen_ai.response.finish_reasons =~ "length|max_tokens|max_output_tokens|content_filter|refusal" '
            f"&& {q.CALL_SPANS} }} "
            "| select(span.gen_ai.response.finish_reasons, span.gen_ai.response.model, span.gen_ai.prompt.name, "
            "span.gen_ai.prompt.version, span.gen_ai.usage.output_tokens, span.app.feature)",
            width=24,
        ),
    ),
)
