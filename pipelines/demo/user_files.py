"""What a user of the demo's warehouse has written, and the bill that came: small files, the same bytes at every call.

Owners, budgets and a contract lie in the warehouse folder, the bill in its inbox. The bill is OpenAI's cost export of
one month: volumes of the sample usage times the prices that OpenAI's page printed in that month, typed here. Nothing of
what prices usage is imported, so that the two sums are independent.
"""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

OWNERS = """\
kind,id,team,cost_center
project,proj_demo_support,support,4100
project,proj_demo_research,research,4200
project,proj_demo_drafting,drafting,4300
project,price-service,platform,4400
project,assistant,product,4500
"""
BUDGETS = """\
[[budget]]                  # all together: passed late in August and in September
period = "month"
usd = 10000

[[budget]]                  # never passed
team = "support"
period = "month"
usd = 1500
"""
CONTRACT = """\
kind,account,provider,channel,model,service_tier,meter,value,per,note,valid_from,valid_to
discount,,anthropic,,,,,5,,framework agreement of the demo,2026-09-01,
"""
BILL_FILE = "openai_costs.tsv"
BILLED_MONTH = (date(2026, 9, 1), date(2026, 10, 1))
BILL_COLUMNS = (
    *("start_time", "end_time", "start_time_iso", "end_time_iso", "amount_value", "amount_currency", "line_item"),
    *("project_id", "organization_id", "organization_name"),
)
PRINTED = {
    ("gpt-5.6-luna", "FALSE"): ("0.2", "0.02", "1.2"),
    ("gpt-5.6-luna", "TRUE"): ("0.1", "0", "0.6"),
    ("gpt-5.6-sol", "FALSE"): ("4", "0.4", "20"),
    ("gpt-5.5", "FALSE"): ("5", "0.5", "30"),
    ("gpt-5-mini-2025-08-07", "FALSE"): ("0.25", "0.025", "2"),
    ("o4-mini-2025-04-16", "FALSE"): ("1.1", "0.275", "4.4"),
}
"""Model and batch -> USD per million tokens of input, cached input and output, as printed throughout September 2026."""
METERS = {
    "input": "input_uncached_tokens",
    "cached input": "input_cached_tokens",
    "output": "output_tokens",
}
"""Direction in a line item -> column of the usage export, in the order of PRINTED."""
NOT_IN_THE_USAGE = (date(2026, 9, 22), "proj_demo_research", "gpt-5.6-sol, output")
NOT_IN_THE_USAGE_USD = Decimal("0.80")
"""The difference to be found: 40,000 output tokens at 20 USD per million that the usage export lacks."""


def write_user_files(folder: Path) -> list[Path]:
    """Write owners, budgets and contract into the warehouse folder where they are missing, and return their paths.

    What is there is somebody's own, or was changed to try something.
    """
    texts = {"owners.csv": OWNERS, "budgets.toml": BUDGETS, "contract_prices.csv": CONTRACT}
    for name, text in texts.items():
        if not (folder / name).exists():
            (folder / name).write_bytes(text.encode())
    return [folder / name for name in texts]


def write_bill(usage: Path, until: date) -> Path | None:
    """Write the bill beside the usage export that it bills; None before the month is over."""
    first, end = BILLED_MONTH
    if until < end:
        return None
    amounts: dict[tuple[date, str, str], Decimal] = defaultdict(Decimal)
    with usage.open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            day = date.fromisoformat(row["start_time_iso"][:10])
            if not (first <= day < end and row["model"]):
                continue
            for (item, column), usd in zip(METERS.items(), PRINTED[row["model"], row["batch"]], strict=True):
                amount = Decimal(row[column]) * Decimal(usd) / 1_000_000
                amounts[day, row["project_id"], f"{row['model']}, {item}"] += amount
    amounts[NOT_IN_THE_USAGE] += NOT_IN_THE_USAGE_USD
    lines = [BILL_COLUMNS, *(_line(*key, amount) for key, amount in sorted(amounts.items()) if amount)]
    bill = usage.with_name(BILL_FILE)
    bill.write_bytes(("\n".join("\t".join(line) for line in lines) + "\n").encode())
    return bill


def _line(day: date, project: str, item: str, amount: Decimal) -> tuple[str, ...]:
    times = [datetime(on.year, on.month, on.day, tzinfo=UTC) for on in (day, day + timedelta(days=1))]
    seconds = (str(int(at.timestamp())) for at in times)
    return *seconds, *(at.isoformat() for at in times), f"{amount.normalize():f}", "usd", item, project, "", ""
