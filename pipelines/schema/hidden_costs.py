"""main.hidden_cost: what of a day's cost the naive figure leaves out."""

import dataframely as dy

from pipelines.schema.columns import account, count, day, ratio, text, usd


class HiddenCost(dy.Schema):
    """Cost beyond the naive figure, from logs: grain day, account, project, key, user, feature, provider, model.

    base_usd, history_usd, cache_miss_usd and reasoning_usd add up to cost_usd; one that is NULL is in base_usd, and
    not_in_data says why. naive_usd is not one of them.
    """

    usage_date = day("UTC day of the usage")
    account_id = account()
    team = text("team of warehouse/owners.csv on that day; NULL: not mapped", nullable=True)
    cost_center = text("cost center of the same line", nullable=True)
    project_id = text("project or workspace", nullable=True)
    api_key_id = text("id of the API key", nullable=True)
    user_id = text("user", nullable=True)
    feature = text("what it was used for, as the log names it", nullable=True)
    provider = text("who bills it")
    model = text("model id as the log reports it")
    usage_rows = count("ledger rows", unit="rows")
    calls = count("requests, as far as the rows tell their number", unit="requests")
    calls_in_conversations = count("of these, requests that name their conversation", unit="requests")
    cost_usd = usd("exact cost of what has a price; NULL where nothing has")
    naive_usd = usd(
        "the first prompt of a conversation and the visible answer of each call, at the list price of input"
    )
    ratio = ratio("cost_usd / naive_usd; at least that, as far as parts are not in the data")
    base_usd = usd("what no other part holds: first prompts, visible answers and what the logs do not tell apart")
    system_usd = usd("system prompts: NULL, logs count a prompt whole")
    retrieved_usd = usd("retrieved documents: NULL, logs count a prompt whole")
    history_usd = usd("what prompts have beyond the first one of their conversation that day; NULL: no conversations")
    cache_miss_usd = usd(
        "what tokens that the call before left in the cache cost above a cache read; NULL: no conversations"
    )
    reasoning_usd = usd("reasoning, at the price of output; NULL: not told apart")
    retries_usd = usd("retries and fallbacks: NULL, no log marks them")
    cacheable_usd = usd(
        "what a prompt cache would save beyond cache_miss_usd, at most: tokens that the call before had sent, too, "
        "at the price of input less that of a cache read; not a part of cost_usd. NULL: no conversations"
    )
    history_tokens = count("tokens behind history_usd", unit="tokens")
    missed_tokens = count("tokens behind cache_miss_usd", unit="tokens")
    reasoning_tokens = count("tokens behind reasoning_usd", unit="tokens", nullable=True)
    unpriced_quantity = count("tokens and calls without a price", unit="tokens or calls")
    not_in_data = text("which parts the logs do not tell, and why")
    formula_version = text("version of the formula")
