"""One small file per log format, and the list of them. To add one: docs/adding_a_usage_format.md."""

from pipelines.usage.formats.anthropic_console_costs import ANTHROPIC_CONSOLE_COSTS
from pipelines.usage.formats.anthropic_console_usage import ANTHROPIC_CONSOLE_USAGE
from pipelines.usage.formats.anthropic_cost_report import ANTHROPIC_COST_REPORT
from pipelines.usage.formats.anthropic_usage_report import ANTHROPIC_USAGE_REPORT
from pipelines.usage.formats.azure_openai import AZURE_OPENAI
from pipelines.usage.formats.bedrock_invocation import BEDROCK_INVOCATION
from pipelines.usage.formats.claude_code import CLAUDE_CODE
from pipelines.usage.formats.codex import CODEX
from pipelines.usage.formats.gcp_billing import GCP_BILLING
from pipelines.usage.formats.gemini import GEMINI
from pipelines.usage.formats.helicone import HELICONE
from pipelines.usage.formats.langfuse import LANGFUSE
from pipelines.usage.formats.litellm_spend_logs import LITELLM_SPEND_LOGS
from pipelines.usage.formats.openai_compatible import OPENAI_COMPATIBLE
from pipelines.usage.formats.openai_costs_api import OPENAI_COSTS_API
from pipelines.usage.formats.openai_dashboard import OPENAI_DASHBOARD
from pipelines.usage.formats.openai_dashboard_costs import OPENAI_DASHBOARD_COSTS
from pipelines.usage.formats.openai_usage_api import OPENAI_USAGE_API
from pipelines.usage.formats.openrouter import OPENROUTER
from pipelines.usage.formats.otel_genai import OTEL_GENAI
from pipelines.usage.formats.own_table import OWN_TABLE

IMPORTERS = (
    OPENAI_DASHBOARD,
    CLAUDE_CODE,
    OPENAI_USAGE_API,
    OPENAI_COSTS_API,
    OPENAI_DASHBOARD_COSTS,
    ANTHROPIC_USAGE_REPORT,
    ANTHROPIC_COST_REPORT,
    ANTHROPIC_CONSOLE_USAGE,
    ANTHROPIC_CONSOLE_COSTS,
    GCP_BILLING,
    OWN_TABLE,
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
