"""privacy.csv: what may be written in it, what is told of a mistake, and what counts meanwhile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.usage.privacy import (
    PERSONAL_COLUMNS,
    PRIVACY_FILE,
    TREATMENTS,
    PrivacyError,
    canonical,
    keep_privacy,
    parse_privacy,
    privacy_in_force,
)

GOOD = "column,treatment\nuser_id,hash\nproject_id,drop\nfeature,keep\n"


def test_a_column_that_is_not_named_or_kept_is_kept(tmp_path):
    (tmp_path / PRIVACY_FILE).write_text(GOOD)
    assert privacy_in_force(tmp_path) == ({"user_id": "hash", "project_id": "drop"}, None)


def test_without_a_file_everything_is_kept(tmp_path):
    assert privacy_in_force(tmp_path) == ({}, None)


@given(st.dictionaries(st.sampled_from(PERSONAL_COLUMNS), st.sampled_from(TREATMENTS)))
def test_settings_are_read_as_written(tmp_path_factory, settings):
    path = tmp_path_factory.getbasetemp() / PRIVACY_FILE
    lines = [f" {column} , {treatment}" for column, treatment in settings.items()]
    found = parse_privacy(path, "\r\n\r\n".join(["column,treatment", *lines]).encode())
    assert found == {column: treatment for column, treatment in settings.items() if treatment != "keep"}
    assert canonical(found) == canonical(dict(reversed(found.items())))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("user_id,hash\n", "line 1: the header is 'user_id,hash'; write column,treatment"),
        ("column,treatment\nuser_id,hash\nuser,drop\n", "line 3: there is no column 'user'; write one of project_id"),
        ("column,treatment\nuser_id,Hash\n", "line 2: treatment 'Hash' is unknown; write one of keep, hash, drop"),
        ("column,treatment\nuser_id\n", "line 2: 1 cells, the header has 2"),
        ("column,treatment\n\nuser_id,hash\nuser_id,keep\n", "line 4: user_id has a line already; delete one"),
        ('column,treatment\n"user_id,hash\n', "line 2: unexpected end of data; check the quotes"),
        (b"column,treatment\nuser_id,\xff\n", "byte 26 is not UTF-8; save the file as UTF-8"),
        (b"x" * 100_001, "is larger than 100,000 bytes"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_remedy(tmp_path, content, said):
    file = tmp_path / PRIVACY_FILE
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PrivacyError) as told:
        privacy_in_force(tmp_path)
    assert str(file) in str(told.value)
    assert said in str(told.value)
    assert "no usage file is imported" in str(told.value)


def test_the_last_good_state_counts_while_there_is_a_mistake(tmp_path):
    file = tmp_path / PRIVACY_FILE
    file.write_text(GOOD)
    assert keep_privacy(tmp_path) is None
    file.write_text(GOOD + "nobody,hash\n")
    assert "line 5" in (keep_privacy(tmp_path) or "")
    treatments, problem = privacy_in_force(tmp_path)
    assert treatments == {"user_id": "hash", "project_id": "drop"}
    assert "its last good state stays in force" in (problem or "")
