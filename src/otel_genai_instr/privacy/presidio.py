"""Names and places, which no pattern finds: by Presidio and a model of spaCy. Loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from .spans import Span, merged, replaced

_DEFAULT_MODELS: Final = {"en": "en_core_web_lg"}
_NAMES: Final = {"PERSON": "person", "LOCATION": "location"}
"""Entities of Presidio, and what stands in their place."""


class NoModel(Exception):
    """A model of a language isn't installed."""


def names_and_places(models: bool | Mapping[str, str]) -> Callable[[str], str]:
    """Return a function that puts ``[person]`` and ``[location]`` in the place of names. Loading takes seconds.

    Args:
        models: spaCy models by language.

    Raises:
        ImportError: if Presidio isn't installed.
        NoModel: if a model isn't. Nothing is downloaded.
    """
    wanted = _DEFAULT_MODELS if isinstance(models, bool) else dict(models)
    presidio: Any = import_module("presidio_analyzer")
    nlp_engine: Any = import_module("presidio_analyzer.nlp_engine")
    spacy: Any = import_module("spacy")
    for language, model in wanted.items():
        if not spacy.util.is_package(model):  # else Presidio would download it
            raise NoModel(f"the model {model} for {language!r} is not installed; python -m spacy download {model}")
    configuration = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": language, "model_name": model} for language, model in wanted.items()],
    }
    engine = nlp_engine.NlpEngineProvider(nlp_configuration=configuration).create_engine()
    registry = presidio.RecognizerRegistry(supported_languages=list(wanted))
    for language in wanted:
        recognizer: Any = import_module("presidio_analyzer.predefined_recognizers").SpacyRecognizer
        registry.add_recognizer(recognizer(supported_language=language, supported_entities=list(_NAMES)))
    analyzer = presidio.AnalyzerEngine(
        nlp_engine=engine, registry=registry, supported_languages=list(wanted), log_decision_process=False
    )
    return lambda text: _without_names(text, analyzer, list(wanted))


def _without_names(text: str, analyzer: Any, languages: Sequence[str]) -> str:
    spans = [
        Span(found.start, found.end, _NAMES[found.entity_type])
        for language in languages
        for found in analyzer.analyze(text=text, language=language, entities=list(_NAMES))
    ]
    return replaced(text, merged(spans))
