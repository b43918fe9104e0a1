"""docs/price_agreement.md: how far our prices of today agree with public feeds, and why not where they do not.

`python -m tests.captures.price_agreement_doc` writes it again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from tests.captures.price_agreement import AT, FIRST_PARTY, UNEXPLAINED, Cause, Feed, compared, explained, feeds
from tests.captures.price_sources_doc import table
from tools.price_history.agreement import agreement, composition, size

DOC = Path(__file__).parents[2] / "docs" / "price_agreement.md"
PAGES = DOC.parents[2] / "shared" / "pages" / "llm_prices"
COMMAND = "python -m tests.captures.price_agreement_doc"

_HEAD = """# Agreement of our prices with provider pages and public feeds

Our side: the shipped price history, resolved as a cost of {day} would be. Their side: what the feed's file has in
force on that day. Written by `{command}` with the causes of
`tests/captures/price_agreement_causes.csv`; a test fails while it is out of date or a difference is unexplained.

The history is built from these feeds too, so agreement alone proves little: *other evidence* counts the prices where
ours rests on something else, such as the provider's page, an announcement or a feed that does not copy this one.
"""


def document() -> str:
    """The whole document."""
    head = _HEAD.format(day=AT.date(), command=COMMAND).rstrip()
    return "\n\n".join([head, *_history(), *map(_chapter, feeds())]) + "\n"


def _history() -> list[str]:
    return [
        "## The shipped history",
        size(),
        table(composition()),
        "*assumed*: nobody is known to have printed the price then; it is dated back from its first sight.",
        "## Provider pages at hand, cell by cell",
        "Each price that a saved page prints, beside ours of that day. Pages that the parser refuses are named.",
        table(agreement(PAGES)),
    ]


def _chapter(feed: Feed) -> str:
    if not feed.files:
        return f"## {feed.key}\n\nNo file of it was available."
    rows = compared(feed)
    by_channel = [_summary(name, part) for (name,), part in sorted(rows.group_by("channel"))]
    own = rows.filter(channel="api")
    by_provider = [_summary(name, own.filter(provider=name)) for name in FIRST_PARTY]
    return "\n\n".join(
        [
            f"## {feed.key}, file of {feed.day}",
            table([_summary("all", rows), *by_channel]),
            "Channel `api` of the first-party providers:",
            table(by_provider),
            f"### Differences from {feed.key}: first-party providers, channel `api`",
            _differences(explained(feed)),
        ]
    )


def _summary(name: str, rows: pl.DataFrame) -> Mapping[str, object]:
    """How many of a feed's prices are ours too."""
    both = rows.filter(pl.col("ours").is_not_null())
    others = both.filter(~pl.col("is_own"))
    return {
        "of": name,
        "models": both.select("provider", "channel", "region", "model").n_unique(),
        "prices": both.height,
        "equal": _share(both),
        "prices with other evidence": others.height,
        "equal of these": _share(others),
        "without a price of ours": rows.height - both.height,
    }


def _share(rows: pl.DataFrame) -> str:
    if rows.is_empty():
        return ""
    # Rounded down: 100 % means all.
    return f"{rows['is_equal'].sum() * 1000 // rows.height / 10} %"


def _differences(found: Iterable[tuple[Cause | None, Mapping[str, object]]]) -> str:
    """One line for each cause and pair of amounts."""
    by_cause: dict[Cause | None, list[Mapping[str, object]]] = defaultdict(list)
    for cause, row in found:
        by_cause[cause].append(row)
    lines = [
        {
            "provider": rows[0]["provider"],
            "models": ", ".join(f"`{name}`" for name in dict.fromkeys(row["model"] for row in rows)),
            "prices": len(rows),
            "theirs / ours, USD": "; ".join(dict.fromkeys(map(_amounts, rows))),
            "kind": cause.kind if cause else UNEXPLAINED,
            "explanation": cause.explanation if cause else "",
        }
        for cause, rows in by_cause.items()
    ]
    return table(lines) if lines else "None."


def _amounts(row: Mapping[str, object]) -> str:
    place = f"{row['meter']}{'' if row['service_tier'] == 'standard' else ' ' + str(row['service_tier'])}"
    above = f" from {row['context_from']}" if row["context_from"] else ""
    return f"{place}{above} {_plain(row['usd_per_unit'])} / {_plain(row['ours'])}"


def _plain(amount: object) -> str:
    return f"{amount:f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    DOC.write_text(document())
