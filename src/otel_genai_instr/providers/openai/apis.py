"""The APIs of the ``openai`` package that are operations, and who reads what goes in and comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ...patching.contract import READS_BATCH, SUBMITS_BATCH, TELLS_OF_BATCHES, Api, UsageAsked
from .. import stainless
from . import (
    answers,
    audio,
    batches,
    compactions,
    completions,
    content,
    decisions,
    images,
    plain,
    requests,
    searches,
    stream_usage,
    streams,
    videos,
)
from .streams import ChatStreamReader


def _telling_usage(api: Api, open_stream: Callable[[bool], ChatStreamReader]) -> Api:
    """``api``, whose streams tell their usage only to who asks for it."""
    hiding = replace(api, open_stream=stream_usage.hiding(open_stream))
    return replace(api, open_stream=open_stream, usage_asked=UsageAsked(stream_usage.ask_for_usage, hiding))


CHAT: Final = _telling_usage(
    Api(
        name="chat",
        read_request=requests.read_chat_request,
        read_content=content.read_chat_content,
        read_answer=answers.ChatAnswer,
    ),
    streams.open_chat_stream,
)
COMPLETION: Final = _telling_usage(
    Api(
        name="completion",
        read_request=requests.read_completion_request,
        read_content=completions.read_completion_content,
        read_answer=completions.CompletionAnswer,
    ),
    completions.open_completion_stream,
)
RESPONSES: Final = Api(
    name="responses",
    read_request=requests.read_responses_request,
    read_content=content.read_responses_content,
    read_answer=answers.ResponseAnswer,
    open_stream=streams.ResponsesStreamReader,
)
FETCH_RESPONSE: Final = Api(
    name="fetch_response",
    read_request=requests.read_retrieve_request,
    read_content=None,
    read_answer=answers.FetchedAnswer,
    open_stream=streams.FetchedStreamReader,
)
EMBEDDINGS: Final = Api(
    name="embeddings",
    read_request=requests.read_embeddings_request,
    read_content=None,
    read_answer=answers.EmbeddingsAnswer,
)
IMAGES: Final = Api(
    name="images",
    read_request=images.read_images_request,
    read_content=None,
    read_answer=images.ImagesAnswer,
    open_stream=images.ImagesStreamReader,
)
SPEECH: Final = Api(
    name="speech",
    read_request=audio.read_speech_request,
    read_content=None,
    read_answer=audio.SpeechAnswer,
)
TRANSCRIPTION: Final = Api(
    name="transcription",
    read_request=audio.read_transcription_request,
    read_content=None,
    read_answer=audio.TranscriptAnswer,
    open_stream=audio.TranscriptStreamReader,
)
TRANSLATION: Final = Api(
    name="translation",
    read_request=audio.read_translation_request,
    read_content=None,
    read_answer=audio.TranscriptAnswer,
)
VIDEOS: Final = Api(
    name="videos",
    read_request=videos.read_video_request,
    read_content=None,
    read_answer=videos.VideoAnswer,
)
VIDEO_EXTENSION: Final = Api(
    name="video_extension",
    read_request=videos.read_video_request,
    read_content=None,
    read_answer=videos.ExtensionAnswer,
)
DECISIONS: Final = Api(
    name="decisions",
    read_request=decisions.read_decision_request,
    read_content=None,
    read_answer=decisions.DecisionAnswer,
)
CANCEL_RESPONSE: Final = Api(
    name="cancel_response",
    read_request=requests.read_cancel_request,
    read_content=None,
    read_answer=answers.FetchedAnswer,
)
COMPACTION: Final = Api(
    name="compaction",
    read_request=requests.read_compact_request,
    read_content=content.read_responses_content,
    read_answer=compactions.CompactedAnswer,
)
COUNT_TOKENS: Final = Api(
    name="count_tokens",
    read_request=requests.read_count_request,
    read_content=None,
    read_answer=plain.TokenCount,
)
MODERATION: Final = Api(
    name="moderation",
    read_request=requests.read_moderation_request,
    read_content=None,
    read_answer=plain.PlainAnswer,
)
SEARCH: Final = Api(
    name="retrieval",
    read_request=searches.read_search_request,
    read_content=searches.read_search_content,
    read_answer=searches.SearchAnswer,
)
BATCH_SUBMISSION: Final = Api(
    name="batch",
    read_request=batches.read_batch_request,
    read_content=None,
    read_answer=batches.BatchAnswer,
    begin=SUBMITS_BATCH,
)
BATCH_NEWS: Final = Api(
    name="batch_news",
    read_request=batches.read_batch_request,
    read_content=None,
    read_answer=batches.BatchAnswer,
    begin=TELLS_OF_BATCHES,
)
FILE_CONTENT: Final = Api(
    name="batch_results",
    read_request=batches.read_results_request,
    read_content=None,
    read_answer=batches.FileAnswer,
    begin=READS_BATCH,
    reads_json=False,
)
ROUTES: Final[stainless.Routes] = {
    ("post", "chat/completions"): CHAT,
    ("post", "responses"): RESPONSES,
    ("get", "responses/{response_id}"): FETCH_RESPONSE,
    ("post", "responses/compact"): COMPACTION,
    ("post", "responses/input_tokens"): COUNT_TOKENS,
    ("post", "responses/{response_id}/cancel"): CANCEL_RESPONSE,
    ("post", "embeddings"): EMBEDDINGS,
    ("post", "images/generations"): IMAGES,
    ("post", "images/edits"): IMAGES,
    ("post", "images/variations"): IMAGES,
    ("post", "audio/speech"): SPEECH,
    ("post", "audio/transcriptions"): TRANSCRIPTION,
    ("post", "audio/translations"): TRANSLATION,
    ("post", "moderations"): MODERATION,
    ("post", "vector_stores/{vector_store_id}/search"): SEARCH,
    ("post", "completions"): COMPLETION,  # after chat's, which ends the same way in an absolute URL
    ("post", "videos"): VIDEOS,
    ("post", "videos/edits"): VIDEOS,
    ("post", "videos/extensions"): VIDEO_EXTENSION,
    ("post", "videos/{video_id}/remix"): VIDEOS,
    ("post", "decisions"): DECISIONS,
    ("post", "batches"): BATCH_SUBMISSION,
    ("get", "batches"): BATCH_NEWS,
    ("get", "batches/{batch_id}"): BATCH_NEWS,
    ("post", "batches/{batch_id}/cancel"): BATCH_NEWS,
    ("get", "files/{file_id}/content"): FILE_CONTENT,
}
"""What calls a model by method and path; the first path that fits counts."""
