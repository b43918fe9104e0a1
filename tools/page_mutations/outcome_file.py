"""Outcomes in a text file, a line of JSON for each capture: its name, the state of the code, and what became of it."""

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from tools.page_mutations.captures import ROOT
from tools.page_mutations.outcomes import Outcome

OfOne = tuple[str, str, list[Outcome]]
"""Name of a capture, state of the code, outcomes."""


def add_outcomes(file: Path, name: str, state: str, found: Iterable[Outcome]) -> None:
    """Add what became of one capture, in one piece: a run that is stopped leaves whole lines."""
    line = json.dumps([name, state, [asdict(each) for each in found]])
    with file.open("a") as opened:
        opened.write(line + "\n")


def read_outcomes(file: Path) -> Iterator[OfOne]:
    """What a file holds; nothing if it is not there."""
    for line in file.read_text().splitlines() if file.exists() else ():
        name, state, found = json.loads(line)
        yield name, state, [Outcome(**each) for each in found]


def state_of_code() -> str:
    """The commit, with a mark where files differ from it."""
    command = ["git", "describe", "--always", "--dirty"]  # of the checkout that is run
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
