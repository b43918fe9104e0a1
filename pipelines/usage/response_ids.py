"""Ids that a provider gives its responses: the one name of a request that every tool on its way can log.

Which column of a format holds such an id is for its importer (`Importer.response_id`) to say, and only where it is
documented: the `id` of the response (OpenAI's API reference), OpenRouter's generation id, which is that same `id` (its
page on GET /generation), gen_ai.response.id (OpenTelemetry's registry: "chatcmpl-123"), LiteLLM's request_id.

Not all servers give each response an id of its own: Ollama prints chatcmpl- and a number below 999, others the second
or a constant (BerriAI/litellm#28376, #41273). So an id counts only if it is long enough to be random.
"""

import polars as pl

MIN_RANDOM = 20
"""Characters behind the prefix. OpenAI prints 29, Anthropic 24, vLLM a UUID, OpenRouter a second and 20; a time in
nanoseconds has 19."""
ONE_OF_A_KIND = rf"^(?:chatcmpl|cmpl|resp|msg|gen)[-_][A-Za-z0-9_-]{{{MIN_RANDOM},}}$"


def is_one_of_a_kind(name: str) -> pl.Expr:
    """Whether a column holds an id that no other response has, of any server."""
    return pl.col(name).str.contains(ONE_OF_A_KIND).fill_null(value=False)
