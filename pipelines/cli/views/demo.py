"""What the demo found: spend, changes, risks, break-even, forecast, alerts, and queries to go on with."""

from rich.console import Console
from rich.markup import escape

from pipelines.cli.views.tables import print_frame
from pipelines.warehouse.published import REPORT_FILE, PublishedWarehouse

MAX_ROWS = 12

_DEMO_TABLES = {
    "Spend by month": """
        SELECT strftime(usage_date, '%Y-%m') AS month, provider, round(sum(cost_usd), 2) AS cost_usd,
            sum(quantity) FILTER (meter_group <> 'fee') AS tokens
        FROM cost_daily GROUP BY ALL ORDER BY ALL""",
    "Price changes": """
        SELECT changed_on, model, meter, old_usd_per_unit AS old, new_usd_per_unit AS new, round(pct_change, 1) AS pct,
            valid_from::DATE AS since, source, round(usd_per_month_effect, 2) AS usd_per_month
        FROM price_change
        WHERE kind = 'changed' AND service_tier = 'standard' AND context_from = 0 AND source LIKE '%pricing'
        ORDER BY changed_on DESC, model, meter""",
    "Models that end": """
        SELECT as_of, model, project_id, days_left, level, round(spend_30d_usd, 2) AS spend_30d_usd, replacement,
            round(replacement_delta_pct, 1) AS pct, round(monthly_delta_usd, 2) AS usd_per_month
        FROM deprecation_risk QUALIFY as_of = max(as_of) OVER () ORDER BY score DESC""",
    "When own machines pay (GPT-OSS-120B in place of the API model)": """
        SELECT api_model, way, gpu_provider, gpu, usd_per_gpu_hour, break_even_tokens_per_month, own_tokens_per_month,
            answer
        FROM break_even WHERE as_of = (SELECT max(as_of) FROM break_even)
        QUALIFY row_number() OVER (PARTITION BY api_model, way ORDER BY break_even_tokens_per_month NULLS LAST) = 1
        ORDER BY api_model, way""",
    "This month's end": """
        SELECT as_of, period, model, round(spent_usd, 2) AS spent_usd, round(projected_usd, 2) AS projected_usd,
            round(low_usd, 2) AS low_usd, round(high_usd, 2) AS high_usd, round(past_error, 3) AS past_error
        FROM spend_forecast WHERE (period = 'month' AND scope = 'model') OR scope = 'all'
        QUALIFY as_of = max(as_of) OVER () ORDER BY scope, projected_usd DESC""",
    "Usage without a price": """
        SELECT unpriced_reason, first_price_on, count(DISTINCT usage_date) AS days, min(usage_date) AS first_day,
            max(usage_date) AS last_day, sum(quantity) AS quantity,
            string_agg(DISTINCT model, ', ' ORDER BY model) AS models
        FROM cost_unpriced GROUP BY ALL ORDER BY quantity DESC""",
    "Alerts": "SELECT alert_on, severity, rule, title FROM alert ORDER BY (severity = 'info'), alert_on DESC",
}

_QUERIES_TO_TRY = (
    "SELECT usage_date, model, sum(cost_usd) AS usd FROM cost_daily GROUP BY ALL ORDER BY 1 DESC, 3 DESC LIMIT 20",
    "FROM price_change WHERE kind = 'changed' ORDER BY changed_on DESC",
    "SELECT model, days_left, replacement, monthly_delta_usd FROM deprecation_risk WHERE level <> 'low'",
)


def print_demo(console: Console, warehouse: PublishedWarehouse, *, is_unchanged: bool) -> None:
    """What the demo found: spend, changes, risks, break-even, forecast, alerts."""
    with warehouse.read() as connection:
        for title, query in _DEMO_TABLES.items():
            print_frame(console, connection.sql(query).pl(), title, MAX_ROWS)
    if is_unchanged:
        console.print("Nothing changed: every table holds the same rows as before this run.")
    console.print(f"\nThe DuckDB file: {warehouse.published_file}\nThree queries to try:", highlight=False)
    for query in _QUERIES_TO_TRY:
        folder = warehouse.folder
        console.print(f'  .venv/bin/costs --warehouse {folder} sql "{escape(query)}"', highlight=False, soft_wrap=True)
    page = escape(str(warehouse.folder / REPORT_FILE))
    console.print(f"\nThe report, for any browser: {page}", highlight=False, soft_wrap=True)
