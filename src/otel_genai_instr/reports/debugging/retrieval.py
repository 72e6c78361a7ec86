"""Was the right thing found? Documents, their scores and their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any, Final, cast

from ...semconv import attributes as names
from ...trace_words import counted
from ..kinds import RETRIEVAL
from ..traces.trace import Trace, TraceSpan
from .finding import Finding, Verdict, quoted
from .history import ENOUGH, History

NAME: Final = "retrieval"
_SCORES: Final = ("score", "relevance_score", "similarity", "similarity_score")
_USUAL_SHARE: Final = 0.8
"""Of traces with the same root, from which on a retrieval is missed."""
_LOWEST: Final = 0.05
"""Share of the retrievals before, whose best score is low."""


def check(trace: Trace, history: History) -> Iterator[Finding]:
    """Look at every retrieval; at what others have, where there is none."""
    retrievals = trace.of_kind(RETRIEVAL)
    if not retrievals:
        yield _without(trace, history)
    for retrieval in retrievals:
        verdict, evidence = _verdict(retrieval, history)
        yield Finding(NAME, verdict, evidence, retrieval)


def _without(trace: Trace, history: History) -> Finding:
    traces, with_one = history.retrievals(trace) or (0, 0)
    if traces >= ENOUGH and with_one >= _USUAL_SHARE * traces:
        missed = f"no retrieval, though {with_one:,} of {traces:,} traces of {quoted(trace.root().name)} have one"
        return Finding(NAME, Verdict.WARNING, missed, trace.root())
    return Finding(NAME, Verdict.ABSENT, "no retrieval in this trace")


def _verdict(retrieval: TraceSpan, history: History) -> tuple[Verdict, str]:
    if retrieval.failed:
        return Verdict.PROBLEM, f"failed: {retrieval.cells['error'] or 'no type of error is said'}"
    documents = _documents(retrieval)
    if documents is None:
        return Verdict.UNKNOWN, "the documents weren't captured: see the manual on content"
    query = retrieval.said(names.RETRIEVAL_QUERY_TEXT)
    asked = f" for {quoted(query)}" if isinstance(query, str) else ""
    if not documents:
        return Verdict.PROBLEM, f"no document was found{asked}"
    wanted = retrieval.attributes.get(names.RETRIEVAL_TOP_K)
    of = f" of {wanted} asked for" if isinstance(wanted, int) and wanted > len(documents) else ""
    evidence = f"{counted(len(documents), 'document')}{of}{asked}"
    scores = [score for document in documents if (score := _score(document)) is not None]
    if not scores:
        return Verdict.OK, f"{evidence}; no scores are said"
    best = max(scores)
    evidence += f", scores {min(scores):.3g} to {best:.3g}"
    if sorted(scores) != scores:
        evidence += f", best at rank {1 + scores.index(best)}"
    low = _low(best, retrieval, history)
    return (Verdict.WARNING, f"{evidence}; {low}") if low else (Verdict.OK, evidence)


def _low(best: float, retrieval: TraceSpan, history: History) -> str | None:
    """Say so, if the best score is lower than nearly all best ones before."""
    earlier = history.earlier(retrieval) or []
    before = sorted(
        max(scores)
        for each in earlier
        if (scores := [score for document in _documents(each) or () if (score := _score(document)) is not None])
    )
    if len(before) < ENOUGH or best >= before[int(len(before) * _LOWEST)]:
        return None
    return f"low: the best score of the {len(before):,} retrievals before is {median(before):.3g} in the median"


def _documents(retrieval: TraceSpan) -> list[Any] | None:
    said = retrieval.said(names.RETRIEVAL_DOCUMENTS)
    return cast("list[Any]", said) if isinstance(said, list) else None


def _score(document: object) -> float | None:
    if not isinstance(document, dict):
        return None
    said = cast("Mapping[str, Any]", document)
    scores = (said.get(name) for name in _SCORES)
    return next((float(score) for score in scores if isinstance(score, int | float)), None)
