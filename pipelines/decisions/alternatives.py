"""Which models usage is compared with: those that the user holds to be good enough, by class of the tasks.

No claim of quality is made here or anywhere: the classes that ship are two articles' proposal, and say so.
"""

from collections.abc import Sequence
from pathlib import Path

from pipelines.costs.reprice import Target
from pipelines.decisions.scenario import Scenario
from pipelines.models.user_csv import file_content
from pipelines.snapshots.user_inputs import classes_in_force
from pipelines.usage.task_classes import TASK_CLASS_FILE, Alternative, TaskClasses, parse_task_classes

PROPOSED = Path(__file__).with_name("task_classes_proposed.csv")
"""Task classes as the articles propose them, models by hand; used where the user has no file of their own."""


def targets_of_scenario(folder: Path, scenario: Scenario) -> tuple[list[Target], str]:
    """Models that would be good enough, and in whose word: of the scenario, else of its task class."""
    if scenario.alternatives:
        found = [Target("unknown", "api", "global", model) for model in scenario.alternatives]
        return found, "the scenario's alternatives"
    own = classes_in_force(folder).rows
    classes = own if own.alternatives else parse_task_classes(PROPOSED, file_content(PROPOSED))
    targets = [target_of(one) for one in classes.alternatives.get(scenario.task or "", ())]
    if not targets:
        raise ValueError('nothing to compare with: name a model with --to, or write alternatives = ["..."] in it')
    if own.alternatives:
        return targets, f"class {scenario.task} of {TASK_CLASS_FILE}"
    return targets, f"class {scenario.task} as two articles propose it, with models of today; write {TASK_CLASS_FILE}"


def targets_by_class(classes: TaskClasses) -> dict[str | None, Sequence[Target]]:
    """What usage is compared with, by its class. Raises ValueError where the user names nothing."""
    if not classes.alternatives:
        raise ValueError(
            f"nothing to compare with: name a model with --to, or say in {TASK_CLASS_FILE} below the warehouse folder "
            "which models are good enough for which class of tasks (docs/decisions_guide.md)"
        )
    return {name: [target_of(one) for one in some] for name, some in classes.alternatives.items()}


def target_of(one: Alternative) -> Target:
    """Where a model is bought that the user holds to be good enough."""
    return Target(one.provider, one.channel, "global", one.model, one.service_tier)
