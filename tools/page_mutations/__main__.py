"""`python -m tools.page_mutations OUTCOMES [PART]`: mutate captures, take each down the road, count what is in force.

OUTCOMES is a text file that grows capture by capture, the smallest first: a run that is stopped goes on from there.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.snapshots.seed_history import seed_gpu_rate_history, seed_price_history
from pipelines.warehouse.database import Warehouse
from tools.page_mutations.captures import ROOT, captures
from tools.page_mutations.outcome_file import add_outcomes, read_outcomes, state_of_code
from tools.page_mutations.outcomes import foreign_outcomes, hostile_outcomes, outcomes
from tools.page_mutations.page import document

DOC = ROOT / "docs" / "page_mutations.md"
OTHERS = "pages of others"


def add_all(file: Path, part: str) -> None:
    """Add to a file what became of the mutations of all captures whose name or source holds a text."""
    chosen = [each for each in captures() if part in f"{each.name} {each.source.key}"]
    taken, state = {name for name, _, _ in read_outcomes(file)}, state_of_code()
    with TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        seed_price_history(warehouse)
        seed_gpu_rate_history(warehouse)
        with warehouse.write() as connection:
            for capture in sorted(chosen, key=lambda each: len(each.body)):
                if capture.name not in taken:
                    add_outcomes(file, capture.name, state, outcomes(connection, capture))
            if OTHERS not in taken:
                others = [*hostile_outcomes(connection, chosen), *foreign_outcomes(connection, chosen)]
                add_outcomes(file, OTHERS, state, others)


def main() -> int:
    """Print the table, list what is wrong, and write the document if all captures were taken."""
    if len(sys.argv) < 2:
        sys.stderr.write("usage: python -m tools.page_mutations OUTCOMES [PART]\n")
        return 2
    file, part = Path(sys.argv[1]), "".join(sys.argv[2:3])
    add_all(file, part)
    found = list(read_outcomes(file))
    wrong = [each for _, _, of_one in found for each in of_one if each.result.startswith("wrong")]
    for each in wrong:
        words = (each.result, each.kind, each.mutation, each.capture, str(each.wrong_prices), each.words)
        sys.stdout.write("\t".join(words) + "\n")
    text = document(found)
    sys.stdout.write(text)
    if not part:
        DOC.write_text(text)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
