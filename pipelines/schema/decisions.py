"""The tables that decisions are taken from: break-even, forecast, deprecation risk. Each row names its evidence."""

import dataframely as dy

from pipelines.schema.columns import choice, count, day, flag, price, ratio, text, usd
from pipelines.schema.exchange_rates import usd_per_currency
from pipelines.schema.lifecycles import OUTCOMES, STATES

VERDICTS = ("own_gpus", "managed", "api", "no_usage", "unknown")
WAYS = ("managed", "rented", "dedicated", "owned", "mac", "any")
CURVE_WAYS = ("api", "managed", "dedicated", "rented", "owned", "mac")
PRICINGS = ("on_demand", "spot", "reserved", "purchase")
THROUGHPUT_BASES = ("measured", "interpolated", "at_or_above", "stated")
MIX_BASES = ("own", "scenario", "default")
FORECAST_PERIODS = ("month", "next_month", "90_days")
FORECAST_SCOPES = ("model", "all", "provider", "account", "team", "project")
DAYS_BASES = ("firm", "floor", "inferred")
NOTICE_BASES = ("announced", "legacy")
NOTICE_PERIODS = ("12_months", "all_time")
LEVELS = ("critical", "high", "medium", "low")


def _share(description: str, *, nullable: bool = False) -> dy.Float64:
    return dy.Float64(description=description, nullable=nullable, min=0, max=1, metadata={"unit": "1"})


