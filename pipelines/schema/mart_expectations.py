"""What is expected of what people read, as data: which statement of sql/checks, and what must hold of its rows.

What is expected of staged rows is in `schema.expectations`. Nothing here runs a statement or judges a row.
"""

from dataclasses import dataclass, field
from typing import Any

from pipelines.schema.expectations import Expectation, Severity

MAX_UNPRICED_SHARE = 0.05
"""Of a day's tokens: beyond it a day's cost is no longer a fair figure of what was used."""
MAX_LEFT_OUT_USD = 1.0
MIN_GAP_USD = 1.0
MAX_GAP_SHARE = 0.02
"""Of the larger of our cost and the bill of a day: rounding and late lines stay below it."""
BAND = {"weeks": 8, "min_weeks": 4, "deviations": 4, "min_share": 0.25, "min_usd": 5}
"""Parameters of sql/checks/spend_band.sql."""


@dataclass(frozen=True)
class MartCheck:
    """Expectations on the rows that one statement returns. Their names are unique among all of a list of checks."""

    statement: str
    """Name of the file in sql/checks; for the published file, of the comparison."""
    table: str
    """Whose check it is in the Dagster UI."""
    key: tuple[str, ...]
    """Columns that name a row, in what is observed."""
    expectations: tuple[Expectation, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    """Of the statement, beside the days."""
    reads_ledger: bool = False
    """Whether the statement reads the view `ledger`."""


def _equal(name: str, pair: tuple[str, str], description: str) -> Expectation:
    first, second = pair
    arguments = {"column_A": first, "column_B": second, "ignore_row_if": "neither"}
    return Expectation(name, "ExpectColumnPairValuesToBeEqual", arguments, description=description)


def _between(
    name: str, column: str, limits: tuple[float, float], description: str, severity: Severity = "warning"
) -> Expectation:
    """NULL is no figure, so it is neither within nor beyond the limits."""
    low, high = limits
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Expectation(name, "ExpectColumnValuesToBeBetween", arguments, severity, description)


_BUILD_AGAIN = "If it fails, that day is wrong: build its partition again; if it fails still, it is a bug."

MART_CHECKS = (
    MartCheck(
        "ledger_quantity",
        "main.cost_daily",
        ("usage_date", "provider"),
        (
            _equal(
                "tokens_equal_the_ledger",
                ("ledger_tokens", "accounted_tokens"),
                "The tokens of cost_daily and cost_unpriced, with those that usage_overlap leaves out, are the "
                f"ledger's, by day and provider. {_BUILD_AGAIN}",
            ),
            _between(
                "meter_groups_equal_the_ledger",
                "off_quantity",
                (0, 0),
                "No meter group has more than the ledger holds, and none has less on a day of which nothing is left "
                f"out. {_BUILD_AGAIN}",
                "critical",
            ),
        ),
        reads_ledger=True,
    ),
    MartCheck(
        "cost_sum",
        "main.cost_daily",
        ("usage_date", "provider"),
        (
            _equal(
                "dollars_equal_the_priced_ledger",
                ("ledger_usd", "daily_usd"),
                f"cost_daily costs what core.usage_cost does, by day and provider. {_BUILD_AGAIN}",
            ),
            _equal(
                "dollars_equal_the_reconciliation",
                ("ledger_usd", "reconciled_usd"),
                "The cost that cost_reconciliation holds against bills is all of the cost, by day and provider. "
                f"{_BUILD_AGAIN}",
            ),
        ),
    ),
    MartCheck(
        "owner_sum",
        "main.cost_by_owner",
        ("usage_date",),
        (
            _equal(
                "dollars_of_owners_equal_the_ledger",
                ("ledger_usd", "owner_usd"),
                f"All owners together cost what core.usage_cost does, day by day. {_BUILD_AGAIN}",
            ),
        ),
    ),
    MartCheck(
        "hidden_cost_sum",
        "main.hidden_cost",
        ("usage_date",),
        (
            _equal(
                "dollars_of_hidden_cost_equal_the_ledger",
                ("ledger_usd", "hidden_usd"),
                f"hidden_cost costs what core.usage_cost does, day by day. {_BUILD_AGAIN}",
            ),
            _equal(
                "parts_equal_their_sum",
                ("hidden_usd", "parts_usd"),
                f"The parts of hidden_cost add up to its cost, day by day. {_BUILD_AGAIN}",
            ),
        ),
    ),
    MartCheck(
        "plan_sum",
        "main.plan_value",
        ("usage_date",),
        (
            _equal(
                "worth_of_plans_equals_the_ledger",
                ("ledger_usd", "worth_usd"),
                f"The usage under plans is worth what core.usage_cost says, day by day. {_BUILD_AGAIN}",
            ),
            _equal(
                "what_is_owed_for_plans_is_their_fee",
                ("fee_usd", "owed_usd"),
                "Of usage under plans nothing is owed but the fees of core.plan_fee, day by day: it is not counted "
                f"both as billed and as api-equivalent. {_BUILD_AGAIN}",
            ),
        ),
    ),
    MartCheck(
        "unpriced_share",
        "main.cost_unpriced",
        ("usage_date", "provider"),
        (
            _between(
                "most_usage_has_a_price",
                "unpriced_share",
                (0, MAX_UNPRICED_SHARE),
                f"At most {MAX_UNPRICED_SHARE:.0%} of a day's tokens have no price. If it fails, the day costs more "
                "than its tables say: the column remedy of cost_unpriced tells what to do.",
            ),
        ),
    ),
    MartCheck(
        "overlap_usd",
        "main.usage_overlap",
        ("usage_date", "provider"),
        (
            _between(
                "little_is_left_out",
                "left_out_usd",
                (0, MAX_LEFT_OUT_USD),
                f"Usage that a larger report states too is worth {MAX_LEFT_OUT_USD:.0f} USD a day at most. If it "
                "fails, look in usage_overlap whether the two reports are of the same usage: if not, it is missing "
                "from the cost.",
            ),
        ),
    ),
    MartCheck(
        "price_ranges",
        "main.price_conflict",
        ("usage_date", "source"),
        (
            _between(
                "one_price_per_prompt_size",
                "overlaps",
                (0, 0),
                "One price of a source holds for each size of a prompt. If it fails, a page states a price of short "
                "prompts without a limit beside one of long prompts: usage is priced by the longer range.",
            ),
        ),
    ),
    MartCheck(
        "bill_gap",
        "main.cost_reconciliation",
        ("usage_date", "provider", "report"),
        (
            _between(
                "the_bill_agrees",
                "gap_share",
                (0, MAX_GAP_SHARE),
                f"Our cost of a day and what its bill or log says differ by at most {MAX_GAP_SHARE:.0%}, or "
                f"{MIN_GAP_USD:.0f} USD. If it fails, the column reason of cost_reconciliation says what explains it.",
            ),
        ),
        {"min_gap_usd": MIN_GAP_USD},
    ),
    MartCheck(
        "spend_band",
        "main.cost_daily",
        ("usage_date", "provider"),
        (
            _between(
                "spend_is_usual",
                "usd_beyond_band",
                (0, 0),
                f"A day costs about what the same weekday did in the {BAND['weeks']} weeks before. If it fails, the "
                "figure tells by how many USD it is above or, with a minus, below: look at cost_daily for the model "
                "and project; a day that is too low may lack an import.",
            ),
        ),
        BAND,
    ),
)

PUBLISHED_CHECK = MartCheck(
    "published_rows",
    "costs_duckdb",
    ("table",),
    (
        _equal(
            "row_counts_equal_the_build",
            ("build_rows", "published_rows"),
            "Every table of the published file has as many rows as in the build file. If it fails, run again: people "
            "read a file that is not what was built.",
        ),
        _equal(
            "rows_equal_the_build",
            ("build_hash", "published_hash"),
            "The rows of every table of the published file are those of the build file. If it fails, run again: "
            "people read a file that is not what was built.",
        ),
    ),
)
