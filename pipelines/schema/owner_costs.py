"""Whose cost it is: the tables by owner and by conversation."""

import dataframely as dy

from pipelines.schema.columns import account, choice, count, day, flag, text, usd

CONVERSATIONS_PER_DAY = 50
OWNER_KINDS = ("key", "user", "project", "account")


class CostByOwner(dy.Schema):
    """Cost by date, account, team, project, key, user, feature and plan; any of them may be summed by."""

    usage_date = day("UTC day of the usage")
    account_id = account()
    team = text("team of warehouse/owners.csv on that day; NULL: not mapped", nullable=True)
    cost_center = text("cost center of the same line", nullable=True)
    mapped_by = choice("what that line is about; NULL: not mapped", OWNER_KINDS, nullable=True)
    project_id = text("project or workspace", nullable=True)
    api_key_id = text("id of the API key", nullable=True)
    user_id = text("user", nullable=True)
    feature = text("what it was used for, as the log names it", nullable=True)
    usage_rows = count("ledger rows", unit="rows")
    tokens = count("tokens of all meters, priced or not", unit="tokens")
    unpriced_quantity = count("tokens and calls without a price", unit="tokens or calls")
    cost_usd = usd("exact cost, at list price, of what has one; NULL where nothing has")
    effective_cost_usd = usd("exact cost at what was agreed (core.contract_term), else at list price")
    is_lower_bound = flag("some of it may have cost more: buckets do not tell prompt sizes and hours")
    plan_id = text("the plan in core.plan_fee that this usage is under: it is not owed; NULL: billed", nullable=True)


class ConversationCost(dy.Schema):
    """The dearest conversations of each day, 50 at most: grain day, account, conversation."""

    usage_date = day("UTC day of the usage; a conversation of two days is two rows")
    rank = count("place among the conversations of that day, 1 the dearest", unit="place")
    account_id = account()
    conversation_id = text("session or conversation")
    project_id = text("project, where all of it has one and the same", nullable=True)
    api_key_id = text("id of the API key, where all of it has one and the same", nullable=True)
    user_id = text("user, where all of it has one and the same", nullable=True)
    feature = text("feature, where all of it has one and the same", nullable=True)
    usage_rows = count("ledger rows that have a price", unit="rows")
    tokens = count("their tokens, all meters", unit="tokens")
    unpriced_quantity = count("their tokens and calls without a price", unit="tokens or calls")
    cost_usd = usd("exact cost at list price", nullable=False)
    effective_cost_usd = usd("exact cost at what was agreed (core.contract_term), else at list price")
    is_lower_bound = flag("some of it may have cost more: buckets do not tell prompt sizes and hours")