class BreakEven(dy.Schema):
    """From which volume own machines cost no more than an API: grain as_of, api, way, provider, tier, card, pricing.

    Rows of formula break-even-1 rest on one benchmark at the highest load and know rented GPUs alone.
    """

    as_of = day("day whose prices, rates and figures are compared")
    api_provider = text("who bills the API")
    api_model = text("model id of the API; '' where neither logs nor a scenario name one", min_length=0)
    way = choice(
        "managed by the token, rented, dedicated endpoint, owned, a Mac; any: nothing is known", WAYS, nullable=True
    )
    gpu_provider = text("who rents out the GPUs; own: bought; any: of every one")
    gpu_tier = text("the provider's own class; server or desk where bought; any: of every one")
    pricing = choice("commitment of the rate; purchase where bought", PRICINGS, nullable=True)
    term_months = count("length of the commitment", unit="months", nullable=True)
    pays_from_use_share = _share(
        "of a reservation or a purchase: hours in use from which it costs no more than on demand (a purchase: than the "
        "cheapest of that card); NULL: never, or not known",
        nullable=True,
    )
    open_model = text("open model that stands in for the API model", nullable=True)
    acceptance_share = ratio("part of its answers that is accepted: the user's word")
    answer = text("verdict at the own volume, the volumes that pay, and every flag that changes what it means")
    verdict = choice(
        "what is cheaper at the own volume; no_usage: there is none; unknown: a price or a measurement is missing",
        VERDICTS,
    )
    reason = text("why there is no threshold or no verdict; NULL where there is", nullable=True)
    flags = text("what the answer rests on, comma separated: docs/self_hosting.md", nullable=True)
    moved_by = text(
        "what moved the threshold since the day decided before; NULL: nothing, or no such row", nullable=True
    )
    own_tokens_per_month = count("own volume: usage of the last 30 days, or the scenario's", unit="tokens per month")
    own_api_usd_per_month = usd(
        "API bill at the own volume, as it is paid: by the contract (core.contract_term), plans apart",
        unit="USD per month",
    )
    own_list_usd_per_month = usd("the same at list prices; NULL where no list has them", unit="USD per month")
    own_gpu_usd_per_month = usd("bill of own machines at the own volume", unit="USD per month")
    own_replicas = count("replicas that serve the own volume", unit="replicas", nullable=True)
    own_utilisation = ratio("mean use of these replicas at the own volume over all hours; 1: full load all the time")
    own_usd_per_accepted_mtok = price(
        "that bill per million accepted tokens", unit="USD per Mtok accepted", nullable=True
    )
    break_even_tokens_per_month = count(
        "smallest volume at which own machines cost no more; NULL: never", unit="tokens per month", nullable=True
    )
    break_even_calls_per_month = count(
        "the same in calls of the workload's mean length", unit="calls per month", nullable=True
    )
    until_tokens_per_month = count(
        "largest volume that the same replicas can serve", unit="tokens per month", nullable=True
    )
    replicas = count("replicas needed at the threshold", unit="replicas", nullable=True)
    needed_utilisation = _share("share of the replicas' full capacity in use at the threshold", nullable=True)
    api_usd_per_month = usd("API bill at the threshold", unit="USD per month")
    gpu_usd_per_month = usd("bill of own machines at the threshold, people included", unit="USD per month")
    intervals = text("all volumes that pay, as JSON: replicas, from_tokens, until_tokens of each step")
    usd_per_mtok = price(
        "API price of the token mix as it is paid, rounded for display", unit="USD per Mtok", nullable=True
    )
    list_usd_per_mtok = price("the same at list prices", unit="USD per Mtok", nullable=True)
    list_break_even_tokens_per_month = count(
        "the volume from which this offer would pay at list prices; NULL: never, or not known",
        unit="tokens per month",
        nullable=True,
    )
    term_ids = text("lines of core.contract_term that the API price rests on, comma separated", nullable=True)
    full_usd_per_mtok = price(
        "lowest cost that full replicas reach: an API below it is never beaten", unit="USD per Mtok", nullable=True
    )
    upfront_usd = usd("paid at once: purchase, fine-tuning, migration")
    pay_back_months = count("first month at whose end that has come back; NULL: never", unit="months", nullable=True)
    pay_back_exact_months = ratio("with their fraction, if each month saves what the first does", unit="months")
    pay_back_on = day("the calendar date of it", nullable=True)
    pay_back_until = day("day on which the API model retires or the machine has lived", nullable=True)
    is_paid_back_in_time = flag("on or before that day; NULL where none is known", nullable=True)
    hybrid = text("a part on own machines, the rest at the API, as JSON by routed share", nullable=True)
    sensitivity = text("threshold at the low and the high end of each input, as JSON; of the best row", nullable=True)
    price_ids = text("the versions in core.token_price, comma separated", nullable=True)
    mix = text("tokens of the mix by meter, as JSON")
    mix_basis = choice("own: usage of the last 30 days; scenario: there is none; default: before that", MIX_BASES)
    mean_input_tokens = count("mean prompt of one call", unit="tokens", nullable=True)
    mean_output_tokens = count("mean answer of one call", unit="tokens", nullable=True)
    cached_tokens = count("part of the mean prompt that is read from a cache", unit="tokens", nullable=True)
    latency_goal = text("what every user is to get", nullable=True)
    rate_id = text(
        "the version in core.gpu_rate, shipped figures, or prices of managed weights, comma separated", nullable=True
    )
    usd_per_gpu_hour = price("rate of one GPU for one hour", unit="USD per GPU and hour", nullable=True)
    fx_rate_on = day("day of the reference rate that converted it; NULL if it is printed in USD", nullable=True)
    usd_per_currency = usd_per_currency("that rate, from core.exchange_rate; NULL for USD", nullable=True)
    gpu = text("GPU model, or machine", nullable=True)
    variant = text("form factor; '' if the source does not tell", nullable=True)
    region = text("region of the rate", nullable=True)
    throughput_id = text("the measured points that capacity is computed from, comma separated", nullable=True)
    throughput_source = text("where they are published", nullable=True)
    throughput_basis = choice("how they tell of this workload", THROUGHPUT_BASES, nullable=True)
    out_tok_s_per_gpu = price(
        "output rate of one GPU at full load on this workload", unit="output tokens per second and GPU", nullable=True
    )
    gpus_per_replica = count("GPUs that serve one copy of the model", unit="GPUs", nullable=True)
    gpus_per_rental = count("GPUs in the smallest thing rented or bought", unit="GPUs", nullable=True)
    max_utilisation = _share("share of that rate that is planned with, at the threshold", nullable=True)
    peak_factor = ratio("peak load over mean load that capacity must meet", nullable=False)
    hours_per_month = count("length of a month", unit="hours")
    engineering_usd_per_month = usd("people's time for own machines", unit="USD per month", nullable=False)
    max_replicas = count("largest number of replicas considered", unit="replicas")
    is_mix_beyond_reference = flag("of break-even-1: prompts longer than its benchmark's; NULL since", nullable=True)
    spare_replicas = count("replicas paid for and not counted with", unit="replicas", nullable=True)
    formula_version = text("version of the formula")


