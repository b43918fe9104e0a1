"""Documents do not rot: what they name exists, what they count is counted, and modules are named by the rule."""

import re
import shlex
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import typer
import typer.core
from typer.exceptions import TyperException

from pipelines.cli.main import app
from pipelines.defs.resources import Secrets
from pipelines.snapshots.shipped_prices import shipped_versions
from pipelines.sources.catalog import SOURCES
from pipelines.usage.formats import IMPORTERS

ROOT = Path(__file__).parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
ROOMS = ROOT / "pipelines"
# The data dictionary is generated, and checked against its declarations.
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "warehouse" / "README.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *DECISIONS,
    *sorted(ROOMS.glob("**/README.md")),
    *sorted((ROOT / "tools").glob("**/README.md")),
]
DOCUMENTS.remove(ROOT / "docs" / "data_dictionary.md")
README = (ROOT / "README.md").read_text(encoding="utf-8")
ids = [str(document.relative_to(ROOT)) for document in DOCUMENTS]

FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")
CODE = re.compile(r"`([^`\n]+)`")
# A path of the repository begins with one of its folders; others are those of a user's machine or of a URL.
FOLDERS = "pipelines|tests|docs|sql|tools|benchmarks|warehouse|deploy"
REPOSITORY_PATH = re.compile(rf"(?<![\w./-])(?:{FOLDERS})/[\w./<>*-]*[\w>*]")
NOT_IN_GIT = (
    "warehouse/",
    "deploy/.env",
    "deploy/costs.env",
    "deploy/secrets",
    "benchmarks/.peers",
    "benchmarks/.spark",
    "benchmarks/.data",
    "benchmarks/node_modules",
)
"""What a user or a command makes."""
FILE_BESIDE = re.compile(r"[a-z_]+\.py")
ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")
WORDS = [*ONES, *TEENS, *(f"twenty-{one}" for one in ONES[1:10]), "thirty"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids)
def test_links_and_paths_exist(document: Path) -> None:
    text = _text(document)
    links = {link for link in LINK.findall(text) if "://" not in link}
    assert {link for link in links if not (document.parent / link).exists()} == set()
    paths = {path for path in REPOSITORY_PATH.findall(text) if not path.startswith(NOT_IN_GIT)}
    assert {path for path in paths if not _exists(ROOT, path)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids)
def test_files_named_without_a_folder_exist(document: Path) -> None:
    names = {code for code in CODE.findall(_text(document)) if FILE_BESIDE.fullmatch(code)}
    known = {path.name for folder in ("pipelines", "tools", "benchmarks", "tests") for path in _modules(ROOT / folder)}
    assert names <= known | {"__init__.py"}


def test_commands_exist() -> None:
    shown = [one for document in DOCUMENTS for pattern in (FENCE, CODE) for one in pattern.findall(_text(document))]
    lines = [line.split("#")[0].rstrip() for one in shown for line in one.splitlines()]
    commands = {line for line in lines if re.match(r"(\S*/)?costs( |$)", line)}
    assert len(commands) > 20
    assert {command for command in commands if not _is_command(command)} == set()


def test_every_command_is_shown() -> None:
    patterns = (FENCE, CODE)
    text = "\n".join(one for document in DOCUMENTS for each in patterns for one in each.findall(_text(document)))
    assert [name for name in _commands() if not re.search(rf"costs( --\S+ \S+)* {name}\b", text)] == []


def test_every_option_says_what_it_does() -> None:
    options = [
        (name, option)
        for name, command in _commands().items()
        for option in command.params
        if isinstance(option, typer.core.TyperOption)
    ]
    assert len(options) > 50
    assert [f"{name} {option.name}" for name, option in options if not option.help] == []


def test_every_setting_is_in_the_page_on_configuration() -> None:
    code = "\n".join(_text(path) for path in _modules(ROOMS))
    ours = set(re.findall(r"\bCOSTS_[A-Z]+(?:_[A-Z]+)*\b", code))
    keys = {name.upper() for name in Secrets.model_fields}
    page = _text(ROOT / "docs" / "configuration.md")
    assert {name for name in ours | keys if f"`{name}`" not in page} == set()


def test_every_file_of_a_user_is_in_the_page_on_configuration() -> None:
    code = "\n".join(_text(path) for path in _modules(ROOMS))
    files = set(re.findall(r'^[A-Z_]*FILE = "(\w+\.(?:csv|toml))"', code, flags=re.MULTILINE))
    page = _text(ROOT / "docs" / "configuration.md")
    assert len(files) >= 5
    assert {name for name in files if f"`{name}`" not in page} == set()


def test_every_source_is_listed() -> None:
    pages = "\n".join(_text(path) for path in (ROOT / "docs").glob("*_sources.md"))
    assert [source.key for source in SOURCES if f"`{source.key}`" not in pages] == []


def test_targets_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    text = "\n".join(_text(document) for document in DOCUMENTS)
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, flags=re.MULTILINE))
    assert {"demo", "test", "run", "ui"} <= named <= targets


