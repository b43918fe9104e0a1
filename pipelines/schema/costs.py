"""core.usage_cost and the cost marts built on it."""

import dataframely as dy

from pipelines.schema.columns import account, choice, count, day, flag, instant, price, ratio, text, usd
from pipelines.schema.meters import METERS, UNIT_SIZES

METER_GROUPS = ("input", "cache", "output", "audio", "image", "fee", "plan_fee")
COST_BASES = ("billed", "api_equivalent", "plan_fee")
UNPRICED_REASONS = (
    "unknown_model",
    "before_first_price",
    "after_last_price",
    "no_price_for_tier",
    "no_price_for_meter",
    "no_price_for_context",
)


class UsageCost(dy.Schema):
    """The ledger priced: grain day, offer, account, project, key, plan, meter, price_id, reason."""

    usage_date = day("UTC day of the usage")
    provider = text("who bills it")
    channel = text("where the model is bought")
    region = text("billing region")
    model = text("model id as the log reports it")
    service_tier = text("tier that the responses were billed at")
    account_id = account()
    project_id = text("project or workspace", nullable=True)
    api_key_id = text("id of the API key", nullable=True)
    meter = choice("what is counted", METERS)
    price_id = text("the version in core.token_price that priced it; NULL where none does", nullable=True)
    usd_per_unit = price("price in force", unit="USD per unit", nullable=True)
    unit = choice("what usd_per_unit is the price of", tuple(UNIT_SIZES), nullable=True)
    unpriced_reason = choice("why there is no price; NULL where there is one", UNPRICED_REASONS, nullable=True)
    first_price_on = day("first day with a known price of this model, tier and meter", nullable=True)
    is_lower_bound = flag(
        "it may have cost more: the price of a bucket depends on the prompt size or changes within it, or usage "
        "says so (lower_bound_reason)"
    )
    usage_rows = count("ledger rows priced together, whether or not each has this meter", unit="rows")
    quantity = count("tokens or calls", unit="tokens or calls")
    cost_usd = usd("quantity * usd_per_unit / unit size, exact: the cost at list price; NULL where unpriced")
    plan_id = text("the plan in core.plan_fee that this usage is under; NULL: it is billed", nullable=True)
    term_id = text("the line in core.contract_term that it is paid by; NULL: none, list price", nullable=True)
    contracted_usd_per_unit = price(
        "what is paid for one unit: the price of that line, or the list price less its discount, to six decimals; "
        "else the list price",
        unit="USD per unit",
        nullable=True,
    )
    effective_cost_usd = usd(
        "quantity * contracted_usd_per_unit / unit size, exact; NULL without any price. 0 for usage under a plan, "
        "whose fee is owed instead"
    )


class CostFingerprint(dy.Schema):
    """What the cost of a day was computed from, so that only days with new usage or prices are computed again."""

    usage_date = day("UTC day")
    fingerprint = text("hash of the ledger file, the prices in force and the formula version")


class CostDaily(dy.Schema):
    """Cost by date, provider, channel, region, model, tier, account, project, key, plan and meter group."""

    usage_date = day("UTC day of the usage")
    provider = text("who bills it")
    channel = text(
        "where the model is bought; 'unknown' in rows of before it was kept, until their day is priced again"
    )
    region = text("billing region; 'unknown' in rows of before it was kept, until their day is priced again")
    model = text("model id as the log reports it")
    service_tier = text("tier that the responses were billed at")
    account_id = account()
    project_id = text("project or workspace", nullable=True)
    api_key_id = text("id of the API key", nullable=True)
    meter_group = choice("input, cache, output, audio, image, fee of calls, or plan_fee", METER_GROUPS)
    quantity = count("tokens, or calls for fees; 0 for a plan's fee", unit="tokens or calls")
    cost_usd = usd(
        "exact cost at the list prices in force on that day; 0 for a plan's fee; NULL where only the contract has a "
        "price"
    )
    list_cost_usd = usd("the same: cost_usd under the name that says what it is")
    is_lower_bound = flag("some of it may have cost more: see core.usage_cost")
    price_ids = text(
        "the versions in core.token_price that priced it, comma separated; of a fee, its plan_id; NULL where only the "
        "contract has a price",
        nullable=True,
    )
    plan_id = text("the plan in core.plan_fee that the usage is under, or whose fee it is", nullable=True)
    cost_basis = choice(
        "billed; api_equivalent: usage under a plan, which would cost cost_usd by the token and is not owed; plan_fee: "
        "what the plan costs instead. NULL in rows of before plans were kept, which are billed",
        COST_BASES,
        nullable=True,
    )
    effective_cost_usd = usd(
        "what is owed: where billed at what was agreed (core.contract_term), else at list price; 0 where "
        "api_equivalent; the fee where plan_fee; NULL in rows of before"
    )


class CostUnpriced(dy.Schema):
    """Usage that has no price, with the reason and what to do: same grain as core.usage_cost without a price."""

    usage_date = day("UTC day of the usage")
    provider = text("who bills it")
    model = text("model id as the log reports it")
    service_tier = text("tier that the responses were billed at")
    account_id = account()
    project_id = text("project or workspace", nullable=True)
    api_key_id = text("id of the API key", nullable=True)
    meter = choice("what is counted", METERS)
    quantity = count("tokens or calls without a price", unit="tokens or calls")
    unpriced_reason = choice("why there is no price", UNPRICED_REASONS)
    first_price_on = day("first day with a known price: the hint for usage from before it", nullable=True)
    remedy = text("what to do about it")


