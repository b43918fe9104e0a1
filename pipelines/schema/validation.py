"""Great Expectations on frames: the only module that imports it, inside functions, because the import takes seconds.

It validates; what a failure means (refuse a page, warn) is for the caller.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.schema.expectations import Expectation

SAMPLE_SIZE = 5
MAX_SAMPLE_LENGTH = 200
MAX_OBSERVED_LENGTH = 500
BROKEN = "the check itself failed"


@dataclass(frozen=True)
class CheckResult:
    """How one expectation fared."""

    expectation: Expectation
    is_met: bool
    observed: str
    """Observed value or a sample of unexpected ones, as short text."""
    is_broken: bool = False
    """The expectation itself raised: a broken check, not bad data."""

    @property
    def is_blocking(self) -> bool:
        """Whether it keeps the rows from being promoted."""
        return not self.is_met and self.expectation.severity == "critical"


def validate(
    frame: pl.DataFrame, name: str, expectations: Sequence[Expectation], key: Sequence[str] = ()
) -> list[CheckResult]:
    """Validate a frame; results come in the order of the expectations.

    `key`: columns that name a row; what is unexpected is then observed with them. Goes through pandas with pyarrow
    types: the default conversion turns decimals into objects and dates into timestamps, on which comparisons fail.
    """
    pandas = frame.to_pandas(use_pyarrow_extension_array=True)
    batch, suite = _whole_frame().get_batch(batch_parameters={"dataframe": pandas}), _suite(name, expectations)
    # The shortest that has samples takes half the time of the next, which alone says where the samples stand.
    result = batch.validate(suite, result_format="BASIC")
    if key and not result.success:
        result = batch.validate(
            suite, result_format={"result_format": "SUMMARY", "unexpected_index_column_names": list(key)}
        )
    by_name = {each.expectation_config.meta["check"]: each for each in result.results}
    return [_check_result(expectation, by_name[expectation.name]) for expectation in expectations]


def validate_rows(
    frame: pl.DataFrame, name: str, suite: Sequence[Expectation], key: Sequence[str]
) -> list[CheckResult]:
    """The same for expectations on single rows, which none breaks where there are none: nothing is imported then."""
    if frame.is_empty():
        return [CheckResult(expectation, is_met=True, observed="no rows") for expectation in suite]
    return validate(frame, name, suite, key)


def broken(expectations: Sequence[Expectation], error: Exception) -> list[CheckResult]:
    """The results of checks whose rows could not be had."""
    observed = f"{BROKEN}: {error}".splitlines()[0][:MAX_OBSERVED_LENGTH]
    return [CheckResult(each, is_met=False, observed=observed, is_broken=True) for each in expectations]


@cache
def _whole_frame() -> Any:
    """What takes any frame as a batch; to set it up takes as long as to validate a page."""
    return (
        _context()
        .data_sources.add_pandas("frames")
        .add_dataframe_asset("frame")
        .add_batch_definition_whole_dataframe("whole")
    )


def write_data_docs(frames: Mapping[str, tuple[pl.DataFrame, Sequence[Expectation]]], folder: Path) -> Path:
    """Validate frames and write Great Expectations' Data Docs (HTML) below a folder. Returns the index page."""
    gx = _great_expectations()
    from great_expectations.checkpoint.actions import UpdateDataDocsAction  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    context = _context()
    context.add_data_docs_site(
        site_name="docs",
        site_config={
            "class_name": "SiteBuilder",
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    for name, (frame, expectations) in frames.items():
        asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
        definition = asset.add_batch_definition_whole_dataframe("whole")
        suite = context.suites.add(_suite(name, expectations))
        validation = context.validation_definitions.add(
            gx.ValidationDefinition(name=name, data=definition, suite=suite)
        )
        checkpoint = gx.Checkpoint(
            name=name, validation_definitions=[validation], actions=[UpdateDataDocsAction(name="docs")]
        )
        context.checkpoints.add(checkpoint).run(
            batch_parameters={"dataframe": frame.to_pandas(use_pyarrow_extension_array=True)}
        )
    return folder / "index.html"


@cache
def _great_expectations() -> Any:
    """The library. Where PySpark is installed it would import that too: seconds more, and warnings about pandas."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    spark = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "pyspark"}
    sys.modules["pyspark"] = None  # type: ignore[assignment]
    try:
        import great_expectations  # noqa: PLC0415
    finally:
        del sys.modules["pyspark"]
        sys.modules.update(spark)
    return great_expectations


def _context() -> Any:
    gx = _great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _suite(name: str, expectations: Sequence[Expectation]) -> Any:
    gx = _great_expectations()
    built = [
        getattr(gx.expectations, each.kind)(**each.arguments, severity=each.severity, meta={"check": each.name})
        for each in expectations
    ]
    return gx.ExpectationSuite(name=name, expectations=built)


def _check_result(expectation: Expectation, result: Any) -> CheckResult:
    broken = [info for info in _exceptions(result.exception_info) if info.get("raised_exception")]
    if broken:
        message = str(broken[0].get("exception_message"))[:MAX_SAMPLE_LENGTH]
        return CheckResult(expectation, is_met=False, observed=f"{BROKEN}: {message}", is_broken=True)
    details = result.result or {}
    if "observed_value" in details:
        observed = str(details["observed_value"])
    else:
        samples = [sample[:MAX_SAMPLE_LENGTH] for sample in _samples(details)]
        observed = f"{details.get('unexpected_count', 0)} unexpected" + (f": {', '.join(samples)}" if samples else "")
    return CheckResult(expectation, is_met=bool(result.success), observed=observed[:MAX_OBSERVED_LENGTH])


def _samples(details: dict[str, Any]) -> list[str]:
    """Some unexpected values, each with the key of its row where one was asked for: "2026-03-09 openai (5, 4)"."""
    values = details.get("partial_unexpected_list", [])[:SAMPLE_SIZE]
    rows = details.get("partial_unexpected_index_list") or []
    names = details.get("unexpected_index_column_names") or []
    if not names or len(rows) < len(values):
        return [str(value) for value in values]
    return [
        " ".join(_plain(part) for part in (*(row[name] for name in names), value))
        for row, value in zip(rows, values, strict=False)
    ]


def _plain(value: Any) -> str:
    """A value as people write it; of a pair each part, so that a Decimal in it shows its figure alone."""
    return f"({', '.join(str(part) for part in value)})" if isinstance(value, tuple) else str(value)


def _exceptions(info: dict[str, Any] | None) -> list[dict[str, Any]]:
    """GX gives one record, or one per metric."""
    if not info:
        return []
    return [info] if "raised_exception" in info else [each for each in info.values() if isinstance(each, dict)]
