"""`python -m tools.page_mutations`: mutate every capture, take each down the road, count what came into force."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.snapshots.seed_history import seed_gpu_rate_history, seed_price_history
from pipelines.warehouse.database import Warehouse
from tools.page_mutations.captures import ROOT, captures
from tools.page_mutations.outcomes import Outcome, foreign_outcomes, hostile_outcomes, outcomes
from tools.page_mutations.page import document

DOC = ROOT / "docs" / "page_mutations.md"


def found_outcomes(only: str) -> Iterable[Outcome]:
    """What became of the mutations of all captures whose name or source holds a text."""
    with TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        seed_price_history(warehouse)
        seed_gpu_rate_history(warehouse)
        with warehouse.write() as connection:
            chosen = [each for each in captures() if only in f"{each.name} {each.source.key}"]
            for capture in chosen:
                yield from outcomes(connection, capture)
            yield from foreign_outcomes(connection, chosen)
            yield from hostile_outcomes(connection, chosen)


def main() -> int:
    """Print the table, list what is wrong, and write the document if all captures were taken."""
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    found = []
    for outcome in found_outcomes(only):
        found.append(outcome)
        if outcome.result.startswith("wrong"):
            sys.stdout.write(
                f"{outcome.result}\t{outcome.kind}\t{outcome.mutation}\t{outcome.capture}\t{outcome.wrong_prices}\t"
                f"{outcome.words}\n"
            )
    text = document(found, sum(1 for _ in captures()))
    sys.stdout.write(text)
    if not only:
        DOC.write_text(text)
    return int(any(count for result, count in Counter(o.result for o in found).items() if result == "wrong"))


if __name__ == "__main__":
    sys.exit(main())
