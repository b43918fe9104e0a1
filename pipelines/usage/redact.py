"""What may be stored of a refused record: never the text of a message, a path, or a key.

A record that was read is cut to the fields that its importer names, each only if it looks like an id, a time, a model
or a number. Of a line that could not be read only a start that is made of such fields is kept: the rest may be the
middle of a prompt.
"""

import json
import re
from collections.abc import Mapping

from pipelines.usage.importer import Importer

MAX_VALUE = 80
HARMLESS = re.compile(r"[\w.:+/@|=-]{0,80}")
SECRET = re.compile(r"\b(?:sk|pk|rk|xai|gsk|hf|ghp|glpat|AKIA|AIza|Bearer)[-_ ]?[\w-]{12,}")
SAFE_START = re.compile(r'\s*\{(?:\s*"[\w.]{1,40}"\s*:\s*(?:"[\w.:+-]{0,80}"|-?\d+(?:\.\d+)?|null|true|false)\s*,?)*')
FREE_TEXT = re.compile(r'"(?:content|text|prompt|message|input|output|summary|query|cwd|name)"\s*:\s*"[^"]*"?')


def excerpt_of_record(record: Mapping[str, object], importer: Importer) -> str:
    """A record as JSON of what is harmless in it; of other values only their length is told."""
    hidden = importer.private | importer.nested.keys()
    shown = {
        name: _harmless(record[name]) for name in importer.texts if name not in hidden and record.get(name) is not None
    }
    return json.dumps(shown)


def excerpt_of_line(text: str) -> str:
    """The harmless start of a line that could not be read."""
    found = SAFE_START.match(text)
    return FREE_TEXT.sub("", without_secrets(found.group()))[:500] if found else ""


def without_secrets(text: str) -> str:
    """A text in which whatever looks like a key is blotted out."""
    return SECRET.sub("<secret>", text)


def _harmless(value: object) -> object:
    text = str(value)
    if HARMLESS.fullmatch(text):
        return without_secrets(text)
    return f"<{len(text)} characters>"
