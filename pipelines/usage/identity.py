"""What tells one row of usage from every other: its usage_id or cost_id, the format's name and its identity.

A provider's id of a response is the one name of a request that every tool on its way can log. Which column of a format
holds it is for the importer (`Importer.response_id`) to say, and only where it is documented: the `id` of the response
(OpenAI's API reference), OpenRouter's generation id, which is that same `id` (its page on GET /generation),
gen_ai.response.id (OpenTelemetry's registry: "chatcmpl-123"), LiteLLM's request_id, message.id of Claude Code's logs
(the `id` of Anthropic's Messages API; a request id is given anew where a log is copied), response_id of Codex' usage
records, and the response objects that Helicone, Langfuse and Bedrock keep.

Two accounts may have the same buckets, so a stated account is part of every identity; DEFAULT_ACCOUNT is not, and rows
of before accounts were known keep theirs. `without_restated` says which rows of no account are those of a stated one.
What an id of a response looks like is in `response_ids`.
"""

import re
from collections.abc import Callable

import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.meters import PROMPT_METERS, QUANTITY_COLUMNS
from pipelines.usage.importer import Importer
from pipelines.usage.response_ids import ID_OF_GOOGLE, MIN_RANDOM, is_one_of_a_kind

SEPARATOR = "\x1f"
"""Between the parts of an identity: no field may hold it, so that no two identities look alike."""
ABSENT = "-"
ANY_FORMAT = "response"
"""Stands where the name of the format is, in the identity of a response that several formats can state."""
OF_ACCOUNT = "account"
"""Stands before the name of the account in an identity."""
PSEUDONYM = r"hash:[0-9a-f]{32}"
"""What stands for an identity where a warehouse keeps no names: see `pseudonyms`."""
HASHED_RESPONSE = f"{ANY_FORMAT}:"
"""Begins the last part of the pseudonym of a response's identity that has an account."""
GIVEN = "@"
"""Between the hash of a content and the account that it was given for, in an import_id."""
OWNER_COLUMNS = ("project_id", "api_key_id", "user_id", "feature", "conversation_id")
PROMPT_COLUMNS = [QUANTITY_COLUMNS[meter] for meter in PROMPT_METERS]
SHARED = "shared"
"""Ends the identity of a call whose server gave its id to others too, so that it is never taken for the response's."""
ID_OF_ANTHROPIC = rf"^msg_[A-Za-z0-9_-]{{{MIN_RANDOM},}}$"
_ACCOUNT_PART = f"{SEPARATOR}{OF_ACCOUNT}{SEPARATOR}[^{SEPARATOR}]*"


def identity_of(importer: Importer, *, has_accounts: bool) -> pl.Expr:
    """The format's name, the account and the format's identity, or the response's own id where every tool logs it.

    `has_accounts`: whether any row has a stated account, in the column account_id.
    """
    of_format = format_identity_of(importer, has_accounts=has_accounts)
    if importer.response_id is None:
        return of_format
    begin = _begin(ANY_FORMAT, has_accounts=has_accounts)
    of_response = pl.concat_str(begin, importer.response_id, separator=SEPARATOR) + _within(importer)
    is_of_one = pl.when(is_of_one_response(importer)).then(of_response)
    return is_of_one.when("shares_id").then(of_format + SEPARATOR + SHARED).otherwise(of_format)


def format_identity_of(importer: Importer, *, has_accounts: bool) -> pl.Expr:
    """The format's name, the account, and the ids that the format has itself."""
    parts = [pl.col(name).cast(pl.String).fill_null(ABSENT) for name in importer.identity]
    begin = _begin(importer.name, has_accounts=has_accounts)
    return pl.concat_str(begin, *parts, separator=SEPARATOR) + _within(importer)


def second_identity_of(importer: Importer, *, has_accounts: bool) -> pl.Expr:
    """The identity by the format, of rows that are known by their response and keep it; else NULL."""
    if not importer.keeps_format_id or importer.response_id is None:
        return pl.lit(None, pl.String)
    return pl.when(is_of_one_response(importer)).then(format_identity_of(importer, has_accounts=has_accounts))


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


