"""What the demo found, in tables that fit 80 columns: spend, budget, bill, changes, retirements and so on."""

from rich.console import Console
from rich.markup import escape

from pipelines.cli.views.tables import print_frame
from pipelines.warehouse.published import REPORT_FILE, PublishedWarehouse

MAX_ROWS = 8

_DEMO_TABLES = {
    "Spend by month, USD at list price": """
        PIVOT (SELECT provider, cost_usd, strftime(usage_date, '%Y-%m') AS month FROM cost_daily)
        ON month USING round(sum(cost_usd), 2) GROUP BY provider ORDER BY provider""",
    "Spend by team and month, USD owed under the contract": """
        PIVOT (SELECT team, effective_cost_usd AS usd, strftime(usage_date, '%Y-%m') AS month FROM cost_by_owner)
        ON month USING round(sum(usd), 2) GROUP BY team ORDER BY team""",
    "Budgets, whole USD, as last judged in each month": """
        SELECT as_of, owner, budget_usd::BIGINT AS budget, spent_usd::BIGINT AS spent,
            projected_usd::BIGINT AS projected, status, exhausted_on AS used_up
        FROM budget_status QUALIFY as_of = max(as_of) OVER (PARTITION BY scope, owner, date_trunc('month', as_of))
        ORDER BY as_of DESC, owner""",
    "The bill, USD": """
        SELECT strftime(usage_date, '%Y-%m') AS month, provider, round(sum(computed_usd), 2) AS ours,
            round(sum(reported_usd), 2) AS billed, round(sum(gap_usd), 2) AS gap,
            count(*) AS lines, count(*) FILTER (gap_usd <> 0) AS differ
        FROM cost_reconciliation WHERE reported_usd IS NOT NULL GROUP BY ALL ORDER BY ALL""",
    "Price changes, USD per million tokens, and what they make a month": """
        SELECT valid_from::DATE AS since, model, meter,
            old_usd_per_unit::DOUBLE || ' -> ' || new_usd_per_unit::DOUBLE AS change,
            round(usd_per_month_effect, 2) AS usd_a_month
        FROM price_change
        WHERE kind = 'changed' AND service_tier = 'standard' AND context_from = 0 AND source LIKE '%pricing'
        ORDER BY abs(usd_per_month_effect) DESC NULLS LAST, since DESC, model, meter""",
    "Where sources disagree on a model in use, USD per million tokens": """
        SELECT model, meter, believed_usd_per_unit::DOUBLE AS counted, other_usd_per_unit::DOUBLE AS other,
            other_source, likely_cause AS cause
        FROM price_conflict SEMI JOIN cost_daily USING (provider, channel, model)
        WHERE service_tier = 'standard' AND context_from = 0 ORDER BY ALL""",
    "Models that end: whole USD of 30 days, and what the replacement costs on top": """
        SELECT model, days_left AS days,
            CASE outcome WHEN 'reroute_rebill' THEN 'rebilled' ELSE outcome END AS after,
            spend_30d_usd::INTEGER AS usd, replacement, monthly_delta_usd::INTEGER AS on_top
        FROM deprecation_risk WHERE spend_30d_usd > 0 QUALIFY as_of = max(as_of) OVER () ORDER BY score DESC""",
    "When own machines pay: million tokens a month": """
        SELECT api_model, way, gpu, round(break_even_tokens_per_month / 1e6)::BIGINT AS "from",
            round(own_tokens_per_month / 1e6)::BIGINT AS ours, verdict
        FROM break_even WHERE as_of = (SELECT max(as_of) FROM break_even) AND way NOT IN ('any', 'managed')
        QUALIFY row_number() OVER (PARTITION BY api_model, way ORDER BY break_even_tokens_per_month NULLS LAST) = 1
        ORDER BY break_even_tokens_per_month / nullif(own_tokens_per_month, 0) NULLS LAST, api_model, way""",
    "What is to come, USD at list price with its band of 80 %, and what is owed of it": """
        SELECT period, round(spent_usd, 2) AS spent, round(projected_usd, 2) AS projected, round(low_usd, 2) AS low,
            round(high_usd, 2) AS high, round(projected_effective_usd, 2) AS owed
        FROM spend_forecast WHERE scope = 'all' QUALIFY as_of = max(as_of) OVER ()
        ORDER BY period = '90_days', last_on""",
    "Usage without a price": """
        SELECT string_agg(DISTINCT model, ', ' ORDER BY model) AS models, unpriced_reason AS reason,
            min(usage_date) AS first_day, max(usage_date) AS last_day, sum(quantity)::BIGINT AS quantity
        FROM cost_unpriced GROUP BY ALL ORDER BY quantity DESC""",
    "Alerts": """
        SELECT alert_on AS day, severity, title FROM alert
        ORDER BY (severity = 'info'), alert_on DESC""",
}

_QUERY_TO_TRY = "SELECT usage_date, model, sum(cost_usd) AS usd FROM cost_daily GROUP BY ALL ORDER BY 1 DESC, 3 DESC"
_COMMANDS_TO_TRY = ("cost --by team", "budget", "risk", f'sql "{_QUERY_TO_TRY}"')


def print_demo(console: Console, warehouse: PublishedWarehouse, *, is_unchanged: bool) -> None:
    """The answers, one table each; then where the report and the database lie, and commands to go on with."""
    with warehouse.read() as connection:
        for title, query in _DEMO_TABLES.items():
            print_frame(console, connection.sql(query).pl(), title, MAX_ROWS)
    if is_unchanged:
        console.print("Nothing changed: every table holds the same rows as before this run.")
    folder = escape(str(warehouse.folder))
    console.print("\nTo try:", highlight=False)
    for command in _COMMANDS_TO_TRY:
        console.print(f"  .venv/bin/costs --warehouse {folder} {escape(command)}", highlight=False, soft_wrap=True)
    for what, file in (("DuckDB file", warehouse.published_file), ("report", warehouse.folder / REPORT_FILE)):
        console.print(f"The {what}: {escape(str(file))}", highlight=False, soft_wrap=True)
