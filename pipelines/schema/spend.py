"""What was spent against what may be spent, why it changed, which days stand out, and how good forecasts were."""

import dataframely as dy

from pipelines.schema.columns import choice, count, day, flag, ratio, text, usd

BUDGET_SCOPES = ("all", "account", "team", "project", "model", "provider")
BUDGET_PERIODS = ("day", "week", "month")
BUDGET_STATES = ("exceeded", "will_exceed", "may_exceed", "within", "unknown")

CHANGE_PERIODS = ("day", "week", "month")
CHANGE_SCOPES = ("all", "account", "project", "team")
ANOMALY_VERDICTS = ("stands_out", "cannot_be_judged")
ANOMALY_CAUSES = ("price", "one_conversation", "one_key", "volume")
CHANGE_CAUSES = ("price", "volume", "mix", "cache", "tier", "new", "gone")


class BudgetStatus(dy.Schema):
    """Each budget against what is spent and expected: grain as_of, scope, owner, period."""

    as_of = day("day of the judgement: what is in the ledger of it is spent, the rest of it is forecast")
    scope = choice("whose budget it is", BUDGET_SCOPES)
    owner = text("the account, team, project, model or provider; 'all' for all together")
    period = choice("what the amount is for; a week begins on Monday", BUDGET_PERIODS)
    first_on = day("first day of the period that as_of is in")
    last_on = day("last day of it")
    budget_usd = usd("what may be spent in the period", nullable=False)
    status = choice(
        "exceeded: spent is more than the budget; will_exceed: projected is; may_exceed: the upper end of the 80 % "
        "band is; unknown: nothing of the usage has a price; exactly on budget is within",
        BUDGET_STATES,
    )
    spent_usd = usd(
        "exact: sum of effective_cost_usd in main.cost_daily of the owner from first_on to as_of, plan fees included; "
        "of a team that of main.cost_by_owner and its plan fees",
        nullable=False,
    )
    list_spent_usd = usd("the same at list price: sum of cost_usd, usage under plans included", nullable=False)
    projected_usd = usd("spent_usd and what is expected to the end of the period; NULL where nothing is known")
    low_usd = usd("lower end of the 80 % band of it, which holds the projection; NULL without enough past errors")
    high_usd = usd("upper end of the same")
    used_share = ratio("spent_usd over budget_usd; NULL for a budget of 0")
    chance_of_overrun = ratio(
        "share of past forecast errors of this total with which the budget is passed; 1 once it is; NULL: too few known"
    )
    exhausted_on = day(
        "day on which the budget is used up: that it was, or is expected to be; NULL: not in the period", nullable=True
    )
    exhausted_from = day("day by which one of ten past errors would have used it up, or the projection", nullable=True)
    exhausted_until = day(
        "day by which nine of ten would have, and the projection; NULL: fewer do within the period", nullable=True
    )
    is_lower_bound = flag("some of the usage has no price: spent and projected are of the rest")
    unpriced_reason = text("which usage has no price", nullable=True)
    band_basis = text("what band and chance rest on, or why there are none")
    source = text("where the budget is stated")
    formula_version = text("version of the formula")