CHANGE_KINDS = ("new", "changed", "vanished", "returned", "corrected", "announced_cancelled")
CONFLICT_CAUSES = ("rounding", "scale", "older", "context range", "unknown")


class PriceChange(dy.Schema):
    """What changed in the price lists, as it was learned: grain price_id, kind, known_from."""

    changed_on = day("UTC day on which the warehouse learned it")
    kind = choice(
        "new; changed; vanished from the source; returned to it; corrected: the figure before was wrong from "
        "valid_from on; announced_cancelled: an announced price that will not come",
        CHANGE_KINDS,
    )
    provider = text("who bills")
    channel = text("where the model is bought")
    region = text("billing region")
    model = text("model id as the source lists it")
    meter = text("what is counted")
    service_tier = text("tier")
    context_from = count("smallest prompt size that the price applies to", unit="tokens")
    time_window = text("'always', or the hours in which the price holds; UTC")
    old_usd_per_unit = price(
        "price before; where corrected, the wrong one; where cancelled, the announced one",
        unit="USD per unit",
        nullable=True,
    )
    new_usd_per_unit = price(
        "price now; where an announced one was cancelled, what holds instead, NULL if nothing does",
        unit="USD per unit",
        nullable=True,
    )
    unit = text("what the prices are of")
    pct_change = dy.Float64(description="new against old", nullable=True, metadata={"unit": "%"})
    valid_from = instant("since when it holds; where an announced price was cancelled, when it would have begun")
    known_from = instant("since when the warehouse knows")
    is_announced = flag("learned before it holds")
    is_first_snapshot = flag("the source had never been read before, so nothing is really new")
    source = text("key of the source")
    url = text("the page", nullable=True)
    fetch_id = text("the fetch whose page shows it; where cancelled, whose page announced it")
    price_id = text("the version in core.token_price; where cancelled, the announced one")
    usd_per_month_effect = usd("what the change does to the usage of the last 30 days before changed_on")
    usd_correction = usd("where corrected: what it adds to the cost of all usage before changed_on; else NULL")


class PriceConflict(dy.Schema):
    """Sources that disagree about a price in force: grain other source and the key of its price."""

    provider = text("who bills")
    channel = text("where the model is bought")
    region = text("billing region")
    model = text("model id as the source that counts lists it")
    meter = text("what is counted")
    service_tier = text("tier")
    context_from = count("smallest prompt size that the price applies to", unit="tokens")
    time_window = text("'always', or the hours in which the price holds; UTC")
    believed_source = text("the best source that lists the price")
    believed_usd_per_unit = price("its price", unit="USD per unit")
    believed_since = instant("since when")
    believed_fetched_at = instant("its newest body whose rows were promoted", nullable=True)
    other_source = text("the source that disagrees")
    other_model = text("the id that it lists")
    other_usd_per_unit = price("its price", unit="USD per unit")
    other_since = instant("since when")
    other_fetched_at = instant("its newest body whose rows were promoted", nullable=True)
    pct_difference = dy.Float64(
        description="other against the one that counts; NULL where that is 0", nullable=True, metadata={"unit": "%"}
    )
    unit = text("what the prices are of")
    reason = text("why the one counts")
    likely_cause = choice(
        "first that applies. rounding: equal to within half a unit of the coarser figure's last decimal, cents at the "
        "coarsest; scale: the ratio is a power of ten; older: the other is the price that held before the "
        "one that counts; context range: the two hold up to different prompt sizes",
        CONFLICT_CAUSES,
    )


class SourceHealth(dy.Schema):
    """How each source stands: grain as_of, source."""

    as_of = day("UTC day of the judgement")
    source = text("key of the source in the catalog")
    kind = text("llm_prices, gpu_rates, lifecycle, feeds or exchange_rates")
    standing = text("page, api or aggregator")
    url = text("address of the page")
    is_proven = flag("the parser was held to a whole real answer, or rows of a live one were promoted up to as_of")
    status = choice(
        "ok; stale: older than two days; failing: the last attempt failed or was refused; never: no rows yet; "
        "no_key: it needs a key that was not set at the last run, so it is not asked",
        ("ok", "stale", "failing", "never", "no_key"),
    )
    last_attempt_at = instant("last attempt", nullable=True)
    last_success_at = instant("last body whose rows were promoted", nullable=True)
    failing_since = instant("first failed or refused attempt since the last success", nullable=True)
    consecutive_failures = count("failed or refused attempts since the last success", unit="attempts")
    age_hours = dy.Float64(description="age of the last success", nullable=True, metadata={"unit": "hours"})
    row_count = count("rows of the last success", unit="rows", nullable=True)
    row_count_change_pct = dy.Float64(
        description="row_count against the median of the ten promoted bodies before it; NULL where there is none",
        nullable=True,
        metadata={"unit": "%"},
    )
    reject_count = count("rows of it refused one by one", unit="rows", nullable=True)
    reject_share = ratio("reject_count / (row_count + reject_count)")
    open_hold_count = count("prices held back now", unit="rows")
    last_change_at = instant("last body that changed a version", nullable=True)
    reason = text("why the last attempt failed or was refused", nullable=True)
