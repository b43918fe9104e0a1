"""core.usage and its import tables: what was used, in disjoint meters, never what it costs."""

from datetime import timedelta

import dataframely as dy
import polars as pl

from pipelines.schema.columns import account, choice, count, day, flag, instant, text, usd
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS

LOWER_BOUND_REASONS = ("cache_may_be_apart", "calls_not_read", "unknown_count", "rest_at_default", "tier_only_asked")
FILE_STATES = ("read", "empty", "refused", "not_recognised", "waiting")
LONGEST_BUCKET = timedelta(hours=25)
"""A day of a place that sets its clocks back. What a wider one holds cannot be placed on days: decision 0049."""


def _tokens(description: str) -> dy.Int64:
    return count(description + "; NULL where the log does not tell", unit="tokens", nullable=True)


class Usage(dy.Schema):
    """One request, the sum of a session, or a bucket of requests: grain usage_id.

    Token meters are disjoint: their sum counts once.
    """

    usage_id = text("identity by the ids of the response or of the format: the same usage in two files is one row")
    format_usage_id = text(
        "identity by the ids of the format, where usage_id is that of the response and other exports may not hold it",
        nullable=True,
    )
    span_id = text("trace and span of the call, where it is a span of a trace", nullable=True)
    spans_above = text(
        "spans around it in its trace, as far as known, separated by blanks: they repeat its usage", nullable=True
    )
    usage_at = instant("start of the request, the session or the bucket")
    usage_until = instant("end of the session or the bucket; NULL for a request", nullable=True)
    usage_date = day("UTC day of usage_at")
    usage_minute = dy.Int16(
        min=0, max=1439, description="minute of that day", metadata={"unit": "minutes since midnight UTC"}
    )
    grain = choice(
        "request; session: what a tool adds up of its own requests; bucket: what a report adds up of others' requests",
        ("request", "session", "bucket"),
    )
    provider = text("who bills it; 'unknown' where the log does not tell")
    channel = choice("where the model is bought", CHANNELS)
    region = text("billing region; 'global' where the log names none")
    model = text("model id as the log reports it", max_length=200)
    service_tier = choice("tier that the response was billed at", SERVICE_TIERS)
    offer = text("provider, channel, region, model and tier in one: what has a price", max_length=1000)
    input_uncached_tokens = _tokens("prompt tokens that were neither read from nor written to a cache")
    cache_read_tokens = _tokens("prompt tokens read from the cache")
    cache_write_5m_tokens = _tokens(
        "prompt tokens written to a cache of the default, short lifetime (Anthropic: 5 minutes)"
    )
    cache_write_1h_tokens = _tokens("prompt tokens written to a cache that lives 1 hour")
    output_tokens = _tokens("generated text tokens, reasoning included")
    of_which_reasoning_tokens = _tokens("part of output_tokens spent on reasoning; never added to it")
    audio_input_tokens = _tokens("uncached audio prompt tokens")
    audio_cache_read_tokens = _tokens("audio prompt tokens read from the cache")
    audio_output_tokens = _tokens("generated audio tokens")
    image_input_tokens = _tokens("uncached image prompt tokens")
    image_cache_read_tokens = _tokens("image prompt tokens read from the cache")
    image_output_tokens = _tokens("generated image tokens")
    reasoning_output_tokens = _tokens(
        "reasoning that is billed at a price of its own, beside output_tokens and no part of them"
    )
    requests = count("requests in this row", unit="requests", nullable=True)
    web_searches = count("server-side web searches", unit="searches", nullable=True)
    rerank_queries = count("queries of reranking, as the seller counts them", unit="queries", nullable=True)
    prompt_tokens = count("whole prompt: all input and cache meters", unit="tokens")
    prompt_tokens_from = count(
        "smallest prompt of a bucket's requests, where its report is split by prompt size; else NULL",
        unit="tokens",
        nullable=True,
    )
    account_id = account()
    project_id = text("project or workspace", nullable=True)
    api_key_id = text("id of the API key, never the key", nullable=True)
    user_id = text("user", nullable=True)
    feature = text("what it was used for, as the log names it: an agent, an app, a tag", nullable=True)
    conversation_id = text("session or conversation", nullable=True)
    reported_cost_usd = dy.Decimal(
        38, 12, nullable=True, description="cost that the log itself states", metadata={"unit": "USD"}
    )
    lower_bound_reason = choice(
        "why it may have cost more: cache_may_be_apart, nothing tells whether the input holds the cache; "
        "calls_not_read, its record lists calls that cannot be read; unknown_count, its record holds a count of "
        "core.usage_unknown_count; rest_at_default, a part of a total was counted under the meter of the default; "
        "tier_only_asked, the request asked for a dearer tier and nothing tells the one it was served at; "
        "NULL where all is counted",
        LOWER_BOUND_REASONS,
        nullable=True,
    )
    format = text("importer that read it")
    grouping = text(
        "owner columns that a bucket report is split by, comma separated, '' for none; NULL for requests",
        nullable=True,
    )
    import_id = text("the file in core.usage_import")
    source_line = count("line in that file, or record of a file without lines, from 1", unit="line")

    @dy.rule()
    def date_is_of_usage_at(cls) -> pl.Expr:
        """The partition must be the UTC day of the start."""
        return cls.usage_date.col == cls.usage_at.col.dt.date()

    @dy.rule()
    def bucket_has_an_end(cls) -> pl.Expr:
        """Only sums of requests span time."""
        return (cls.grain.col != "request") == cls.usage_until.col.is_not_null()

    @dy.rule()
    def bucket_is_of_a_day_at_most(cls) -> pl.Expr:
        """Usage of a longer time is not usage of its first day; a session's sum cannot be had by day."""
        is_short = cls.usage_until.col.is_null() | (cls.usage_until.col - cls.usage_at.col <= LONGEST_BUCKET)
        return (cls.grain.col != "bucket") | is_short

    @dy.rule()
    def year_is_plausible(cls) -> pl.Expr:
        """Model APIs are billed since 2020; an older stamp is a broken clock or a wrong unit."""
        return cls.usage_at.col >= pl.datetime(2020, 1, 1)


