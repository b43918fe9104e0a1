"""The table of rules in docs/alerts.md, from the catalog. What a rule means is the first line of its function."""

from pipelines.alerts.rule_catalog import RULES, Rule


def rules_table() -> str:
    """A Markdown table with a line per rule: name, whether it lasts, severity, thresholds, meaning."""
    head = ["| Rule | Alerts | Severity | Thresholds | Meaning |", "|---|---|---|---|---|"]
    return "\n".join([*head, *map(_line, RULES)])


def _line(rule: Rule) -> str:
    thresholds = "; ".join(f"`{name}` ({one.unit}): {one.meaning}" for name, one in rule.thresholds.items())
    meaning = (rule.function.__doc__ or "").strip().splitlines()[0]
    kind = "last" if rule.lasts else "news"
    return f"| `{rule.name}` | {kind} | {rule.severity} | {thresholds or '-'} | {meaning} |"
