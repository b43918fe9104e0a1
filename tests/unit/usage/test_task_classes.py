"""The user's file of task classes: what it means, and each mistake with file, line and remedy."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.models.user_csv import UserFileError
from pipelines.usage.task_classes import Alternative, TaskClasses, class_of, parse_task_classes

FILE = Path("task_classes.csv")
HEADER = "task_class,kind,id\n"
LONG_HEADER = "task_class,kind,id,provider,channel,service_tier\n"


def parse(text: str) -> TaskClasses:
    return parse_task_classes(FILE, text.encode())


def test_no_file_maps_nothing() -> None:
    assert parse_task_classes(FILE, b"") == TaskClasses()


def test_alternatives_and_the_ids_of_a_class() -> None:
    found = parse(
        LONG_HEADER + "small,alternative,gpt-4o-mini,,,batch\nsmall,alternative,m,aws,,\nsmall,feature,tag,,,\n"
    )
    assert found.alternatives == {
        "small": [Alternative("gpt-4o-mini", "unknown", "api", "batch"), Alternative("m", "unknown", "bedrock", None)]
    }
    assert found.ids == {"feature": {"tag": "small"}}


def test_the_first_kind_that_is_mapped_decides() -> None:
    found = parse(HEADER + "a,alternative,x\nb,alternative,y\na,feature,tag\nb,model,gpt-4o\n")
    rows = pl.DataFrame({"feature": ["tag", "other", None], "model": ["gpt-4o", "gpt-4o", "gpt-5"]})
    assert rows.select(class_of(found)).to_series().to_list() == ["a", "b", None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "class,kind,id\n",
            "line 1: the header is 'class,kind,id' (task_class missing; class unknown); write task_class,kind,id",
        ),
        (HEADER + "small,team,x\n", "line 2: kind 'team' is unknown; write one of alternative, feature, key"),
        (HEADER + "small,alternative,\n", "line 2: id is empty; write it or delete the line"),
        (HEADER + ",alternative,x\n", "line 2: task_class is empty"),
        (HEADER + "small,feature,tag\n", "line 2: class 'small' has no model; add a line small,alternative,MODEL"),
        (HEADER + "a,alternative,x\na,alternative,x\n", "line 3: 'x' is named twice for class 'a'; delete one line"),
        (
            HEADER + "a,alternative,x\na,key,k\na,key,k\n",
            "line 4: key 'k' has a class on line 3; delete one of the two",
        ),
        (LONG_HEADER + "a,alternative,x,,shop,\n", "line 2: channel 'shop' is unknown; write one of api"),
        (LONG_HEADER + "a,alternative,x,,,slow\n", "line 2: service_tier 'slow' is unknown; write one of standard"),
        (
            LONG_HEADER + "a,alternative,x,,,\na,key,k,openai,,\n",
            "line 3: provider, channel, service_tier are for lines",
        ),
    ],
)
def test_a_mistake_names_file_line_and_remedy(text: str, said: str) -> None:
    with pytest.raises(UserFileError) as raised:
        parse(text)
    assert f"{FILE} {said}" in str(raised.value)