class BreakEvenCurve(dy.Schema):
    """What one workload costs by volume, each way: grain as_of, api_provider, api_model, way, tokens_per_month."""

    as_of = day("day whose prices, rates and figures are compared")
    api_provider = text("who bills the API")
    api_model = text("model id of the API")
    way = choice("api, managed per token, dedicated endpoint, rented, owned servers, a Mac", CURVE_WAYS)
    tokens_per_month = count("volume, input and output together, in the mix of the workload", unit="tokens per month")
    usd_per_month = usd("bill of the cheapest of this way; NULL where none can serve it", unit="USD per month")
    usd_per_mtok = price("that bill per million tokens", unit="USD per Mtok", nullable=True)
    seller = text("whose offer is the cheapest", nullable=True)
    gpu = text("card or machine, with its form factor", nullable=True)
    replicas = count("replicas that serve it", unit="replicas", nullable=True)
    reason = text("why there is no bill", nullable=True)
    evidence_ids = text("prices, rates, figures and measured points, comma separated", nullable=True)
    is_own_volume = flag("the volume of the workload itself")
    formula_version = text("version of the formula")


class SpendForecast(dy.Schema):
    """What will be spent: grain as_of, period, scope, provider, model, owner. Tokens are forecast, prices are known."""

    as_of = day("first day that is forecast; history ends the day before")
    period = choice(
        "month: that of as_of, from its first day; next_month: the one after; 90_days: from as_of on", FORECAST_PERIODS
    )
    month = day("first day of the month of as_of")
    first_on = day("first day of the period")
    last_on = day("last day of the period")
    scope = choice(
        "whose spend: a model, a provider, an account, team or project, or all together; each with its own errors",
        FORECAST_SCOPES,
    )
    provider = text("who bills; 'all' for all of them together")
    model = text("model id as the usage log reports it; 'all' for all models together")
    owner = text("name of the account, team or project; NULL for other scopes", nullable=True)
    spent_usd = usd(
        "exact cost at list price of the period up to as_of, what is seen of it included, of usage that has a price; "
        "NULL where none has. Usage under a plan is not owed and not counted"
    )
    seen_usd = usd("part of it that is of as_of itself: the rest of that day is forecast")
    remaining_usd = usd(
        "expected cost of the rest of as_of and the days to come, each at the price then in force; NULL: none is known"
    )
    projected_usd = usd("both together: a lower bound where is_lower_bound; NULL where nothing is known")
    spent_effective_usd = usd(
        "what is owed for the period up to as_of: usage by the contract (core.contract_term), plan fees but in rows of "
        "models; exact; NULL where none of the usage has a price"
    )
    projected_effective_usd = usd(
        "that, and what is owed of remaining_usd by the terms in force on each coming day, reckoned on the usage of "
        "the eight weeks before as_of, and plan fees as on their newest day; the same figure as projected_usd of "
        "main.budget_status. Commitments and credits are not in it"
    )
    low_50_usd = usd("lower end of the band that half of the outcomes fall into; NULL without enough past errors")
    high_50_usd = usd("upper end of the same")
    low_usd = usd("lower end of the band of 80 %; NULL without enough past errors")
    high_usd = usd("upper end of the same")
    low_95_usd = usd("lower end of the band of 95 %; NULL without enough past errors")
    high_95_usd = usd("upper end of the same")
    band_basis = text("what the bands rest on, where the projection is an end of the 80 %, or why there are none")
    method = text("the methods whose mean is forecast, most used first, as docs/forecast.md explains them")
    past_error = ratio("mean error of past forecasts of 30 days over their mean outcome; NULL: none can be held yet")
    is_foretellable = flag("past_error is at most 0.33; NULL where it is not known", nullable=True)
    history_days = count("days from the first usage to the day before as_of", unit="days")
    is_low_confidence = flag("less than 14 days of history")
    is_lower_bound = flag("some of the usage has no price: the sums are of the rest")
    is_unpriced = flag("some past or expected usage has no price")
    unpriced_reason = text("which usage has no price", nullable=True)
    ends = text(
        "models of it whose requests fail, or are answered and billed as another's, from a day of the period on; NULL "
        "for owners, whose sums have it all the same",
        nullable=True,
    )
    formula_version = text("version of the formula")


