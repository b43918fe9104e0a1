"""One small file per log format, and the list of them. To add one: docs/adding_a_usage_format.md."""

from pipelines.usage.formats.agentsview_export import AGENTSVIEW_EXPORT
from pipelines.usage.formats.amp import AMP
from pipelines.usage.formats.anthropic_console_costs import ANTHROPIC_CONSOLE_COSTS
from pipelines.usage.formats.anthropic_console_usage import ANTHROPIC_CONSOLE_USAGE
from pipelines.usage.formats.anthropic_cost_report import ANTHROPIC_COST_REPORT
from pipelines.usage.formats.anthropic_messages import ANTHROPIC_MESSAGES
from pipelines.usage.formats.anthropic_usage_report import ANTHROPIC_USAGE_REPORT
from pipelines.usage.formats.azure_openai import AZURE_OPENAI
from pipelines.usage.formats.bedrock_batch import BEDROCK_BATCH
from pipelines.usage.formats.bedrock_invocation import BEDROCK_INVOCATION
from pipelines.usage.formats.ccusage import CCUSAGE
from pipelines.usage.formats.claude_code import CLAUDE_CODE
from pipelines.usage.formats.claude_code_otlp import CLAUDE_CODE_EVENTS, CLAUDE_CODE_METRICS
from pipelines.usage.formats.claude_stream import CLAUDE_STREAM
from pipelines.usage.formats.cline import CLINE
from pipelines.usage.formats.codebuddy import CODEBUDDY
from pipelines.usage.formats.codeburn import CODEBURN, CODEBURN_JSON
from pipelines.usage.formats.codex import CODEX
from pipelines.usage.formats.codex_exec import CODEX_EXEC
from pipelines.usage.formats.cohere import COHERE
from pipelines.usage.formats.copilot_billing import COPILOT_BILLING
from pipelines.usage.formats.copilot_cli import COPILOT_CLI
from pipelines.usage.formats.copilot_otel import COPILOT_OTEL
from pipelines.usage.formats.cursor import CURSOR
from pipelines.usage.formats.droid import DROID
from pipelines.usage.formats.focus import FOCUS
from pipelines.usage.formats.gcp_billing import GCP_BILLING
from pipelines.usage.formats.gemini import GEMINI
from pipelines.usage.formats.gemini_batch import GEMINI_BATCH
from pipelines.usage.formats.gemini_cli import GEMINI_CLI, QWEN_USAGE_RECORD
from pipelines.usage.formats.gemini_cli_otlp import GEMINI_CLI_EVENTS
from pipelines.usage.formats.grok_cli import GROK_CLI
from pipelines.usage.formats.helicone import HELICONE
from pipelines.usage.formats.kimi import KIMI
from pipelines.usage.formats.langfuse import LANGFUSE
from pipelines.usage.formats.langsmith import LANGSMITH
from pipelines.usage.formats.litellm_spend_logs import LITELLM_SPEND_LOGS
from pipelines.usage.formats.mistral_vibe import MISTRAL_VIBE
from pipelines.usage.formats.openai_compatible import OPENAI_COMPATIBLE
from pipelines.usage.formats.openai_costs_api import OPENAI_COSTS_API
from pipelines.usage.formats.openai_dashboard import OPENAI_DASHBOARD
from pipelines.usage.formats.openai_dashboard_costs import OPENAI_DASHBOARD_COSTS
from pipelines.usage.formats.openai_embeddings import OPENAI_EMBEDDINGS
from pipelines.usage.formats.openai_realtime import OPENAI_REALTIME
from pipelines.usage.formats.openai_usage_api import OPENAI_USAGE_API
from pipelines.usage.formats.opencode import OPENCODE
from pipelines.usage.formats.openrouter import OPENROUTER
from pipelines.usage.formats.openrouter_api import OPENROUTER_ACTIVITY, OPENROUTER_GENERATION
from pipelines.usage.formats.otel_genai import OTEL_GENAI
from pipelines.usage.formats.own_table import OWN_TABLE
from pipelines.usage.formats.pi import PI
from pipelines.usage.formats.portkey import PORTKEY
from pipelines.usage.formats.vercel_gateway import VERCEL_GATEWAY

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
    OPENCODE,
    GEMINI_CLI,
    GEMINI_CLI_EVENTS,
    QWEN_USAGE_RECORD,
    COPILOT_CLI,
    COPILOT_OTEL,
    COPILOT_BILLING,
    CURSOR,
    AMP,
    DROID,
    KIMI,
    CLINE,
    PI,
    MISTRAL_VIBE,
    GROK_CLI,
    CODEBUDDY,
    CODEX_EXEC,
    CLAUDE_STREAM,
    CLAUDE_CODE_EVENTS,
    CLAUDE_CODE_METRICS,
    ANTHROPIC_MESSAGES,
    BEDROCK_BATCH,
    GEMINI_BATCH,
    OPENAI_EMBEDDINGS,
    OPENAI_REALTIME,
    COHERE,
    LANGSMITH,
    PORTKEY,
    VERCEL_GATEWAY,
    OPENROUTER_ACTIVITY,
    OPENROUTER_GENERATION,
    FOCUS,
    CCUSAGE,
    AGENTSVIEW_EXPORT,
    CODEBURN,
    CODEBURN_JSON,
)
