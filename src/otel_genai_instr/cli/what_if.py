"""``otel-genai what-if``: what stored calls would have cost on another model, in another tier, with a cache."""

from __future__ import annotations

import time
from argparse import Namespace

from .figures import moment
from .pricers import pricer_from, source_from
from .problems import Misuse, Problem
from .progress import working
from .report import asked_from, require_format, show
from .show import SELLERS
from .sources import open_source, require_reports


def what_if(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    require_reports()
    require_format(options.format)
    from ..reports.computed.what_if import NoPrice, Other, seller_of
    from ..reports.computed.what_if import what_if as answer

    if options.model is None and options.tier is None and options.cached is None:
        raise Misuse("say what is to be different: --model, --tier, --cached, or several of them")
    if options.provider is not None and options.model is None:
        raise Misuse("--provider says who sells the model of --model")
    at = time.time() if options.at is None else moment(options.at)
    provider = None
    if options.model is not None:
        sellers = SELLERS if options.provider is None else (options.provider,)
        try:
            provider = seller_of(source_from(options.prices), options.model, options.tier, at, sellers)
        except NoPrice:
            whose = "" if options.provider is None else f" of {options.provider}"
            tier = "" if options.tier is None else f" in the tier {options.tier}"
            problem = (
                f"{options.model}: no price{whose}{tier} is known; otel-genai prices show {options.model} says more"
            )
            raise Problem(problem) from None
    asked = asked_from(options, ("model",))
    opened = open_source(options.source, options.prices)
    other = Other(options.model, provider, options.tier, options.cached, at)
    tables, pricer = opened.tables(asked.window), pricer_from(options.prices)
    with working(f"pricing calls of {opened.name}"):
        told = answer(tables, asked, pricer, other)
    told.notes[:0] = opened.notes
    show(told, options, tables, asked, lambda question: answer(tables, question, pricer, other))
    return 0