class UsageImport(dy.Schema):
    """One imported content: grain import_id, the hash of its decoded bytes."""

    import_id = text(
        "sha256 of the content, so that the same file under two names is one import; with @ and the account where the "
        "folder or --account names one"
    )
    file_name = text("name that it was first imported under")
    format = text("importer that read it")
    importer_version = count("version of that importer; NULL from before it stated one", unit="version", nullable=True)
    imported_at = instant("when it was imported")
    size_bytes = count("size on disk", unit="bytes")
    line_count = count("data lines read", unit="lines")
    row_count = count("usage rows accepted, before removal of duplicates", unit="rows")
    duplicate_count = count("rows that were already known", unit="rows")
    reject_count = count("rows refused", unit="rows")
    ignored_count = count("lines that carry no usage by design, such as empty days or user messages", unit="lines")
    first_usage_date = day("first day touched", nullable=True)
    last_usage_date = day("last day touched", nullable=True)


class UsageFile(dy.Schema):
    """One file as it was last seen: grain path. One that was read is not opened again while size and time are the same.

    A file of which nothing could be read is a row until it is read or gone.
    """

    path = text("absolute path; of one that privacy.csv leaves out its time and size", max_length=4096)
    file_name = text("its name; NULL in rows from before it was stated", nullable=True)
    is_in_inbox = flag("whether it lies in the inbox; NULL in rows from before it was stated", nullable=True)
    state = choice(
        "read; empty, it could be read and nothing in it states usage; refused, it has no line, is damaged or cannot "
        "be opened; not_recognised, it is none of the formats, or of several; waiting, it was still being written",
        FILE_STATES,
        nullable=True,
    )
    state_at = instant("since when; NULL in rows from before it was stated", nullable=True)
    size_bytes = count("size on disk", unit="bytes")
    modified_ns = count("time of its last change", unit="nanoseconds since 1970")
    row_count = count("rows of usage and lines of bills read of it, known ones included", unit="rows", nullable=True)
    import_id = text("the content in core.usage_import, where it was read", nullable=True)
    not_imported = text("why nothing of it was imported", nullable=True)
    formats = text("of such a file the importers that there were, as one hash", nullable=True)


class UsageRestatement(dy.Schema):
    """One file that was read again and whose usage changed by that: grain import_id, restated_at."""

    import_id = text("the content in core.usage_import, as it is now")
    restated_at = instant("when it was read again")
    file_name = text("name of the file")
    format = text("importer that read it")
    version_before = count("version of the importer that had read it", unit="version")
    version_after = count("version that has read it now", unit="version")
    rows_before = count("rows of the ledger that were counted as its", unit="rows")
    rows_after = count(
        "rows that are now; those that another file states too may be counted as that one's", unit="rows"
    )
    tokens_before = count("tokens of these rows", unit="tokens")
    tokens_after = count("tokens of these rows now", unit="tokens")
    usd_before = usd("what they cost at the prices in force at restated_at; NULL where nothing has a price")
    usd_after = usd("what they cost now, at the same prices; NULL where nothing has a price")


class UsageReject(dy.Schema):
    """One refused record: a line can hold several, each a row here, even by the same rule."""

    import_id = text("the file in core.usage_import")
    file_name = text("name of the file")
    source_line = count("line in that file, from 1", unit="line")
    rule = text("the rule that it breaks")
    detail = text("what was found, in one line", min_length=0, max_length=300)
    raw_text = text("the line, cut, with message text and secrets left out", min_length=0, max_length=500)


class UsageUnknownCount(dy.Schema):
    """Numbers in usage objects that no meter counts: grain import_id, path. The rows that hold them cost more."""

    import_id = text("the file in core.usage_import")
    file_name = text("name of the file")
    format = text("importer that read it")
    path = text("place in the record, dotted below objects, [] below lists", max_length=200)
    row_count = count("rows of usage that hold it", unit="rows")
    total = dy.Float64(
        min=0, description="sum of the number over these rows", metadata={"unit": "as the log counts it"}
    )
    first_usage_date = day("first day of these rows")
    last_usage_date = day("last day of these rows")


class LedgerFile(dy.Schema):
    """One Parquet file of the ledger in force: grain usage_date."""

    usage_date = day("UTC day")
    path = text("path below the warehouse folder; the name holds the content hash, so a file never changes")
    row_count = count("rows", unit="rows")