def test_decisions_are_numbered_once_and_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]
    # Several are written at the same time, each with a number of its own.
    assert [number for number, count in Counter(numbers).items() if count > 1] == []
    assert numbers[:21] == list(range(1, 22))


def test_counts_of_sources_and_formats() -> None:
    pages = [source for source in SOURCES if source.kind == "llm_prices" and source.standing == "page"]
    assert f"from {_word(len(pages))} price pages of {_word(_providers(pages))} providers" in README
    feeds = [source for source in SOURCES if source.kind == "feeds" and source.standing == "aggregator"]
    assert re.search(rf"{_word(len(feeds))} feeds\s+of\s+others", README)
    rates = [source for source in SOURCES if source.kind == "gpu_rates" and source.standing != "aggregator"]
    clouds = {source.key.split("_")[0]: source for source in rates}
    assert f"{_word(len(clouds))} clouds and managed hosts" in README
    ends = [source for source in SOURCES if source.kind == "lifecycle"]
    pages = [source for source in ends if source.standing == "page"]
    assert f"retirement dates from {_word(len(pages))} pages" in README
    assert re.search(rf"your\s+key,\s+{_word(len(ends) - len(pages))} APIs", README)
    assert f"{len(IMPORTERS)} formats" in README


def test_every_format_says_what_it_is_proven_on() -> None:
    rows = [
        line.split("|")[1:-1] for line in _text(ROOT / "docs/usage_formats.md").splitlines() if line.startswith("| `")
    ]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(named) == sorted(importer.name for importer in IMPORTERS)
    proofs = ("real", "public", "documented")
    assert all(row[2].strip().startswith(proofs) for row in rows if "own_table" not in row[0])


def test_counts_of_the_price_history() -> None:
    versions = shipped_versions()
    key = ("provider", "channel", "region", "model", "service_tier", "meter", "context_from", "time_window")
    counts = {
        "prices of": versions.select(key).n_unique(),
        "models on": versions.select("provider", "channel", "model").n_unique(),
        "versions with": versions.height,
    }
    for words, count in counts.items():
        printed = re.search(rf"([\d,]+) {words.split()[0]}\s+{words.split()[1]}", README)
        assert printed, words
        assert 0 <= count - int(printed[1].replace(",", "")) < 1_000, words
    assert versions["channel"].n_unique() == 6
    assert versions.filter(pl.col("valid_from").dt.year() < 2023).height < versions.height // 100


def test_no_two_modules_of_the_rooms_have_one_name() -> None:
    """The rule of docs/glossary.md: declarations, Dagster, terminal, providers and formats repeat names by design."""
    apart = re.compile(r"pipelines/(schema|defs|cli|sources/\w+|usage/formats)/")
    names = [path.name for path in _modules(ROOMS) if not apart.match(path.relative_to(ROOT).as_posix())]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def _exists(folder: Path, path: str) -> bool:
    """Whether a path, or one that fits a pattern with `*` or `<name>`, is there."""
    return any(folder.glob(re.sub(r"<\w+>", "*", path.rstrip("/."))))


def _modules(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.py") if path.name != "__init__.py" and ".peers" not in path.parts]


def _text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _commands() -> dict[str, typer.core.TyperCommand]:
    """Every command that does something, by the words that call it."""
    found, waiting = {}, [("", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        if hasattr(command, "commands"):
            waiting += [(f"{name} {word}".strip(), inner) for word, inner in command.commands.items()]
        else:
            found[name] = command
    return found


def _is_command(line: str) -> bool:
    """Whether a line such as `costs sources list` names a command, its group and options that the program has."""
    words = _words(line)[1:]
    if words[:1] == ["--warehouse"]:
        words = words[2:]
    command = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        if words[0].startswith("-"):
            break
        command = command.commands.get(words.pop(0))
        if command is None:
            return False
    try:
        command.make_context("costs", words)
    except (TyperException, typer.Exit) as error:
        # An argument may be left out, and a file is one that a reader has; an option that is none is told first.
        return type(error).__name__ != "NoSuchOption"
    return True


def _words(line: str) -> list[str]:
    """What a shell makes of a line, up to where it goes to another program or is one of several."""
    try:
        words = shlex.split(line)
    except ValueError:  # of a statement that goes on in the next line
        words = line.split()
    ends = [place for place, word in enumerate(words) if word in {"|", ">", "…", "..."}]
    return words[: ends[0]] if ends else words


def _word(number: int) -> str:
    return WORDS[number]


def _providers(pages: list) -> int:
    """Google has two pages, Gemini's and Vertex AI's."""
    names = {page.key.split("_")[0] for page in pages}
    return len(names - {"gemini", "vertex"} | {"google"} if {"gemini", "vertex"} & names else names)


def test_the_tests_that_hold_the_faults_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")))
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").glob("**/test_*.py"))
    assert len(named) > 40
    assert {name for name in named if f"def {name}(" not in code} == set()
