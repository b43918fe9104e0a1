"""Ids of responses: which name one call, and the provider's inside those that LiteLLM makes. No rows, no formats.

Not all servers give each response an id of its own: Ollama prints chatcmpl- and a number below 999, others the second
or a constant (BerriAI/litellm#28376, #41273). So such an id counts only if it is long enough to be random.

LiteLLM gives a client of its Responses API an id of its own, which holds the provider's: `resp_` and the base64 of
"litellm:custom_llm_provider:openai;model_id:...;response_id:resp_..." (its responses/utils.py). Whichever log shows it,
the id inside names the response, and so on where one proxy asks another. Ids that the proxy encrypts for the client
cannot be read, and are others each time that they are given (BerriAI/litellm#15757, #17204): how many is told.
"""

import re
from base64 import b64decode

import polars as pl

ID_OF_GOOGLE = r"^[A-Za-z0-9_-]{20,}$"
"""responseId of Gemini and Vertex AI: base64 of 16 bytes and more, without a prefix."""
MIN_RANDOM = 20
"""Characters behind the prefix. OpenAI prints 29, Anthropic 24, vLLM a UUID, OpenRouter a second and 20; a time in
nanoseconds has 19."""
WRAPPED = "resp_bGl0ZWxsbTpj"
"""How an id that LiteLLM made begins: the base64 of "litellm:c"."""
ENCRYPTED = r"resp_[A-Za-z0-9_-]{120,}"
"""OpenAI prints 50 characters; what is encrypted holds such an id, a user, a team and 40 bytes of a cipher."""
STANDARD_ALPHABET = str.maketrans("-_", "+/")
ONE_OF_A_KIND = rf"^(?:chatcmpl|cmpl|resp|msg|gen)[-_][A-Za-z0-9_-]{{{MIN_RANDOM},}}$"
IS_OF_ONE_CALL = re.compile(rf"{ONE_OF_A_KIND}|{ID_OF_GOOGLE}")


def with_provider_ids(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Put the provider's id of the response where a column holds, at its end, the one that LiteLLM made of it."""
    is_wrapped = pl.col(name).str.contains(WRAPPED, literal=True).fill_null(value=False)
    wrapped = rows.filter(is_wrapped)[name].unique().to_list()
    if not wrapped:
        return rows
    return rows.with_columns(pl.col(name).replace({text: _unwrapped(text) for text in wrapped}))


def _unwrapped(text: str) -> str:
    """A text that ends with LiteLLM's id of one response: in either alphabet of base64, with or without padding."""
    begin, prefix, encoded = text.rpartition("resp_")
    if not (prefix + encoded).startswith(WRAPPED):
        return text
    plain = encoded.rstrip("=").translate(STANDARD_ALPHABET)
    try:
        inside = b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except ValueError:  # it only begins like one
        return text
    held = _unwrapped(inside.partition(";response_id:")[2].partition(";")[0])
    # Two deployments may give one number to two calls; LiteLLM's ids of these differ.
    return begin + held if IS_OF_ONE_CALL.match(held) else text


def is_encrypted(name: str) -> pl.Expr:
    """Whether an identity holds an id that LiteLLM has encrypted: longer than OpenAI's own, and none to be read."""
    return pl.col(name).str.contains(ENCRYPTED) & ~pl.col(name).str.contains(WRAPPED, literal=True)


def is_one_of_a_kind(name: str) -> pl.Expr:
    """Whether a column holds an id that no other response has, of any server."""
    is_wrapped = pl.col(name).str.starts_with(WRAPPED)
    return (pl.col(name).str.contains(ONE_OF_A_KIND) & ~is_wrapped).fill_null(value=False)


def response_in(*texts: pl.Expr) -> pl.Expr:
    """The first of some texts that is the id of one response; NULL where none is. For places that may hold any id."""
    return pl.coalesce(pl.when(text.str.contains(ONE_OF_A_KIND)).then(text) for text in texts)
