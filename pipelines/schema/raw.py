"""raw.*: what was fetched, which scraped rows were refused, and the version of the file. Bodies lie in the archive."""

import dataframely as dy

from pipelines.schema.columns import choice, count, flag, instant, text

OUTCOMES = ("new", "unchanged", "failed")


class SchemaVersion(dy.Schema):
    """The schema version of this file: one row."""

    version = count("number of the newest file in sql/migrations that the file agrees with", unit="1")
    tables_hash = text("hash of the declared columns that the file agrees with")


class Fetch(dy.Schema):
    """One attempt to fetch one source: grain fetch_id."""

    fetch_id = text("identity of the attempt")
    source = text("key of the source in the catalog")
    url = text("address that was asked; query strings that could hold a key are never used")
    fetched_at = instant("when the answer was complete, or the attempt failed")
    origin = choice(
        "live: asked over the network; recorded: a saved page of its own date; shipped: evidence of the price history "
        "that comes with the program, without a body",
        ("live", "recorded", "shipped"),
    )
    outcome = choice("new: another body than the last; unchanged: the last body again; failed: no body", OUTCOMES)
    status = dy.Int64(description="HTTP status; NULL where no answer came", nullable=True)
    sha256 = text("hash of the body, its name in the archive", nullable=True)
    archive_path = text("path of the body below the warehouse folder", nullable=True)
    size_bytes = count("size of the decoded body", unit="bytes", nullable=True)
    etag = text("ETag header, for the next conditional request", nullable=True)
    last_modified = text("Last-Modified header, for the next conditional request", nullable=True)
    error = text("what went wrong, in one line", nullable=True)


class Parse(dy.Schema):
    """What became of one fetched body: grain fetch_id."""

    fetch_id = text("the fetch whose body was parsed")
    source = text("key of the source in the catalog")
    fetched_at = instant("when the body was fetched")
    parsed_at = instant("when it was decided on; reading it again with another parser does not move it")
    parser_version = text("hash of the text of the parser that read it last; pipelines/sources/parser_version.py")
    outcome = choice("promoted: its rows are in force; refused: the last good version stays", ("promoted", "refused"))
    row_count = count("rows that the parser found", unit="rows")
    reject_count = count("rows refused one by one", unit="rows")
    held_count = count("prices held back until confirmed", unit="rows")
    kept_count = count("versions kept because a refused row may have been one of them", unit="rows", nullable=True)
    change_count = count("versions that this body opened", unit="rows")
    reason = text("why it was refused", nullable=True)


class SourceReject(dy.Schema):
    """One scraped row that was refused: grain fetch_id, place, reason."""

    fetch_id = text("the fetch whose body holds the row")
    source = text("key of the source in the catalog")
    place = text("where in the body: table and row, or JSON key")
    raw_text = text("the row as printed, cut at 500 characters", max_length=500, min_length=0)
    reason = text("the rule that it breaks")


class Source(dy.Schema):
    """The catalog of sources as of the last run: grain source."""

    source = text("key of the source")
    kind = text("llm_prices, gpu_rates, lifecycle, feeds or exchange_rates")
    standing = choice(
        "page: the provider's own; api: its API; aggregator: a third party", ("page", "api", "aggregator")
    )
    rank = count("whose statement counts first where sources disagree; lower wins", unit="1")
    url = text("address of the page")
    is_proven = flag("the parser was held to a whole real answer before it was first used")
    is_asked = flag("it needs no key of the user's, or the key was set at the last run")
