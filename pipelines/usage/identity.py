"""What tells one row of usage from every other: its usage_id or cost_id, the format's name and its identity.

A provider's id of a response is the one name of a request that every tool on its way can log. Which column of a format
holds it is for the importer (`Importer.response_id`) to say, and only where it is documented: the `id` of the response
(OpenAI's API reference), OpenRouter's generation id, which is that same `id` (its page on GET /generation),
gen_ai.response.id (OpenTelemetry's registry: "chatcmpl-123"), LiteLLM's request_id.

Two accounts may have the same buckets, so a stated account is part of every identity; DEFAULT_ACCOUNT is not, and rows
of before accounts were known keep theirs. `without_restated` says which rows of no account are those of a stated one.

Not all servers give each response an id of its own: Ollama prints chatcmpl- and a number below 999, others the second
or a constant (BerriAI/litellm#28376, #41273). So such an id counts only if it is long enough to be random.
"""

import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.usage.importer import Importer

SEPARATOR = "\x1f"
"""Between the parts of an identity: no field may hold it, so that no two identities look alike."""
ABSENT = "-"
ANY_FORMAT = "response"
"""Stands where the name of the format is, in the identity of a response that several formats can state."""
OF_ACCOUNT = "account"
"""Stands before the name of the account in an identity."""
GIVEN = "@"
"""Between the hash of a content and the account that it was given for, in an import_id."""
OWNER_COLUMNS = ("project_id", "api_key_id", "user_id", "feature", "conversation_id")
MIN_RANDOM = 20
"""Characters behind the prefix. OpenAI prints 29, Anthropic 24, vLLM a UUID, OpenRouter a second and 20; a time in
nanoseconds has 19."""
ONE_OF_A_KIND = rf"^(?:chatcmpl|cmpl|resp|msg|gen)[-_][A-Za-z0-9_-]{{{MIN_RANDOM},}}$"


def identity_of(importer: Importer, *, has_accounts: bool) -> pl.Expr:
    """The format's name, the account and the format's identity, or the response's own id where every tool logs it.

    `has_accounts`: whether any row has a stated account, in the column account_id.
    """
    parts = [pl.col(name).cast(pl.String).fill_null(ABSENT) for name in importer.identity]
    of_format = pl.concat_str(_begin(importer.name, has_accounts=has_accounts), *parts, separator=SEPARATOR)
    if importer.response_id is None:
        return of_format
    begin = _begin(ANY_FORMAT, has_accounts=has_accounts)
    of_response = pl.concat_str(begin, importer.response_id, separator=SEPARATOR)
    return pl.when(is_one_of_a_kind(importer.response_id)).then(of_response).otherwise(of_format)


def _begin(name: str, *, has_accounts: bool) -> pl.Expr:
    if not has_accounts:
        return pl.lit(name)
    account = pl.col("account_id")
    stated = pl.concat_str(pl.lit(name), pl.lit(OF_ACCOUNT), account, separator=SEPARATOR)
    return pl.when(account == DEFAULT_ACCOUNT).then(pl.lit(name)).otherwise(stated)


def import_id_of(sha256: str, account: str) -> str:
    """The id of a content that was given for an account: the same bytes may be the report of two."""
    return sha256 if account == DEFAULT_ACCOUNT else f"{sha256}{GIVEN}{account}"


def given_account(import_id: str) -> str:
    """The account that a content was given for."""
    return import_id.partition(GIVEN)[2] or DEFAULT_ACCOUNT


def without_restated(usage: pl.DataFrame) -> pl.DataFrame:
    """Rows without those of DEFAULT_ACCOUNT that others state with their account.

    Such are the rows of a content that is given again for an account; and a response, or a request of a format that
    states the account itself, that has the same ids with one. Buckets of two accounts may look alike, and both stay.
    """
    is_stated = pl.col("account_id") != DEFAULT_ACCOUNT
    stated = usage.filter(is_stated)
    if stated.height in (0, usage.height):
        return usage
    is_response = pl.col("usage_id").str.starts_with(ANY_FORMAT + SEPARATOR)
    has_own_ids = is_response | ((pl.col("grain") == "request") & ~is_given())
    ids = stated.filter(has_own_ids).select(without_account("usage_id"))["usage_id"]
    contents = contents_given(stated)
    is_restated = pl.col("import_id").is_in(contents.implode()) | pl.col("usage_id").is_in(ids.implode())
    return usage.filter(is_stated | ~is_restated)


def is_given() -> pl.Expr:
    """Whether the folder or `--account` names the account of a row, and not the file alone."""
    return pl.col("import_id").cast(pl.String).str.contains(GIVEN, literal=True)


def without_account(name: str) -> pl.Expr:
    """A usage_id or cost_id as it is where no account is stated."""
    return pl.col(name).str.replace(f"{SEPARATOR}{OF_ACCOUNT}{SEPARATOR}[^{SEPARATOR}]*", "")


def contents_given(rows: pl.DataFrame) -> pl.Series:
    """The ids of the same contents, given for no account."""
    return rows["import_id"].unique().str.extract(f"^(.*?){GIVEN}").drop_nulls()


def is_one_of_a_kind(name: str) -> pl.Expr:
    """Whether a column holds an id that no other response has, of any server."""
    return pl.col(name).str.contains(ONE_OF_A_KIND).fill_null(value=False)
