"""One alert, what became of it, and which messages told it."""

from typing import Any

from rich.console import Console

SHOWN = ("alert_id", "rule", "severity", "owner", "raised_at", "usd_per_month_effect", "link", "evidence_id")


def print_alert(console: Console, answer: dict[str, Any]) -> None:
    """Its text as it is, then a line for each of its columns, events and attempts to send."""
    lines = [answer["title"], answer["body"], ""]
    lines += [f"{name}: {answer[name]}" for name in SHOWN if answer[name] is not None]
    lines += [f"{one['event_at']:%Y-%m-%d %H:%M} {one['event']}{_why(one['because'])}" for one in answer["events"]]
    for one in answer["deliveries"]:
        told = f"{one['outcome']} by {one['channel']}, message {one['message_id'] or '-'}{_why(one['error'])}"
        lines.append(f"{one['attempted_at']:%Y-%m-%d %H:%M} {told}")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _why(text: str | None) -> str:
    return f": {text}" if text else ""
