"""What a usage file can do to a reader, and what may be told of it: never a text of the file.

Reasons are shown on the terminal and kept in Dagster's history. Only `usage_reject` holds text of a file, redacted.
"""

from typing import Any

import polars as pl
import pyarrow as pa

FILE_FAULTS: tuple[Any, ...] = (
    OSError,
    ValueError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    pa.ArrowException,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)
"""What reading a file may raise. A panic of polars is no Exception, so it is named; deep nesting is a RuntimeError."""


def told(error: BaseException) -> str:
    """An error in words without a value of the file: libraries quote what they stumbled over, so they are only named.

    A ValueError of this program and an error of the operating system are told whole.
    """
    if type(error) is ValueError or (isinstance(error, OSError) and error.errno is not None):
        return str(error)
    return f"it is damaged, or holds what no usage file holds ({type(error).__name__})"