class SpendChange(dy.Schema):
    """Why spend differs from the period before: grain as_of, period, scope, owner, provider, model.

    change_usd is exactly the sum of the parts: docs/budgets.md. The row of all models of an owner has the shift between
    models in its mix; so its parts are not the sums of its models', its change is.
    """

    as_of = day("day of the judgement; the period ends the day before")
    period = choice("how long both periods are: 1, 7 or 30 days", CHANGE_PERIODS)
    scope = choice("whose spend", CHANGE_SCOPES)
    owner = text("the account, project or team; 'all' for all together")
    provider = text("who bills; 'all' for all models of the owner together")
    model = text("model id as the usage log reports it; 'all' for all models of the owner together")
    first_on = day("first day of the period")
    last_on = day("last day of it")
    before_first_on = day("first day of the period before, which is as long and ends the day before this one")
    period_usd = usd("exact cost of the period at what was agreed, usage under plans as 0, fees of plans not included")
    before_usd = usd("the same of the period before")
    change_usd = usd("period_usd - before_usd, exact", nullable=False)
    price_usd = usd("other prices of what was used in both, at the volume of this period", nullable=False)
    volume_usd = usd("more or less tokens of the same model, all else as before", nullable=False)
    mix_usd = usd(
        "other shares of input, output and the rest, of channels and regions; of all models together of models, too; "
        "what rounding to the pico-dollar leaves is here",
        nullable=False,
    )
    cache_usd = usd("other shares of cached input, at the prices of before", nullable=False)
    tier_usd = usd("other shares of service tiers, at the prices of before", nullable=False)
    new_usd = usd("models that were not used before", nullable=False)
    gone_usd = usd("models that are not used any more: what they cost, with a minus", nullable=False)
    main_cause = choice("the part that is the largest, by amount; NULL: nothing changed", CHANGE_CAUSES, nullable=True)
    is_lower_bound = flag("some of the usage of either period has no price and is not in it")
    formula_version = text("version of the formula")


class SpendAnomaly(dy.Schema):
    """Days that cost more than those before let expect: grain as_of, scope, owner, provider, model.

    A series that is told apart by no limit has a row as well, which says so.
    """

    as_of = day("day of the judgement; the day before it is judged")
    usage_date = day("the day that stands out")
    scope = choice("whose spend", CHANGE_SCOPES)
    owner = text("the account, project or team; 'all' for all together")
    provider = text("who bills; 'all' for all models of the owner together")
    model = text("model id as the usage log reports it; 'all' for all models of the owner together")
    verdict = choice(
        "stands_out; cannot_be_judged: not rare for a series of bursts, on which a doubled day is nothing special; "
        "NULL in rows of before, which stand out",
        ANOMALY_VERDICTS,
        nullable=True,
    )
    spent_usd = usd("exact cost of the day at what was agreed", nullable=False)
    expected_usd = usd(
        "what the forecast of the evening before expected, moved by what that day was off", nullable=False
    )
    excess_usd = usd("spent less expected; where it stands out at least the floor, 5 USD", nullable=False)
    times = ratio("spent over expected", nullable=False)
    limit_times = ratio("the same, above which the day stands out: past errors of this series say", nullable=False)
    cause = choice(
        "price: half of the excess is other prices than in the four weeks before; one_conversation, one_key: one of "
        "them is half of it; else volume. NULL where it does not stand out",
        ANOMALY_CAUSES,
        nullable=True,
    )
    found_share = ratio("part of the last year's days that would have stood out had they cost twice as much")
    cause_id = text("the conversation or the key", nullable=True)
    price_usd = usd("what other prices than in the four weeks before add", nullable=False)
    history_days = count("days from the first usage", unit="days")
    formula_version = text("version of the formula")


class ForecastAccuracy(dy.Schema):
    """How good past forecasts of a day were: grain as_of, scope, provider, model, owner, days_ahead."""

    as_of = day("day of the judgement; forecasts of the 400 days before it are held against what came")
    scope = choice("whose spend", ("all", "provider", "model", "account", "team", "project"))
    provider = text("who bills; 'all' for all together")
    model = text("model id as the usage log reports it; 'all' for all together")
    owner = text("name of the account, team or project; NULL for other scopes", nullable=True)
    days_ahead = count("how far ahead the day was: 1 is the first day that was forecast", unit="days")
    origins = count("forecasts whose day is over", unit="forecasts")
    mape = ratio("mean of the error over what came, of days that cost something")
    mase = ratio("mean error over that of repeating the last week: below 1 is better")
    within_50 = ratio("share of the days within the band of 50 %; NULL: none had a band")
    within_80 = ratio("the same for 80 %")
    within_95 = ratio("the same for 95 %")
    band_origins = count("forecasts that had a band", unit="forecasts")
    formula_version = text("version of the formula")
