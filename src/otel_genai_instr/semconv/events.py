"""Names and severities of the log events."""

from typing import Final

from opentelemetry._logs import SeverityNumber

INFERENCE_DETAILS: Final = "gen_ai.client.inference.operation.details"
INFERENCE_DETAILS_SEVERITY: Final = SeverityNumber.DEBUG

OPERATION_EXCEPTION: Final = "gen_ai.client.operation.exception"
OPERATION_EXCEPTION_SEVERITY: Final = SeverityNumber.WARN

CALL: Final = "otel_genai.call"
CALL_SEVERITY: Final = SeverityNumber.INFO

EVALUATION_RESULT: Final = "gen_ai.evaluation.result"
EVALUATION_RESULT_SEVERITY: Final = SeverityNumber.UNSPECIFIED