def without_restated(rows: pl.DataFrame, known: pl.DataFrame | None = None) -> pl.DataFrame:
    """Rows of usage or of bills without those of DEFAULT_ACCOUNT that others, or `known` ones, state with an account.

    `known`: rows in the same columns.
    """
    is_stated = pl.col("account_id") != DEFAULT_ACCOUNT
    everything = rows if known is None else pl.concat([known, rows.select(known.columns)])
    stated = everything.filter(is_stated)
    if stated.height in (0, everything.height):
        return rows
    ids = restated_by(stated)
    is_restated = (pl.col(name).is_in(values.implode()).fill_null(value=False) for name, values in ids.items())
    return rows.filter(is_stated | ~pl.any_horizontal(is_restated))


def restated_by(stated: pl.DataFrame) -> dict[str, pl.Series]:
    """By column the ids that rows of DEFAULT_ACCOUNT have which these rows of accounts state.

    Such are the rows of a content that is given again for an account; lines of bills whose file states the account; and
    a response, or a request of a format that states the account itself, that has the same ids with one. Buckets of two
    accounts may look alike, and both stay.
    """
    contents = contents_given(stated)
    of_files = stated.filter(~is_given())
    if "cost_id" in stated.columns:
        return {"import_id": contents, "cost_id": _bare(of_files, "cost_id")}
    requests = of_files.filter(pl.col("grain") == "request")
    is_response = pl.col("usage_id").str.contains(f"^{ANY_FORMAT}{SEPARATOR}|{SEPARATOR}{HASHED_RESPONSE}")
    ids = pl.concat([_bare(requests, "usage_id"), _bare(stated.filter(is_response), "usage_id")])
    # Of two rows of one record, one may know the response and the other the ids of the format alone.
    either = pl.concat([ids, _bare(requests, "format_usage_id").alias("usage_id")])
    return {"import_id": contents, "usage_id": either, "format_usage_id": ids}


def _bare(rows: pl.DataFrame, name: str) -> pl.Series:
    return rows.select(without_account(pl.col(name)))[name].drop_nulls()


def is_given() -> pl.Expr:
    """Whether the folder or `--account` names the account of a row, and not the file alone."""
    return pl.col("import_id").cast(pl.String).str.contains(GIVEN, literal=True)


def without_account(identity: pl.Expr) -> pl.Expr:
    """A usage_id or cost_id as it is where no account is stated."""
    return identity.str.replace(_ACCOUNT_PART, "")


def hashed_identity(identity: str, pseudonym: Callable[[str], str]) -> str:
    """The pseudonym of an identity; of one with an account two in one, so that `without_account` knows the bare one."""
    bare = re.sub(_ACCOUNT_PART, "", identity, count=1)
    if bare == identity:
        return pseudonym(identity)
    kind = HASHED_RESPONSE if identity.startswith(ANY_FORMAT + SEPARATOR) else ""
    return SEPARATOR.join((pseudonym(bare), OF_ACCOUNT, kind + pseudonym(identity)))


def whole_pseudonym(identity: str) -> pl.Expr:
    """Of pseudonyms with an account the one that programs of before made; of others NULL."""
    return pl.col(identity).str.extract(f"^{PSEUDONYM}{SEPARATOR}.*?({PSEUDONYM})$")


def contents_given(rows: pl.DataFrame) -> pl.Series:
    """The ids of the same contents, given for no account."""
    return rows["import_id"].unique().str.extract(f"^(.*?){GIVEN}").drop_nulls()


def present_ids() -> pl.Expr:
    """usage_id as it is made now, of rows that an earlier version of the program has made.

    Claude Code's were named by message and request id; the message id alone names the response.
    """
    account = rf"(?:{SEPARATOR}{OF_ACCOUNT}{SEPARATOR}[^{SEPARATOR}]*)?"
    old = rf"^claude_code({account}){SEPARATOR}([^{SEPARATOR}]*){SEPARATOR}[^{SEPARATOR}]*$"
    message = pl.col("usage_id").str.extract(old, 2)
    is_old = message.str.contains(ID_OF_ANTHROPIC).fill_null(value=False)
    begin = pl.lit(ANY_FORMAT) + pl.col("usage_id").str.extract(old, 1)
    now = pl.concat_str(begin, message, separator=SEPARATOR)
    return pl.when(is_old).then(now).otherwise("usage_id")


def _within(importer: Importer) -> pl.Expr:
    """What follows the identity of a call inside a response."""
    if importer.within_response is None:
        return pl.lit("")
    return (pl.lit(SEPARATOR) + pl.col(importer.within_response)).fill_null("")
