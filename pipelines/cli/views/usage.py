"""Usage files: what became of each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from rich.console import Console

from pipelines.cli.views.tables import cell
from pipelines.costs.left_out import LeftOut
from pipelines.usage.batches import UnknownCount
from pipelines.usage.file_outcome import NOT_READ, FileOutcome

_COUNTED = ("rows", "tokens", "USD")
MANY_FILES = 20
"""From here on files are told in sums."""


def print_imports(console: Console, outcomes: Sequence[FileOutcome], *, is_each_named: bool = False) -> None:
    """What became of usage files: of many files only their sums, and each one that was refused or read again."""
    imported = [outcome for outcome in outcomes if outcome.outcome == "imported"]
    if len(imported) > MANY_FILES:
        _print_line(console, f"{len(imported)} files", *_sums(imported))
    for outcome in outcomes:
        if outcome.outcome == "imported":
            if len(imported) <= MANY_FILES:
                _print_line(console, cell(outcome.file), *_sums([outcome]))
        elif is_each_named or outcome.outcome in (*NOT_READ, "empty") or outcome.change or len(outcomes) <= MANY_FILES:
            reason = _changed(outcome.change) if outcome.outcome == "reread" else cell(outcome.reason)
            _print(console, f"{cell(outcome.file)}: {outcome.outcome.replace('_', ' ')}: {reason}")
    read = [outcome for outcome in outcomes if outcome.outcome in ("imported", "reread")]
    _print_dated(console, read)
    _print_encrypted(console, read)
    _print_unknown(console, read)
    counts = Counter(outcome.outcome for outcome in outcomes)
    if counts["reread"]:
        _print(console, f"{counts['reread']} files were read again (see core.usage_restatement)")
    if counts["gone"]:
        told = f"{counts['gone']} files were read by an older importer and are gone: what they stated stays"
        _print(console, f"{told} (`costs usage reread` names them)")


def _print(console: Console, line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True)


def _changed(change: Mapping[str, object] | None) -> str:
    """A row of core.usage_restatement in words."""
    if change is None:
        return "nothing changed"
    parts = (f"{word} {_amount(change, word, 'before')} -> {_amount(change, word, 'after')}" for word in _COUNTED)
    return ", ".join(parts)


def _amount(change: Mapping[str, object], word: str, when: str) -> str:
    amount = change[f"{word.lower()}_{when}"]
    if amount is None:
        return "unknown"
    return f"{amount:.6f}" if isinstance(amount, Decimal) else f"{amount:,}"


def _print_dated(console: Console, imported: Sequence[FileOutcome]) -> None:
    """Usage whose log states no time."""
    dated = [outcome for outcome in imported if outcome.dated_by_file_count]
    if len(dated) > MANY_FILES:
        rows = sum(outcome.dated_by_file_count for outcome in dated)
        console.print(f"{rows} rows of {len(dated)} files state no time: they have their file's", highlight=False)
        return
    for outcome in dated:
        told = f"{cell(outcome.file)}: {outcome.dated_by_file_count} rows state no time: they have the file's"
        _print(console, told)


def _print_encrypted(console: Console, imported: Sequence[FileOutcome]) -> None:
    """Calls whose id a proxy has encrypted, so that its own log of them is another call."""
    rows = sum(outcome.encrypted_count for outcome in imported)
    if rows:
        told = f"{rows} rows are named by ids that LiteLLM has encrypted: import them or the proxy's log, not both"
        _print(console, told)


def print_left_out(console: Console, left_out: Sequence[LeftOut]) -> None:
    """What of the days of an import is in no cost, because another report states it too."""
    for one in left_out:
        worth = "no known price" if one.usd is None else f"{one.usd:,.2f} USD"
        days = f"{one.first}" if one.first == one.last else f"{one.first} to {one.last}"
        console.print(
            f"left out of cost, {days}: {cell(one.report)} of account {cell(one.account_id)}, "
            f"{one.tokens:,} tokens, {worth}: another report states the same usage (see usage_overlap). "
            "If it is other usage, give it an account: inbox/ACCOUNT/ or --account",
            highlight=False,
            soft_wrap=True,
        )


def _print_unknown(console: Console, imported: Sequence[FileOutcome]) -> None:
    """Counts that no meter knows, over all files."""
    found: dict[str, UnknownCount] = {}
    for outcome in imported:
        for path, count in outcome.unknown.items():
            found[path] = found[path] + count if path in found else count
    for path, count in sorted(found.items()):
        told = f"not counted: {cell(path)}: {count.total:,.12g} in {count.row_count} rows"
        _print(console, f"{told}; their cost is a lower bound (see core.usage_unknown_count)")


def _sums(outcomes: Sequence[FileOutcome]) -> tuple[int, int, int, int, int]:
    return (
        sum(outcome.row_count for outcome in outcomes),
        sum(outcome.new_count for outcome in outcomes),
        sum(outcome.duplicate_count for outcome in outcomes),
        sum(outcome.reject_count for outcome in outcomes),
        sum(outcome.ignored_count for outcome in outcomes),
    )


def _print_line(console: Console, name: str, rows: int, new: int, known: int, refused: int, ignored: int) -> None:
    told = f"{name}: {rows} rows, {new} new, {known} known already, {refused} refused"
    told += " (see core.usage_reject)" if refused else ""
    told += f", {ignored} line{'s' * (ignored > 1)} ignored" if ignored else ""
    console.print(told, highlight=False, soft_wrap=True)
