"""Every rule by name: what finds its alerts, whether these last, and which thresholds alerts.toml may set.

What a rule means is the docstring of its function; docs/alerts.md lists them all. Which tables it is given is in
`rule_inputs`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipelines.alerts import (
    anomaly_rules,
    budget_rules,
    conflict_rules,
    contract_rules,
    decision_rules,
    gpu_bound_rules,
    gpu_rules,
    lifecycle_rules,
    operating_rules,
    price_rules,
    retirement_rules,
    source_rules,
    usage_rules,
)


@dataclass(frozen=True)
class Threshold:
    """A figure that the file may set: "10 %", "5 USD", "14 days"; of several days a list of them, by card a table."""

    default: Any
    """Decimal, int, a tuple of ints, or a mapping of names to Decimal; a share for "%"."""
    unit: str
    meaning: str


@dataclass(frozen=True)
class Rule:
    """One rule. `function` is pure: frames and thresholds in, rows of Alert out."""

    name: str
    function: Callable[..., Any]
    lasts: bool
    """Its alerts fire as long as it returns them, and end when it does not; else they are news, told once."""
    severity: str
    """Words for the file's readers: how severe its alerts are by themselves."""
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)


RULES = (
    Rule("price_changed", price_rules.price_changed, False, "warning where dearer for you, else info"),
    Rule("model_new", price_rules.price_changed, False, "info"),
    Rule("model_vanished", price_rules.price_changed, False, "warning for used models, else info"),
    Rule("price_held", price_rules.price_held, True, "warning"),
    Rule(
        "source_conflict",
        conflict_rules.source_conflict,
        True,
        "warning, info where a likely cause is known",
        {"min_difference": Threshold(conflict_rules.MIN_DIFFERENCE, "%", "of the two prices")},
    ),
    Rule("gpu_rate_changed", gpu_rules.gpu_rate_changed, False, "warning where dearer, else info"),
    Rule(
        "gpu_rate_beyond",
        gpu_bound_rules.gpu_rate_beyond,
        True,
        "warning where dearer, else info",
        {
            "max_move": Threshold(gpu_bound_rules.MAX_MOVE, "%", "move of a rate in 30 days"),
            "above": Threshold(gpu_bound_rules.NO_BOUNDS, "USD", "by card: above it the least rate is told"),
            "below": Threshold(gpu_bound_rules.NO_BOUNDS, "USD", "by card: below it the least rate is told"),
        },
    ),
    Rule(
        "cheaper_equivalent",
        decision_rules.cheaper_equivalent,
        True,
        "warning",
        {"min_usd": Threshold(decision_rules.MIN_SAVING_USD, "USD", "what a switch has to save a month")},
    ),
    Rule(
        "break_even_crossed",
        decision_rules.break_even_crossed,
        False,
        "warning",
        {"min_usd": Threshold(decision_rules.MIN_GAIN_USD, "USD", "what another way has to save a month to pay")},
    ),
    Rule("retirement_moved", retirement_rules.retirement_moved, False, "warning for used models, else info"),
    Rule(
        "retirement_near",
        lifecycle_rules.retirement_near,
        True,
        "critical up to 7 days, warning up to 30, else info",
        {"thresholds": Threshold(lifecycle_rules.THRESHOLD_DAYS, "days", "days left at which it is told again")},
    ),
    Rule("used_after_retirement", lifecycle_rules.used_after_retirement, True, "critical"),
    Rule(
        "sources_unreachable",
        source_rules.sources_unreachable,
        True,
        "warning",
        {"min_share": Threshold(source_rules.MIN_UNREACHABLE_SHARE, "%", "share of the sources that fail at once")},
    ),
    Rule("source_failing", source_rules.source_failing, True, "warning"),
    Rule(
        "projection_moved",
        operating_rules.projection_moved,
        False,
        "warning where it rose, else info",
        {
            "min_shift": Threshold(operating_rules.MIN_SHIFT, "%", "move of the month-end projection in a day"),
            "min_usd": Threshold(operating_rules.MIN_SHIFT_USD, "USD", "the same in money; both must be passed"),
        },
    ),
    Rule("spend_anomaly", anomaly_rules.spend_stands_out, False, "warning"),
    Rule("budget", budget_rules.budget_exceeded, True, "critical where exceeded or all but sure, else warning"),
    Rule(
        "contract_ending",
        contract_rules.contract_ending,
        True,
        "warning up to 7 days, else info",
        {"thresholds": Threshold(contract_rules.THRESHOLD_DAYS, "days", "days left at which it is told again")},
    ),
    Rule("contract_ended", contract_rules.contract_ended, True, "warning"),
    Rule(
        "usage_left_out",
        operating_rules.usage_left_out,
        True,
        "warning",
        {"min_usd": Threshold(operating_rules.MIN_LEFT_OUT_USD, "USD", "what is left out of a month's cost")},
    ),
    Rule(
        "usage_late",
        usage_rules.usage_late,
        True,
        "warning",
        {"max_late": Threshold(usage_rules.MAX_LATE_DAYS, "days", "days without usage of an account that has it")},
    ),
    Rule("usage_unpriced", usage_rules.usage_unpriced, True, "warning"),
    Rule("usage_refused", usage_rules.usage_refused, False, "warning"),
    Rule("file_not_read", usage_rules.file_not_read, True, "warning"),
    Rule("usage_unknown_count", usage_rules.usage_unknown_count, False, "warning"),
    Rule(
        "runaway_key",
        usage_rules.runaway_key,
        False,
        "critical",
        {
            "max_times": Threshold(Decimal(usage_rules.MAX_TIMES), "times", "a day against the key's median day"),
            "min_usd": Threshold(usage_rules.MIN_USD, "USD", "of that day; both must be reached"),
        },
    ),
    Rule(
        "runaway_conversation",
        usage_rules.runaway_conversation,
        False,
        "warning",
        {"min_usd": Threshold(usage_rules.MIN_CONVERSATION_USD, "USD", "of one conversation in a day")},
    ),
    Rule("input_refused", operating_rules.input_refused, True, "warning"),
    Rule("run_failed", operating_rules.run_failed, True, "critical"),
)
RULES_BY_NAME = {rule.name: rule for rule in RULES}
LASTING = frozenset(rule.name for rule in RULES if rule.lasts)
