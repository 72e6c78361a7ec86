"""Keys that hold content and keys that stay, each where it was seen: paths are those of the libraries' repositories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from otel_genai_instr.semconv import attributes as names

CONTENT: Final[Mapping[str, Sequence[str]]] = {
    "docs/reference.md: ours": (
        *(names.SYSTEM_INSTRUCTIONS, names.INPUT_MESSAGES, names.OUTPUT_MESSAGES, names.TOOL_DEFINITIONS),
        *(names.TOOL_CALL_ARGUMENTS, names.TOOL_CALL_RESULT, names.RETRIEVAL_QUERY_TEXT, names.RETRIEVAL_DOCUMENTS),
        *(names.MEMORY_QUERY_TEXT, names.MEMORY_RECORDS, names.EVALUATION_EXPLANATION),
        *("gen_ai.prompt.variable.tone", "gen_ai.prompt.variable.user.name", "otel_genai.output.preview"),
    ),
    "opentelemetry-semantic-conventions 1.36: removed since, and still written": (
        *("gen_ai.prompt", "gen_ai.completion", "gen_ai.event.content"),
    ),
    "traceloop/openllmetry: opentelemetry/semconv_ai/__init__.py, and the flattened messages of its instrumentations": (
        *("gen_ai.prompt.0.role", "gen_ai.prompt.0.content", "gen_ai.prompt.12.tool_calls.0.arguments"),
        *("gen_ai.completion.0.content", "gen_ai.completion.0.tool_calls.0.arguments", "gen_ai.completion.0.reasoning"),
        *("llm.prompts.0.content", "llm.completions.0.content", "llm.request.functions.0.parameters", "llm.headers"),
        *("llm.content.completion.chunk", "traceloop.entity.input", "traceloop.entity.output"),
        *("traceloop.prompt.template", "traceloop.prompt.template_variables", "traceloop.prompt.template_variables.q"),
        *("gen_ai.request.structured_output_schema", "gen_ai.task.input", "gen_ai.task.output"),
        *("mcp.request.argument", "mcp.response.value", "db.query.result.document", "db.query.result.metadata"),
        *("db.query.embeddings.vector", "db.search.embeddings.vector", "db.search.result.entity"),
        *("db.chroma.query.where_document", "db.marqo.search.query", "pinecone.query.queries"),
    ),
    "Arize-ai/openinference: openinference/semconv/trace/__init__.py": (
        *("input.value", "output.value", "llm.invocation_parameters", "llm.function_call"),
        *("llm.input_messages.0.message.content", "llm.input_messages.0.message.contents.1.message_content.text"),
        *("llm.input_messages.0.message.contents.1.message_content.image.image.url", "llm.tools.0.tool.json_schema"),
        *("llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", "llm.prompts.0.prompt.text"),
        *("llm.output_messages.0.message.function_call_arguments_json", "llm.choices.0.completion.text"),
        *("llm.prompt_template.template", "llm.prompt_template.variables", "embedding.invocation_parameters"),
        *("embedding.embeddings.0.embedding.text", "embedding.embeddings.0.embedding.vector"),
        *("retrieval.documents.0.document.content", "retrieval.documents.0.document.metadata"),
        *("reranker.query", "reranker.input_documents.0.document.content", "tool.parameters", "tool.json_schema"),
        *("reranker.output_documents.0.document.content", "annotations.0.annotation.explanation"),
        *("evaluations.0.evaluation.explanation", "trace.evaluations.0.evaluation.explanation"),
    ),
    "langfuse/langfuse-python: langfuse/_client/attributes.py": (
        *("langfuse.trace.input", "langfuse.trace.output", "langfuse.observation.input", "langfuse.observation.output"),
        *("langfuse.observation.status_message", "langfuse.experiment.item.expected_output"),
    ),
    "langchain-ai/langsmith-sdk: langsmith/_internal/otel/_otel_exporter.py": (
        *("gen_ai.request.extra_body", "gen_ai.request.extra_query", "langsmith.request.headers"),
        *("langsmith.metadata.invocation_params",),
    ),
    "pydantic/pydantic-ai: pydantic_ai/models/instrumented.py": ("pydantic_ai.all_messages",),
    "vercel/ai: packages/ai/src/telemetry/open-telemetry-integration.ts": (
        *("ai.prompt", "ai.prompt.messages", "ai.prompt.tools", "ai.prompt.toolChoice", "ai.schema", "ai.ranking"),
        *("ai.response.text", "ai.response.reasoning", "ai.response.toolCalls", "ai.response.object"),
        *("ai.response.files", "ai.response.providerMetadata", "ai.toolCall.args", "ai.toolCall.result"),
        *("ai.value", "ai.values", "ai.embedding", "ai.embeddings", "ai.documents", "ai.request.headers.authorization"),
        *("ai.result.text", "ai.result.toolCalls", "ai.result.object"),
    ),
    "openlit/openlit: openlit/semcov/__init__.py": (
        *("gen_ai.content.prompt", "gen_ai.content.completion", "gen_ai.content.revised_prompt", "gen_ai.tool.args"),
        *("gen_ai.content.reasoning", "gen_ai.response.tool_calls", "gen_ai.response.image", "gen_ai.workflow.input"),
        *("gen_ai.workflow.output", "gen_ai.framework.pipeline.input_data", "gen_ai.framework.error.message"),
        *("gen_ai.agent.context", "gen_ai.agent.instructions", "gen_ai.agent.goal", "gen_ai.agent.task"),
        *("gen_ai.agent.params", "gen_ai.agent.tool_results", "gen_ai.agent.expected_output", "gen_ai.agent.schema"),
        *("gen_ai.agent.actual_output", "gen_ai.agent.human_input", "gen_ai.agent.action.tool_input"),
        *("gen_ai.agent.final_result", "gen_ai.agent.next_goal", "gen_ai.agent.step_messages"),
        *("gen_ai.memory.search.query", "gen_ai.vectordb.search.query", "gen_ai.extraction.instruction"),
        *("mcp.tool.arguments", "mcp.tool.result", "mcp.params", "mcp.result", "mcp.sampling.messages"),
        *("mcp.completion.argument.value", "mcp.error.message", "guard.explanation", "evals.explanation"),
    ),
    "getsentry/sentry-python and sentry-javascript: conventions of AI spans": (
        *("gen_ai.request.messages", "gen_ai.request.available_tools", "gen_ai.response.text", "gen_ai.tool.input"),
        *("gen_ai.response.object", "gen_ai.request.schema", "gen_ai.tool.output", "vercel.ai.prompt"),
        *("ai.input_messages", "ai.responses", "ai.texts", "ai.tool_calls", "ai.preamble", "ai.search_results"),
    ),
    "mlflow: tracing/constant.py": (
        *("mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.chat.messages", "mlflow.chat.tools"),
        *("mlflow.trace.intermediate_outputs", "mlflow.chunk.value"),
    ),
    "google/adk-python: google/adk/telemetry/tracing.py": (
        *("gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_call_args"),
        *("gcp.vertex.agent.tool_response", "gcp.vertex.agent.data"),
    ),
    "Laminar, AgentOps, Braintrust: their SDKs": (
        *("lmnr.span.input", "lmnr.span.output", "agentops.entity.input", "agentops.entity.output"),
        *("braintrust.input_json", "braintrust.output_json", "braintrust.expected"),
    ),
}
"""Content wherever it stands: on any span, event or log."""

BARE: Final[Mapping[str, Sequence[str]]] = {
    "pydantic/pydantic-ai: pydantic_ai/models/instrumented.py and _agent_graph.py": (
        *("all_messages_events", "events", "final_result", "tool_arguments", "tool_response"),
        *("model_request_parameters",),
    ),
    "pydantic/logfire: logfire/_internal/integrations/llm_providers/openai.py, and its openai_agents": (
        *("request_data", "response_data", "raw_input", "prompt", "input", "output", "response"),
    ),
    "opentelemetry-instrumentation-openai-v2 and Strands: events named as messages": ("content", "message"),
    "OpenTelemetry: record_exception; Datadog: error.message": (
        *("exception.message", "exception.stacktrace", "error.message", "error.stack"),
    ),
}
"""Content on what is GenAI; anywhere else they may be anything."""

KEPT: Final[Mapping[str, Sequence[str]]] = {
    "docs/reference.md: ours, beside what a run of the package emits": (
        *("gen_ai.prompt.name", "gen_ai.prompt.version", "otel_genai.input.hash", "otel_genai.input.message_count"),
        *("otel_genai.system_instructions.hash", "otel_genai.output.length", "otel_genai.content.reference"),
        *("otel_genai.content.tier", "otel_genai.content.withheld", "otel_genai.content.cut_bytes"),
        *("otel_genai.output.tool_names", "otel_genai.cost.input", "otel_genai.cost.output"),
        *("app.feature", "app.tenant", "app.tags", "app.message", "app.prompt", "app.output.value"),
    ),
    "opentelemetry-util-genai: references to uploaded content": (
        *("gen_ai.input.messages_ref", "gen_ai.output.messages_ref", "gen_ai.system_instructions_ref"),
    ),
    "openllmetry": (
        *("traceloop.entity.name", "traceloop.entity.path", "traceloop.workflow.name", "traceloop.prompt.key"),
        *("traceloop.prompt.version", "traceloop.prompt.version_hash", "traceloop.association.properties.team"),
        *("llm.usage.token_type", "llm.response.stop_reason", "db.chroma.query.texts_count", "db.vector.query.top_k"),
        *("db.query.result.id", "db.query.result.score", "mcp.method.name", "mcp.request.id"),
    ),
    "openinference": (
        *("input.mime_type", "output.mime_type", "tag.tags", "metadata", "prompt.id", "prompt.url", "session.id"),
        *("llm.prompt_template.version", "llm.token_count.prompt_details.cache_input", "llm.cost.prompt"),
        *("llm.cost.completion", "llm.cost.prompt_details.input", "llm.cost.completion_details.output"),
        *("reranker.top_k", "tool.description", "evaluations.0.evaluation.score", "graph.node.name"),
    ),
    "langfuse": (
        *("langfuse.observation.type", "langfuse.observation.usage_details", "langfuse.observation.cost_details"),
        *("langfuse.observation.prompt.name", "langfuse.observation.prompt.version", "langfuse.trace.name"),
        *("langfuse.observation.model.name", "langfuse.observation.completion_start_time", "langfuse.trace.tags"),
    ),
    "langsmith": ("langsmith.span.kind", "langsmith.trace.name", "langsmith.metadata.team", "gen_ai.serialized.name"),
    "pydantic-ai, logfire": ("operation.cost", "agent_name", "model_name", "logfire.msg", "logfire.span_type"),
    "vercel": (
        *("ai.operationId", "ai.model.id", "ai.response.id", "ai.response.model", "ai.response.finishReason"),
        *("ai.usage.inputTokens", "ai.usage.outputTokens", "ai.usage.reasoningTokens", "ai.toolCall.name"),
        *("ai.toolCall.id", "ai.schema.name", "ai.ranking.type", "ai.settings.output", "ai.response.msToFirstChunk"),
    ),
    "openlit, traceverde, sentry, mlflow": (
        *("gen_ai.usage.cost.prompt", "gen_ai.usage.cost.completion", "gen_ai.cost.input_tokens", "gen_ai.agent.role"),
        *("gen_ai.agent.task.id", "gen_ai.retrieval.source", "gen_ai.request.tool_choice", "mlflow.chat.tokenUsage"),
        *("gen_ai.agent.enable_history", "gen_ai.framework.name", "gen_ai.tool.message_count", "mlflow.spanType"),
    ),
    "google adk": ("gcp.vertex.agent.event_id", "gcp.vertex.agent.invocation_id", "gcp.vertex.agent.session_id"),
    "everybody": (
        *(
            "http.request.method",
            "url.path",
            "db.query.text",
            "messaging.message.id",
            "rpc.message.type",
            "code.function",
        ),
        *("error.type", "exception.type", "enduser.role", "feature_flag.result.value"),
    ),
}
"""Names close to content, and names that are asked for: none may be touched."""


def flat(table: Mapping[str, Sequence[str]]) -> list[str]:
    """All keys of a table."""
    return [key for keys in table.values() for key in keys]
