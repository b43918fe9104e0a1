"""The usage formats that can be imported, and how a file is told to be one of them: by content, never by name."""

from collections.abc import Sequence

from pipelines.usage.importers import Importer
from pipelines.usage.importers.claude_code import CLAUDE_CODE
from pipelines.usage.importers.openai_dashboard import OPENAI_DASHBOARD

IMPORTERS = (OPENAI_DASHBOARD, CLAUDE_CODE)
SHOWN_CHARACTERS = 80


class UnknownFormat(ValueError):  # noqa: N818 - the domain's word; it names what the file is
    """The file is none of the formats that can be imported; the message names file, first line and remedy."""


def choose_importer(file_name: str, first_lines: Sequence[str], name: str | None = None) -> Importer:
    """The importer for a file that starts with these lines. `name` forces one, but a header must still be right.

    Raises UnknownFormat for an empty file, an unknown `name`, and content that no importer recognises.
    """
    if name is not None and name not in [importer.name for importer in IMPORTERS]:
        raise UnknownFormat(f"{file_name}: there is no format {name!a}. {_remedy()}")
    if not first_lines:
        raise UnknownFormat(f"{file_name}: the file holds no line. {_remedy()}")
    for importer in IMPORTERS:
        is_forced = name == importer.name and not importer.has_header
        if is_forced or (name in (None, importer.name) and importer.recognises(first_lines)):
            return importer
    asked = f"is not {name}" if name else "is no format that can be imported"
    raise UnknownFormat(f"{file_name} {asked}; its first line is {_shown(first_lines[0])}. {_remedy()}")


def _shown(line: str) -> str:
    cut = ascii(line[:SHOWN_CHARACTERS])
    return cut + "..." if len(line) > SHOWN_CHARACTERS else cut


def _remedy() -> str:
    known = "; ".join(f"{importer.name} ({importer.description})" for importer in IMPORTERS)
    return f"Formats: {known}. Name one with --format if the file is one of them."
