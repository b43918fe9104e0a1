"""docs/alert_year.md: what the year showed, in tables."""

from collections import Counter

from tools.alert_year.judge import MOST_A_DAY, by_rule, lost, messages_a_day, never_told, percentile, told, without_end
from tools.alert_year.live import Book
from tools.alert_year.team_usage import CAUSES, FIRST, LAST

HEAD = """# A year of alerts

`python -m tools.alert_year --out docs/alert_year.md` writes this page: the rules and the life of alerts from {first} to
{last}, a run each morning. Prices move on the days of the shipped history, ends of models on those of a dated feed.
The usage is made up, seeded, of a team with four models in two accounts; {causes} causes were put into it. Not in it:
held prices and mistakes in files. A cause counts as told by rule and time. A month is projected by the mean of 28 days,
not by the real forecast.
"""


def page(book: Book) -> str:
    """The whole page."""
    counts = messages_a_day(book.messages)
    days = Counter(counts)
    known = told(book)
    lines = [HEAD.format(first=FIRST, last=LAST, causes=len(CAUSES)), "## Messages", ""]
    lines.append("| Messages a day | Days |\n|---|---|")
    lines += [f"| {count} | {days[count]} |" for count in sorted(days)]
    lines.append(f"\n99th percentile: {percentile(counts)}, at most {MOST_A_DAY} is the aim; {sum(counts)} in all.\n")
    lines += ["## What was put in", "", "| Cause | Told by | Told |", "|---|---|---|"]
    gone = lost(book)
    lines += [f"| {one.name} | {', '.join(one.rules)} | {'LOST' if one.name in gone else 'yes'} |" for one in CAUSES]
    lines += [
        f"\nAlerts that fired and were neither told nor held back: {len(never_told(book))}. "
        f"Lasting alerts without an end: {len(without_end(book))}.\n"
    ]
    lines += ["## By kind", "", "| Rule | Severity | Alerts | Told | Ended | Judgement |", "|---|---|---|---|---|---|"]
    for rule, severity, alerts, is_told, ended in by_rule(book).iter_rows():
        said = JUDGEMENTS.get((rule, severity), "not judged")
        lines.append(f"| `{rule}` | {severity} | {alerts} | {is_told} | {ended} | {said} |")
    lines += ["", "## Every alert that was told, news of unused models apart", ""]
    lines.append("| Told on | Severity | Alert |\n|---|---|---|")
    urgent = known.filter((known["severity"] != "info") | known["usd_per_month_effect"].is_not_null())
    for row in urgent.sort("told_on", "alert_id").iter_rows(named=True):
        title = row["title"].replace("|", "/")
        lines.append(f"| {row['told_on']} | {row['severity']} | `{row['rule']}` {title} |")
    return "\n".join(lines) + "\n"


JUDGEMENTS = {
    ("break_even_crossed", "warning"): "true: when rented GPUs began to pay, and when they ceased to",
    ("cheaper_equivalent", "warning"): "true: it ended when the team had moved",
    ("contract_ended", "warning"): "true: it holds back the dearer days and projections that follow from it",
    ("contract_ending", "info"): "true: 30 days",
    ("contract_ending", "warning"): "true: 7 days and 1 day",
    ("gpu_rate_beyond", "warning"): "true",
    ("source_conflict", "warning"): "true",
    ("budget", "critical"): "true: the busy weeks carried November over it",
    ("budget", "warning"): "true in November; false on 1 December, whose projection still has the busy weeks in it",
    ("model_new", "info"): "true, of no use to this team: in the digest",
    ("price_changed", "info"): "true, of models that it does not use: in the digest",
    ("retirement_moved", "info"): "true, of models that it does not use: in the digest",
    ("retirement_moved", "warning"): "true: both models in use",
    ("retirement_near", "info"): "true: 90 and 60 days",
    ("retirement_near", "warning"): "true: 30 and 14 days; of gemini-2.0-flash in part late, as use ended on 20 May",
    ("retirement_near", "critical"): "true of claude-opus-4; of gemini-2.0-flash false: it was left before",
    ("run_failed", "critical"): "true: the step's is told, those by sources are held back by their cause",
    ("source_failing", "warning"): "true: one told, twelve held back while all failed",
    ("sources_unreachable", "warning"): "true: one for the outage",
    (
        "spend_anomaly",
        "warning",
    ): "true: busy weeks, doubled day; the contract's end holds back two; false of 1 July in account lab",
    ("usage_late", "warning"): "true",
    ("used_after_retirement", "critical"): "true: four days of use beyond the end",
}
"""(rule, severity) -> true or false, in words, by hand, of the year with seed 18."""
