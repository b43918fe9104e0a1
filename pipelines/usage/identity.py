"""What tells one row of usage from every other: its usage_id or cost_id, the format's name and its identity.

A provider's id of a response is the one name of a request that every tool on its way can log. Which column of a format
holds it is for the importer (`Importer.response_id`) to say, and only where it is documented: the `id` of the response
(OpenAI's API reference), OpenRouter's generation id, which is that same `id` (its page on GET /generation),
gen_ai.response.id (OpenTelemetry's registry: "chatcmpl-123"), LiteLLM's request_id, message.id of Claude Code's logs
(the `id` of Anthropic's Messages API; a request id is given anew where a log is copied), response_id of Codex' usage
records, and the response objects that Helicone, Langfuse and Bedrock keep.

Not all servers give each response an id of its own: Ollama prints chatcmpl- and a number below 999, others the second
or a constant (BerriAI/litellm#28376, #41273). So such an id counts only if it is long enough to be random.
"""

import polars as pl

from pipelines.schema.meters import PROMPT_METERS, QUANTITY_COLUMNS
from pipelines.usage.importer import Importer

SEPARATOR = "\x1f"
"""Between the parts of an identity: no field may hold it, so that no two identities look alike."""
ABSENT = "-"
ANY_FORMAT = "response"
"""Stands where the name of the format is, in the identity of a response that several formats can state."""
ID_OF_GOOGLE = r"^[A-Za-z0-9_-]{20,}$"
"""responseId of Gemini and Vertex AI: base64 of 16 bytes and more, without a prefix."""
OWNER_COLUMNS = ("project_id", "api_key_id", "user_id", "feature", "conversation_id")
PROMPT_COLUMNS = [QUANTITY_COLUMNS[meter] for meter in PROMPT_METERS]
MIN_RANDOM = 20
"""Characters behind the prefix. OpenAI prints 29, Anthropic 24, vLLM a UUID, OpenRouter a second and 20; a time in
nanoseconds has 19."""
SHARED = "shared"
"""Ends the identity of a call whose server gave its id to others too, so that it is never taken for the response's."""
ID_OF_ANTHROPIC = rf"^msg_[A-Za-z0-9_-]{{{MIN_RANDOM},}}$"
ONE_OF_A_KIND = rf"^(?:chatcmpl|cmpl|resp|msg|gen)[-_][A-Za-z0-9_-]{{{MIN_RANDOM},}}$"


def identity_of(importer: Importer) -> pl.Expr:
    """The format's name and its identity, or the response's own id where every tool logs that one."""
    of_format = format_identity_of(importer)
    if importer.response_id is None:
        return of_format
    of_response = pl.concat_str(pl.lit(ANY_FORMAT), importer.response_id, separator=SEPARATOR) + _within(importer)
    is_of_one = pl.when(is_of_one_response(importer)).then(of_response)
    return is_of_one.when("shares_id").then(of_format + SEPARATOR + SHARED).otherwise(of_format)


def format_identity_of(importer: Importer) -> pl.Expr:
    """The format's name and the ids that it has itself."""
    parts = [pl.col(name).cast(pl.String).fill_null(ABSENT) for name in importer.identity]
    return pl.concat_str(pl.lit(importer.name), *parts, separator=SEPARATOR) + _within(importer)


def second_identity_of(importer: Importer) -> pl.Expr:
    """The identity by the format, of rows that are known by their response and keep it; else NULL."""
    if not importer.keeps_format_id or importer.response_id is None:
        return pl.lit(None, pl.String)
    return pl.when(is_of_one_response(importer)).then(format_identity_of(importer))


def is_of_one_response(importer: Importer) -> pl.Expr:
    """Whether a row names its response by an id that no other response has."""
    name = importer.response_id or ""
    is_googles = (pl.col("provider") == "google") & pl.col(name).str.contains(ID_OF_GOOGLE)
    return (is_one_of_a_kind(name) | is_googles.fill_null(value=False)) & ~pl.col("shares_id")


def with_shared_ids(rows: pl.DataFrame, importer: Importer) -> pl.DataFrame:
    """Add `shares_id`: whether the server gave the id of the response to several calls. They are known by the format.

    Copies of an answer have another request or time and the same prompt, and statements of one stream have the same
    request; calls that share an id differ in both.
    """
    name, other = importer.response_id, importer.told_apart_by
    nothing = rows.with_columns(shares_id=False)
    if name is None or other is None:
        return nothing
    one = pl.col(name).hash(1)
    ids, pairs = rows.select(one.n_unique().alias("ids"), (one ^ pl.col(other).hash(2)).n_unique().alias("pairs")).row(
        0
    )
    if ids == pairs:
        return nothing
    prompt = pl.sum_horizontal(pl.col(column).fill_null(0) for column in PROMPT_COLUMNS if column in rows.columns)
    if importer.within_response is not None:
        prompt = pl.when(pl.col(importer.within_response).is_null()).then(prompt)
    differ = [(column.drop_nulls().n_unique() > 1).over(name) for column in (pl.col(other), prompt)]
    return rows.with_columns(shares_id=pl.all_horizontal(pl.col(name).is_not_null(), *differ))


def is_one_of_a_kind(name: str) -> pl.Expr:
    """Whether a column holds an id that no other response has, of any server."""
    return pl.col(name).str.contains(ONE_OF_A_KIND).fill_null(value=False)


def response_in(*texts: pl.Expr) -> pl.Expr:
    """The first of some texts that is the id of one response; NULL where none is. For places that may hold any id."""
    return pl.coalesce(pl.when(text.str.contains(ONE_OF_A_KIND)).then(text) for text in texts)


def present_ids() -> pl.Expr:
    """usage_id as it is made now, of rows that an earlier version of the program has made.

    Claude Code's were named by message and request id; the message id alone names the response.
    """
    old = rf"^claude_code{SEPARATOR}([^{SEPARATOR}]*){SEPARATOR}[^{SEPARATOR}]*$"
    message = pl.col("usage_id").str.extract(old)
    is_old = message.str.contains(ID_OF_ANTHROPIC).fill_null(value=False)
    now = pl.concat_str(pl.lit(ANY_FORMAT), message, separator=SEPARATOR)
    return pl.when(is_old).then(now).otherwise("usage_id")


def _within(importer: Importer) -> pl.Expr:
    """What follows the identity of a call inside a response."""
    if importer.within_response is None:
        return pl.lit("")
    return (pl.lit(SEPARATOR) + pl.col(importer.within_response)).fill_null("")
