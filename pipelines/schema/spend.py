"""What was spent against what may be spent, why it changed, which days stand out, and how good forecasts were."""

import dataframely as dy

from pipelines.schema.columns import choice, day, flag, ratio, text, usd

BUDGET_SCOPES = ("all", "account", "team", "project", "model", "provider")
BUDGET_PERIODS = ("day", "week", "month")
BUDGET_STATES = ("exceeded", "will_exceed", "may_exceed", "within", "unknown")


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
    low_usd = usd("lower end of the 80 % band of it; NULL without enough past errors")
    high_usd = usd("upper end of the same")
    used_share = ratio("spent_usd over budget_usd; NULL for a budget of 0")
    chance_of_overrun = ratio(
        "share of past forecast errors of this total with which the budget is passed; 1 once it is; NULL: too few known"
    )
    exhausted_on = day(
        "day on which the budget is used up: that it was, or is expected to be; NULL: not in the period", nullable=True
    )
    exhausted_from = day("day by which one of ten past errors would have used it up", nullable=True)
    exhausted_until = day("day by which nine of ten would have; NULL: fewer do within the period", nullable=True)
    is_lower_bound = flag("some of the usage has no price: spent and projected are of the rest")
    unpriced_reason = text("which usage has no price", nullable=True)
    band_basis = text("what band and chance rest on, or why there are none")
    source = text("where the budget is stated")
    formula_version = text("version of the formula")