class NoticeStatistics(dy.Schema):
    """Days from telling to the end: grain as_of, announcer, basis, period."""

    as_of = day("day of the judgement")
    announcer = text("who told: the provider for its own API, the platform (azure, bedrock, ...) for what it hosts")
    basis = choice(
        "announced: from the printed announcement; legacy: from the day of legacy status, which is no announcement",
        NOTICE_BASES,
    )
    period = choice("12_months: told in the 365 days up to as_of; all_time: all that is known", NOTICE_PERIODS)
    model_count = count("models, versions and scopes with both dates as exact days", unit="models")
    event_count = count("different days on which it told", unit="events")
    median_days = ratio("median over the models", unit="days", nullable=False)
    min_days = count("shortest", unit="days")
    p10_days = count("10th percentile, the lower of two neighbours", unit="days")
    max_days = count("longest", unit="days")
    last_told_on = day("newest of these days")


class DeprecationRisk(dy.Schema):
    """Used models that have an end: grain as_of, channel, provider, model, project_id, api_key_id; 90 days of usage.

    score = 100 * urgency * (0.6 * spend_exposure + 0.4 * impact), 0 if unused for 30 days; docs/deprecation_risk.md.
    """

    as_of = day("day of the judgement; usage before it counts")
    provider = text("who makes the model")
    channel = text("where it is bought, and retired: api (from the provider itself), azure, bedrock, vertex, ...")
    model = text("model id as the usage log reports it")
    version = text("version whose end this is; '' where the source names none", min_length=0)
    scope = text("regions or tiers that the end holds for; 'all' where the source names none")
    project_id = text("project or workspace that uses it", nullable=True)
    api_key_id = text("id of the API key that uses it", nullable=True)
    level = choice("critical: a printed date within 14 days and spend; else by score", LEVELS)
    score = dy.Float64(
        description="100 * urgency * (0.6 * spend_exposure + 0.4 * impact); 0 if unused for 30 days",
        min=0,
        max=100,
        metadata={"unit": "points of 100"},
    )
    urgency = _share("1 - days_left / lead_time_days within 0 and 1; at most 0.5 without a firm date")
    spend_exposure = _share("share_of_spend / 0.10, at most 1; 1 where the spend is unknown")
    impact = _share("by outcome: fail 1, reroute_rebill 0.7, price_rise 0.5, redirect 0.3; +0.2 without replacement")
    is_used_after_retirement = flag("requests were still logged on or after the day from which it is gone")
    days_left = dy.Int64(
        description="days from as_of to the expected end; negative once it has passed", metadata={"unit": "days"}
    )
    days_basis = choice(
        "firm: printed date; floor: printed earliest date; inferred: from the provider's usual notice", DAYS_BASES
    )
    expected_end_on = day("day from which the model is expected to be gone")
    retires_on = day("date that the provider prints; NULL where it prints none", nullable=True)
    lead_time_days = ratio("days that a move needs: 90, or notice_median_days if longer", nullable=False)
    notice_median_days = ratio(
        "median notice over the last 12 months, of the provider or the platform; NULL: none known", unit="days"
    )
    notice_p10_days = count("10th percentile of the same: nine of ten models had longer", unit="days", nullable=True)
    notice_event_count = count("days on which it announced ends in the last 12 months", unit="events")
    canonical_model = text("id in core.model_lifecycle")
    state = choice("what the source calls the model", STATES)
    outcome = choice("what happens to requests afterwards", OUTCOMES)
    last_used_on = day("last day with usage")
    spend_30d_usd = usd("known cost of the last 30 days; NULL where none of its usage has a price")
    share_of_spend = ratio("part of all spend of the last 30 days")
    cost_until_retirement_usd = usd("daily spend of the last 30 days times the days left")
    replacement = text("first recommended model that has a price and stays longer", nullable=True)
    replacement_days_left = dy.Int64(
        description="days to the replacement's own expected end; NULL where none is known",
        nullable=True,
        metadata={"unit": "days"},
    )
    replacement_chain = text("the replacement and its own replacements, with their days left", nullable=True)
    replacement_delta_pct = ratio("price of the replacement against this model on the own token mix", unit="%")
    monthly_delta_usd = usd("the same for the usage of the last 30 days", unit="USD per 30 days")
    delta_reason = text("why the replacement cannot be compared", nullable=True)
    lifecycle_id = text("the version in core.model_lifecycle")
    formula_version = text("version of the formula")
