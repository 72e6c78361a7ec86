"""A small RAG, told with blocks of one's own: run it and read the tree in the terminal."""

import secrets

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import otel_genai_instr as genai

trace.set_tracer_provider(TracerProvider())
genai.instrument(feedback_key=secrets.token_hex(16))


@genai.workflow("answer_question")
def answer(question: str) -> str:
    """Embed, search, rerank, check, and ask."""
    with genai.embeddings("openai", "text-embedding-3-small") as call:
        call.usage(input_tokens=12)
    with genai.retrieval("handbook", query=question, top_k=3) as search:
        search.documents = [{"id": "page-1", "score": 0.4}, {"id": "page-2", "score": 0.9}]
    with genai.rerank("rerank-v3.5", provider="cohere"):
        pages = sorted(search.documents, key=str)
    with genai.guardrail("pii"):
        assert "@" not in question
    with genai.inference("openai", "gpt-4o", temperature=0.2) as chat:
        chat.usage(input_tokens=1200, output_tokens=80)
        chat.response(id="r-1", finish_reasons=["stop"])
    genai.feedback(genai.feedback_token(chat), "thumbs_up")
    return f"Read {len(pages)} pages."


with genai.trace_summary() as summary, genai.attribute(user_id="u-42", feature="help"):
    print(answer("How do I clean a lamp?"))
print(summary)
