"""One small file per log format, and the list of them. To add one: docs/adding_a_usage_format.md."""

from pipelines.usage.importers.azure_openai import AZURE_OPENAI
from pipelines.usage.importers.bedrock_invocation import BEDROCK_INVOCATION
from pipelines.usage.importers.claude_code import CLAUDE_CODE
from pipelines.usage.importers.codex import CODEX
from pipelines.usage.importers.gemini import GEMINI
from pipelines.usage.importers.helicone import HELICONE
from pipelines.usage.importers.langfuse import LANGFUSE
from pipelines.usage.importers.litellm_spend_logs import LITELLM_SPEND_LOGS
from pipelines.usage.importers.openai_compatible import OPENAI_COMPATIBLE
from pipelines.usage.importers.openai_dashboard import OPENAI_DASHBOARD
from pipelines.usage.importers.openrouter import OPENROUTER
from pipelines.usage.importers.otel_genai import OTEL_GENAI

IMPORTERS = (
    OPENAI_DASHBOARD,
    CLAUDE_CODE,
    OPENAI_COMPATIBLE,
    CODEX,
    LITELLM_SPEND_LOGS,
    LANGFUSE,
    HELICONE,
    OPENROUTER,
    OTEL_GENAI,
    GEMINI,
    BEDROCK_INVOCATION,
    AZURE_OPENAI,
)
