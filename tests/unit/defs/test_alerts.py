"""What a failed run is held against: what its steps said when they last ran, however many runs ago."""

import dagster as dg
import pytest

from pipelines.alerts.operating_rules import DIED
from pipelines.defs.alerts import failures_before, step_failures

SAID = {"books": "a: HTTP 503", "rates": "b: empty"}


@dg.op
def books(context: dg.OpExecutionContext) -> None:
    """Fails where the run is told to."""
    _fail(context, "books")


@dg.op
def rates(context: dg.OpExecutionContext) -> None:
    """The same."""
    _fail(context, "rates")


def _fail(context: dg.OpExecutionContext, step: str) -> None:
    if step in context.run.tags["failing"].split():
        raise dg.Failure(SAID[step])


@dg.job
def refresh() -> None:
    """Two steps that need nothing of each other."""
    books()
    rates()


def run(instance: dg.DagsterInstance, failing: str, steps: list[str] | None = None) -> dg.DagsterRun:
    result = refresh.execute_in_process(
        instance=instance, tags={"failing": failing}, raise_on_error=False, op_selection=steps
    )
    ended = instance.get_run_by_id(result.run_id)
    assert ended is not None
    return ended


@pytest.mark.parametrize(
    ("earlier", "now", "before"),
    [
        ([], "books", {}),
        ([("books", None)], "books", {"books": SAID["books"]}),
        # It recovered.
        ([("books", None), ("", None)], "books", {}),
        # Another step did; and a run that did not ask for the step says nothing of it.
        ([("books rates", None), ("books", None)], "books rates", {"books": SAID["books"]}),
        ([("books", None), ("", ["rates"])], "books", {"books": SAID["books"]}),
        ([("books", None)], "rates", {}),
    ],
)
def test_each_step_is_held_against_its_own_last_run(
    earlier: list[tuple[str, list[str] | None]], now: str, before: dict[str, str]
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        for failing, steps in earlier:
            run(instance, failing, steps)
        last = run(instance, now)
        assert failures_before(instance, last, step_failures(instance, last.run_id)) == before


def test_a_process_that_died_is_known_to_the_next_run() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            dead = instance.create_run_for_job(refresh, status=dg.DagsterRunStatus.STARTED)
            instance.report_run_failed(dead, "gone")
        last = instance.get_run_by_id(dead.run_id)
        assert last is not None
        assert failures_before(instance, last, {}) == {DIED: ""}
