"""A file is recognised by its content, and one that is not known is told how to go on."""

import gzip

import pytest

from pipelines.usage.file_format import UnknownFormat, recognise
from pipelines.usage.formats import IMPORTERS

SESSION = '{"type": "user", "sessionId": "s", "message": {}}'


@pytest.fixture
def recognised(tmp_path):
    def found(content, format_name=None):
        path = tmp_path / "log"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return recognise(path, "odd.txt", format_name)

    return found


@pytest.mark.parametrize(
    "lines",
    [
        SESSION,
        '{"type":"summary","summary":"x","leafUuid":"u"}',
        f"broken\n{{\n{SESSION}",
        '{"timestamp":"t","sessionId":"s","message":{"usage":{}}}',
        gzip.compress(SESSION.encode(), mtime=0),
        f"[{SESSION},\n{SESSION}]",
        "\ufeff" + SESSION,
    ],
)
def test_a_session_log_is_recognised(recognised, lines):
    assert recognised(lines).importer.name == "claude_code"


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (SESSION, "json_lines"),
        (f"{SESSION}\n{SESSION}", "json_lines"),
        (f"[{SESSION}]", "json"),
        ('{"type": "user",\n "sessionId": "s"}', "json"),
    ],
)
def test_the_form_is_seen_from_the_bytes(recognised, content, form):
    assert recognised(content).form == form


@pytest.mark.parametrize(
    "line",
    [
        "start_time\tend_time\tcolumn",
        '{"type":"turn_context_of_nobody","payload":{}}',
        '{"message":{"usage":{}}}',
        "[1]",
        "[" * 100_000,
        "\x7f\x01",
        '{"a":' + "9" * 5000 + "}",
    ],
)
def test_other_files_are_refused(recognised, line):
    with pytest.raises(UnknownFormat, match="is no format that can be imported"):
        recognised(line)


@pytest.mark.parametrize(
    "content",
    [
        "SECRET\x1b[31mred" + "x" * 200,
        "SECRET,model\n1,2\n",
        '{"SECRET": "SECRET"}',
        '[{"SECRET": 1}, SECRET]',
        "SECRET\0",
        "[SECRET",
        '{"a": "SECRET',
    ],
)
@pytest.mark.parametrize("format_name", [None, "claude_code"])
def test_the_message_names_file_form_and_remedy_and_no_text_of_the_file(recognised, content, format_name):
    try:
        recognised(content, format_name)
    except UnknownFormat as refused:
        message = str(refused)
    else:
        assert format_name, "with a format named, the rows say what is wrong"
        return
    assert "odd.txt" in message
    assert "SECRET" not in message
    assert message.isprintable()


def test_the_message_names_the_remedy_and_the_names_that_are_known(recognised):
    with pytest.raises(UnknownFormat) as refused:
        recognised("start_time,end_time,SECRET\n")
    message = str(refused.value)
    assert "a table with a header of 3 names with end_time, start_time" in message
    assert "--format" in message
    assert f"{len(IMPORTERS)} that `costs formats` lists" in message


def test_an_empty_file_is_no_format_even_by_name(recognised):
    with pytest.raises(UnknownFormat, match="holds no line"):
        recognised("\n", "claude_code")


def test_an_unknown_name_is_refused(recognised):
    with pytest.raises(UnknownFormat, match="there is no format 'nobody'"):
        recognised(SESSION, "nobody")


def test_a_name_forces_a_format_where_the_start_is_broken(recognised):
    assert recognised('{"broken\n' * 60, "claude_code").importer.name == "claude_code"


def test_a_name_does_not_replace_a_header(recognised):
    with pytest.raises(UnknownFormat, match="is not openai_dashboard"):
        recognised("day,amount\n1,2", "openai_dashboard")


def test_every_importer_has_a_name_of_its_own_and_says_what_it_reads():
    assert len({importer.name for importer in IMPORTERS}) == len(IMPORTERS)
    assert all(importer.description and importer.signatures for importer in IMPORTERS)
