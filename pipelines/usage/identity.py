"""What tells one row of usage from every other: its usage_id or cost_id, the format's name and its identity.

A provider's id of a response is the one name of a request that every tool on its way can log. Which column of a format
holds it is for the importer (`Importer.response_id`) to say, and only where it is documented: the `id` of the response
(OpenAI's API reference), OpenRouter's generation id, which is that same `id` (its page on GET /generation),
gen_ai.response.id (OpenTelemetry's registry: "chatcmpl-123"), LiteLLM's request_id.

Not all servers give each response an id of its own: Ollama prints chatcmpl- and a number below 999, others the second
or a constant (BerriAI/litellm#28376, #41273). So such an id counts only if it is long enough to be random.
"""

import polars as pl

from pipelines.usage.importer import Importer

SEPARATOR = "\x1f"
"""Between the parts of an identity: no field may hold it, so that no two identities look alike."""
ABSENT = "-"
ANY_FORMAT = "response"
"""Stands where the name of the format is, in the identity of a response that several formats can state."""
OWNER_COLUMNS = ("project_id", "api_key_id", "user_id", "feature", "conversation_id")
MIN_RANDOM = 20
"""Characters behind the prefix. OpenAI prints 29, Anthropic 24, vLLM a UUID, OpenRouter a second and 20; a time in
nanoseconds has 19."""
ONE_OF_A_KIND = rf"^(?:chatcmpl|cmpl|resp|msg|gen)[-_][A-Za-z0-9_-]{{{MIN_RANDOM},}}$"


def identity_of(importer: Importer) -> pl.Expr:
    """The format's name and its identity, or the response's own id where every tool logs that one."""
    parts = [pl.col(name).cast(pl.String).fill_null(ABSENT) for name in importer.identity]
    of_format = pl.concat_str(pl.lit(importer.name), *parts, separator=SEPARATOR)
    if importer.response_id is None:
        return of_format
    of_response = pl.concat_str(pl.lit(ANY_FORMAT), importer.response_id, separator=SEPARATOR)
    return pl.when(is_one_of_a_kind(importer.response_id)).then(of_response).otherwise(of_format)


def is_one_of_a_kind(name: str) -> pl.Expr:
    """Whether a column holds an id that no other response has, of any server."""
    return pl.col(name).str.contains(ONE_OF_A_KIND).fill_null(value=False)
