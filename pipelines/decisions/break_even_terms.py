"""What a workload, a scenario and the user's files say, as `Load` and `Terms`; each thing nobody said is flagged."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from pipelines.decisions.api_bill import Load
from pipelines.decisions.break_even import DEFAULT_PEAK, Terms
from pipelines.decisions.scenario import TEXT_METERS, Scenario
from pipelines.decisions.self_hosting.capacity import Headroom
from pipelines.decisions.self_hosting.pay_back import FineTune
from pipelines.decisions.self_hosting.request import Goal
from pipelines.decisions.user_facts import DEFAULT_STAND_IN, StandIn
from pipelines.decisions.workload import Workload

ASSUMED = {
    "peak_over_mean": "peak_assumed",
    "engineering_usd_per_month": "engineering_assumed",
    "tokens_per_second_per_user": "goal_assumed",
    "acceptance_share": "acceptance_assumed",
}
"""Key of a scenario -> flag where it is a default."""


def load_of(workload: Workload) -> Load | None:
    """Tokens and calls of a month; None where logs do not count calls, or count no tokens."""
    tokens = {meter: Fraction(workload.tokens_per_month.get(meter, 0)) for meter in TEXT_METERS}
    if not workload.calls_per_month or not sum(tokens.values()):
        return None
    return Load({meter: count for meter, count in tokens.items() if count}, workload.calls_per_month)


def terms_of(workload: Workload, scenario: Scenario | None, stand_in: StandIn | None) -> Terms:
    """`scenario` None: the workload is out of logs. `stand_in`: the user's line for the API model; it comes first."""
    goal = Goal(workload.first_token_seconds, workload.tokens_per_second_per_user)
    flags = ["same_lengths"]
    terms = Terms(goal=goal, peak_factor=workload.peak_over_mean or DEFAULT_PEAK)
    if scenario is None:
        terms = replace(terms, engineering_usd_per_month=_default_engineering())
        flags += ["engineering_assumed", "goal_assumed"]
        flags += ["peak_assumed"] if workload.peak_over_mean is None else []
    else:
        terms = replace(
            terms,
            hours_per_month=scenario.hours_per_month,
            engineering_usd_per_month=scenario.engineering_usd_per_month,
            tuning=FineTune(
                scenario.training_mtok,
                scenario.training_epochs,
                scenario.usd_per_mtok_trained,
                data_and_evaluation_usd=scenario.fine_tuning_usd,
                migration_usd=scenario.migration_usd,
            ),
            retrain_every_months=scenario.retrain_every_months,
            growth_per_month=scenario.growth_per_month,
            spare_replicas=scenario.spare_replicas,
            acceptance=scenario.acceptance_share,
            headroom=Headroom(scenario.max_utilisation_share),
            max_replicas=scenario.max_replicas,
        )
        defaults = {setting.name for setting in scenario.settings if setting.is_default}
        flags += [flag for key, flag in ASSUMED.items() if key in defaults]
    open_model = stand_in.open_model if stand_in else scenario.open_model if scenario else None
    if stand_in:
        terms = replace(terms, acceptance=stand_in.acceptance)
        flags = [flag for flag in flags if flag != "acceptance_assumed"]
    elif scenario is None:
        flags.append("acceptance_assumed")
    if open_model is None:
        flags.append("stand_in_assumed")
    return replace(terms, open_model=open_model or DEFAULT_STAND_IN, flags=tuple(flags))


def _default_engineering() -> Decimal:
    return Scenario.engineering_usd_per_month
