"""The sections about the market and trust: prices, retirements, break-even, GPU rates, trust, alerts."""

from collections.abc import Mapping
from typing import Any

from pipelines.report.asked import Asked
from pipelines.report.market_charts import break_even_curves, price_steps, rate_lines, retirement_line
from pipelines.report.section import Answer, Chart, Figure, Section, Table
from pipelines.report.shown import day, number, percent, rate, text, tokens, usd, words


def price_changes(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """What changed in the price lists, with dollars."""
    rows = answers["price_changes"].frame.rows(named=True)
    effect = sum(row["usd_a_month"] for row in rows if row["usd_a_month"] is not None)
    felt = sum(row["usd_a_month"] is not None for row in rows)
    lead = f"{len(rows)} changes in 90 days; {felt} touch your usage, {usd(effect, signed=True)} a month together."
    cells = [
        (
            text(day(row["changed_on"])), text(words(row["kind"])), text(f"{row['provider']} {row['model']}"),
            text(row["change"] or f"{row['prices']} prices"), text(day(row["holds_from"])),
            number("" if row["usd_a_month"] is None else usd(row["usd_a_month"], signed=True)),
            text(row["source"], link=_web(row["url"])),
        )
        for row in rows
    ]  # fmt: skip
    columns = ("Learned", "Kind", "Model", "USD per million tokens", "Holds from", "USD a month", "Page")
    return Section(
        "price-changes",
        "What changed in prices",
        f"90 days up to {asked.last}",
        lead if rows else "No price changed in 90 days.",
        [answers["price_changes"]],
        _sources(rows),
        tables=[Table("Price changes, dearest first", columns, cells)] if rows else [],
    )


def retirements(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """Which of our models end, on a line of time, with dollars."""
    rows = answers["retirements"].frame.rows(named=True)
    ahead = [row for row in rows if row["days_left"] >= 0]
    at_risk = sum(row["spend_30d_usd"] for row in ahead if row["spend_30d_usd"] is not None)
    more = sum(row["monthly_delta_usd"] for row in rows if row["monthly_delta_usd"] is not None)
    as_of = rows[0]["as_of"] if rows else asked.last
    cells = [
        (
            text(row["level"]), text(f"{row['provider']} {row['model']}"), text(day(row["expected_end_on"])),
            number(str(row["days_left"])), text(row["days_basis"]), number(usd(row["spend_30d_usd"])),
            text(row["replacement"] or "none named"),
            number("" if row["monthly_delta_usd"] is None else usd(row["monthly_delta_usd"], signed=True)),
        )
        for row in rows
    ]  # fmt: skip
    columns = ("Level", "Model", "Ends", "Days left", "Basis", "USD in 30 days", "Replacement", "USD a month after")
    spec = retirement_line(rows, as_of) if rows else {}
    description = "Models that you use by the day on which they are expected to end; larger marks have more spend."
    return Section(
        "retirements",
        "Retirements ahead",
        day(as_of),
        f"{len(ahead)} models in use have an end ahead, with {usd(at_risk)} of the last 30 days; the named "
        f"replacements would {'add' if more >= 0 else 'save'} {usd(abs(more))} a month."
        if rows
        else "No model in use has a known end.",
        [answers["retirements"]],
        charts=[Chart("retirements", "When models end", description, spec)] if rows else [],
        tables=[Table("Models that end", columns, cells)] if rows else [],
    )


def break_even(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """From which volume own machines pay, beside today's."""
    curves = answers["break_even_curve"].frame.rows(named=True)
    rows = answers["break_even"].frame.rows(named=True)
    pays = [row for row in rows if row["verdict"] in {"own_gpus", "managed"}]
    lead = f"Of {len({row['api_model'] for row in rows})} models, {len({row['api_model'] for row in pays})} would cost "
    cells = [
        (
            text(row["api_model"]), text(row["way"]), text(row["gpu_provider"]), text(row["gpu"]),
            number(tokens(row["own_tokens_per_month"])),
            number(tokens(row["break_even_tokens_per_month"]) if row["break_even_tokens_per_month"] else "never"),
            text(row["answer"]),
        )
        for row in rows
    ]  # fmt: skip
    columns = ("API model", "Way", "From", "Machine", "Tokens a month now", "Pays from", "Answer")
    description = (
        "Lines of USD a month over tokens a month for each way to serve a workload; the point is today's volume."
    )
    shown = []
    if curves:
        spec = break_even_curves(curves, curves[0]["api_model"])
        shown = [Chart("break_even", "Cost over volume, each way", description, spec)]
    as_of = rows[0]["as_of"] if rows else asked.last
    return Section(
        "break-even",
        "When other ways pay",
        day(as_of),
        f"{lead}less another way at today's volume. Prices are compared, not quality."
        if rows
        else "No model to compare.",
        [answers["break_even_curve"], answers["break_even"]],
        charts=shown,
        tables=[Table("The best offer of each way", columns, cells, is_folded=True)] if rows else [],
    )


METERS = ("output", "input_uncached", "cache_read")


def price_history(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """The prices of our models over time."""
    rows = answers["price_history"].frame.rows(named=True)
    meters = [meter for meter in METERS if any(row["meter"] == meter for row in rows)]
    until_now = [
        {**row, "valid_from": asked.last, "source": row["source"]}
        for row in rows
        if row["valid_to"] is None and row["valid_from"] < asked.last
    ]
    cells = [
        (
            text(row["model"]), text(words(row["meter"])), number(rate(row["usd_per_unit"])),
            text(day(row["valid_from"])),
            text(day(row["valid_to"]) if row["valid_to"] else "still holds"),
            text(row["source"], link=f"#page-{row['source']}"),
        )
        for row in rows
    ]  # fmt: skip
    description = "Steps of the price in USD per million tokens over time, of the models that cost most."
    shown = []
    if rows:
        spec = price_steps([*rows, *until_now], meters)
        shown = [Chart("price_history", "Price per million tokens", description, spec)]
    columns = ("Model", "Meter", "USD per Mtok", "From", "To", "Source")
    return Section(
        "price-history",
        "Prices of our models over time",
        day(asked.last),
        f"{len({row['model'] for row in rows})} models that cost most in 90 days, at list price, standard tier."
        if rows
        else "No priced model in 90 days.",
        [answers["price_history"]],
        _sources(rows),
        charts=shown,
        tables=[Table("Every price", columns, cells, is_folded=True)] if rows else [],
    )


def gpu_rates(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """What cards cost to rent, over time and now."""
    rows = answers["gpu_rates"].frame.rows(named=True)
    spread = answers["gpu_spread"].frame.rows(named=True)
    on_demand = [row for row in spread if row["pricing"] == "on_demand"]
    cells = [
        (
            text(" ".join(filter(None, (row["gpu"], row["variant"], f"{row['memory_gb']} GB")))),
            text(words(row["pricing"]) + (f", {row['term_months']} months" if row["term_months"] else "")),
            number(str(row["provider_count"])), number(rate(row["min_usd_per_gpu_hour"])),
            number(rate(row["median_usd_per_gpu_hour"])), number(rate(row["max_usd_per_gpu_hour"])),
            text(row["cheapest_provider"]),
        )
        for row in spread
    ]  # fmt: skip
    columns = ("Card", "Commitment", "Providers", "Least", "Median", "Most", "Cheapest at")
    lead = "No GPU rate is known yet."
    if on_demand:
        best = on_demand[0]
        lead = (
            f"{best['gpu']} {best['variant']}: {rate(best['min_usd_per_gpu_hour'])} to "
            f"{rate(best['max_usd_per_gpu_hour'])} an hour on demand, cheapest at {best['cheapest_provider']}."
        )
    description = "Lines of the cheapest on-demand rate of each card in USD per GPU and hour."
    return Section(
        "gpu-rates",
        "GPU rates",
        day(asked.last),
        lead,
        [answers["gpu_rates"], answers["gpu_spread"]],
        _sources(rows),
        charts=[Chart("gpu_rates", "Cheapest on-demand rate", description, rate_lines(rows))] if rows else [],
        tables=[Table("Rates in USD per GPU and hour", columns, cells, is_folded=True)] if rows else [],
    )


def trust(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """How far the figures can be trusted, as numbers."""
    row = answers["trust"].frame.row(0, named=True)
    no_bill = "no bill is imported for this period"
    period = f"{asked.first} to {asked.last}"
    fresh, read = row["fresh"], row["fresh"] + row["not_fresh"]
    figures = [
        Figure("Off the bill by", percent(row["gap_pct"]), no_bill if row["gap_pct"] is None else period),
        Figure("Covered by a bill", percent(row["covered_pct"]), "of our cost, " + period),
        Figure("Without a price", percent(row["unpriced_pct"]), "of tokens and calls, " + period),
        Figure("May have cost more", percent(row["lower_bound_pct"]), "of our cost is a lower bound, " + period),
        Figure(
            "Sources fresh",
            f"{fresh} of {read}",
            f"as of {day(row['sources_as_of'])}; {row['never_read']} were never read",
            "bad" if row["not_fresh"] else "",
        ),
    ]
    within = no_bill if row["gap_pct"] is None else f"within {percent(row['gap_pct'])} of the bill"
    unpriced = "" if row["unpriced_pct"] is None else f", {percent(row['unpriced_pct'])} of tokens unpriced"
    lead = f"{within}{unpriced}; {fresh} of {read} sources read before are fresh."
    return Section(
        "trust", "How far to trust this", period, lead[:1].upper() + lead[1:], [answers["trust"]], figures=figures
    )


def alerts(answers: Mapping[str, Answer], asked: Asked) -> Section:
    """What was said in the last month."""
    rows = answers["alerts"].frame.rows(named=True)
    cells = [
        (
            text(day(row["alert_on"])), text(row["severity"]), text(row["title"], link=_web(row["link"])),
            number("" if row["usd_a_month"] is None else usd(row["usd_a_month"], signed=True)),
            text("yes" if row["is_delivered"] else "no"),
        )
        for row in rows
    ]  # fmt: skip
    columns = ("Day", "Severity", "Alert", "USD a month", "Delivered")
    return Section(
        "alerts",
        "Alerts",
        f"30 days up to {asked.last}",
        f"{len(rows)} alerts in 30 days." if rows else "No alert in 30 days.",
        [answers["alerts"]],
        tables=[Table("Alerts, newest first", columns, cells)] if rows else [],
    )


def _sources(rows: list[dict[str, Any]]) -> list[str]:
    return sorted({row["source"] for row in rows if row["source"]})


def _web(url: str | None) -> str | None:
    """An address that a browser may follow: a page's text is not to make it run a script."""
    return url if url and url.startswith(("https://", "http://")) else None
