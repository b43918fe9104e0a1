"""A file is recognised by its content, and one that is not known is told how to go on."""

import pytest

from pipelines.usage.formats import IMPORTERS, UnknownFormat, choose_importer

SESSION = '{"type": "user", "sessionId": "s", "message": {}}'


@pytest.mark.parametrize(
    "lines",
    [
        [SESSION],
        ['{"type":"summary","summary":"x","leafUuid":"u"}'],
        ["broken", "{", SESSION],
        ['{"timestamp":"t","sessionId":"s","message":{"usage":{}}}'],
    ],
)
def test_a_session_log_is_recognised(lines):
    assert choose_importer("log", lines).name == "claude_code"


@pytest.mark.parametrize(
    "line",
    [
        "start_time\tend_time\tamount_value",
        '{"type":"turn_context","payload":{}}',
        '{"message":{"usage":{}}}',
        "[1]",
        "[" * 100_000,
        "\x00\x01",
        '{"a":' + "9" * 5000 + "}",
    ],
)
def test_other_files_are_refused(line):
    with pytest.raises(UnknownFormat, match="is no format that can be imported"):
        choose_importer("log", [line])


def test_the_message_names_file_first_line_and_remedy():
    with pytest.raises(UnknownFormat) as refused:
        choose_importer("odd.txt", ["\x1b[31mred" + "x" * 200])
    message = str(refused.value)
    assert "odd.txt" in message
    assert "'\\x1b[31mred" + "x" * 72 + "'..." in message
    assert "--format" in message
    assert all(importer.name in message for importer in IMPORTERS)
    assert message.isprintable()


def test_an_empty_file_is_no_format_even_by_name():
    with pytest.raises(UnknownFormat, match="holds no line"):
        choose_importer("empty", [], "claude_code")


def test_an_unknown_name_is_refused():
    with pytest.raises(UnknownFormat, match="there is no format 'codex'"):
        choose_importer("log", [SESSION], "codex")


def test_a_name_forces_a_format_without_header():
    assert choose_importer("log", ["broken"], "claude_code").name == "claude_code"


def test_a_name_does_not_replace_a_header():
    with pytest.raises(UnknownFormat, match="is not openai_dashboard"):
        choose_importer("log", ["start_time,end_time"], "openai_dashboard")
