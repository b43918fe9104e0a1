"""Plans: what their seats cost day by day, and what the usage under them would have cost."""

import dataframely as dy

from pipelines.schema.columns import choice, count, day, flag, text, usd
from pipelines.schema.exchange_rates import usd_per_currency
from pipelines.schema.owner_costs import OWNER_KINDS

PLAN_OWNER_KINDS = (*OWNER_KINDS, "team")


def plan_id(description: str, *, nullable: bool = False) -> dy.String:
    """The column that names a seat of a plan."""
    return text(description, nullable=nullable)


class PlanFee(dy.Schema):
    """What a plan's seats cost on one day: grain day, plan_id."""

    usage_date = day("UTC day that this part of the monthly fee is of")
    plan_id = plan_id("plan, kind and id of its owner, as warehouse/plans.csv writes them, in one")
    plan = text("name of the plan")
    provider = text("who bills it")
    kind = choice("whose seat it is", PLAN_OWNER_KINDS)
    id = text("the owner: id of the key, user, project or account, or name of the team")
    owner_seats = dy.Decimal(
        38, 12, description="seats of the line, divided by its owners", nullable=False, metadata={"unit": "seats"}
    )
    currency = text("currency of the fee")
    fee = usd("exact part of the monthly fee, in its currency", unit="currency", nullable=False)
    usd_per_currency = usd_per_currency(
        "reference rate of the day, or the last before it within a week; NULL: none is known", nullable=True
    )
    fee_usd = usd("the part in USD; NULL where no rate is known")


class PlanValue(dy.Schema):
    """What a plan saves or wastes: grain day, plan_id."""

    usage_date = day("UTC day")
    plan_id = plan_id("plan, kind and id of its owner, as warehouse/plans.csv writes them, in one")
    plan = text("name of the plan")
    provider = text("who bills it")
    kind = choice("whose seat it is", PLAN_OWNER_KINDS)
    id = text("the owner: id of the key, user, project or account, or name of the team")
    fee_usd = usd("the day's part of the monthly fee; NULL where no rate of its currency is known")
    api_equivalent_usd = usd("what the usage under the plan would have cost by the token", nullable=False)
    saved_usd = usd("api_equivalent_usd less fee_usd; below 0, what the plan wastes")
    tokens = count("tokens of the usage under the plan, priced or not", unit="tokens")
    unpriced_quantity = count("its tokens and calls without a price", unit="tokens or calls")
    is_lower_bound = flag("the usage would have cost more: some has no price, or a price is a lower bound")
