"""Columns about people made pseudonyms or left out, before anything is written. Frames in, frames out, and the key.

A pseudonym is a keyed hash: the same text has the same one, so that grouping works, and nobody without the key can try
names. Ids of rows are made of what a log says about its owners, so in a warehouse that has a key all are hashed: the
older ones as well, and also after a column is kept again. So usage that comes twice stays one row.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from pipelines.usage.identity import HASHED_RESPONSE, OF_ACCOUNT, OWNER_COLUMNS, PSEUDONYM, SEPARATOR, hashed_identity
from pipelines.usage.importer import Importer, Reading
from pipelines.usage.privacy import Treatment
from pipelines.warehouse.append_only import PRIVATE
from pipelines.warehouse.atomic_file import atomic_file

KEY_FILE = ".privacy.key"
"""Below the warehouse folder. Whoever has it can find out whether a name is behind a pseudonym."""
PREFIX = "hash:"
LEFT_OUT = "(left out)"
"""Stands for a text that may not be NULL."""
_ID_COLUMNS = ("usage_id", "format_usage_id", "cost_id")
_KEY_BYTES = 32
_HASH_BYTES = 16
_PSEUDONYM = rf"^{PSEUDONYM}(?:{SEPARATOR}{OF_ACCOUNT}{SEPARATOR}(?:{HASHED_RESPONSE})?{PSEUDONYM})?$"
_IS_PSEUDONYM = re.compile(_PSEUDONYM).match
_REQUIRED = ("file_name",)


@dataclass(frozen=True)
class Privacy:
    """What is done with each column that is not kept. Without a key nothing was ever changed, and nothing is."""

    treatments: Mapping[str, Treatment] = field(default_factory=dict)
    key: bytes | None = None

    def pseudonym(self, text: str) -> str:
        """The same for the same text; without a key the text itself."""
        if self.key is None:
            return text
        digest = hashlib.blake2b(text.encode(errors="surrogatepass"), key=self.key, digest_size=_HASH_BYTES)
        return PREFIX + digest.hexdigest()


def read_key(folder: Path) -> bytes | None:
    """The key of a warehouse; None where none was ever needed."""
    try:
        return (folder / KEY_FILE).read_bytes()
    except FileNotFoundError:
        return None


def make_key(folder: Path) -> bytes:
    """Make the key of a warehouse that has none. Call it while no other process may do so."""
    key = secrets.token_bytes(_KEY_BYTES)
    with atomic_file(folder / KEY_FILE) as temporary:
        temporary.touch(PRIVATE)
        temporary.write_bytes(key)
    return key


def protected(frame: pl.DataFrame, privacy: Privacy) -> pl.DataFrame:
    """Rows of any table with ids hashed and columns about people as the settings say; again, it changes nothing."""
    if privacy.key is None:
        return frame
    changed: list[pl.Expr | pl.Series] = []
    for name in frame.columns:
        treatment = "hash" if name in _ID_COLUMNS else privacy.treatments.get(name, "keep")
        if treatment == "drop":
            text = LEFT_OUT if name in _REQUIRED else None
            changed.append(pl.lit(text, pl.String).alias(name))
        elif treatment == "hash":
            changed.append(_hashed(frame[name], privacy, is_id=name in _ID_COLUMNS))
    return frame.with_columns(changed)


def protected_rejects(rejects: pl.DataFrame, privacy: Privacy, importer: Importer | None) -> pl.DataFrame:
    """Rows of UsageReject without the fields that columns about people are read from, if any is not kept.

    Of an importer that is not known no text is left.
    """
    if not set(privacy.treatments) & set(OWNER_COLUMNS):
        return protected(rejects, privacy)
    shown = set(importer.texts) - _fields_of(importer, privacy.treatments) if importer else set()
    texts = [shown_of_excerpt(text, shown) for text in rejects["raw_text"]]
    return protected(rejects.with_columns(pl.Series("raw_text", texts, pl.String)), privacy)


def shown_of_excerpt(excerpt: str, shown: Set[str]) -> str:
    """The named fields of an excerpt; nothing of one that was cut, which nobody can tell apart."""
    try:
        record = json.loads(excerpt)
    except ValueError:
        return ""
    if not isinstance(record, dict):
        return ""
    return json.dumps({name: value for name, value in record.items() if name in shown})


def is_pseudonym(name: str) -> pl.Expr:
    """Whether a column holds a pseudonym."""
    return pl.col(name).str.contains(_PSEUDONYM)


def _fields_of(importer: Importer, treatments: Mapping[str, Treatment]) -> set[str]:
    """Names of the texts that these columns are read from."""
    columns = [importer.columns[name] for name in treatments if name in importer.columns]
    expressions = [one.value if isinstance(one, Reading) else one for one in columns]
    return {name for expression in expressions for name in expression.meta.root_names()}


def _hashed(column: pl.Series, privacy: Privacy, *, is_id: bool) -> pl.Series:
    texts = column.cast(pl.String).to_list()
    of = partial(hashed_identity, pseudonym=privacy.pseudonym) if is_id else privacy.pseudonym
    pseudonyms = {text: text if _IS_PSEUDONYM(text) else of(text) for text in set(texts) - {None}}
    return pl.Series(column.name, [pseudonyms.get(text) for text in texts], pl.String)
