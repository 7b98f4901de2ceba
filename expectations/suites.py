"""Great Expectations as the judge: suites built in code from the rules, frames in, failing rows out.

A frame holds one row a comparison: `gap` = left - right, and the lowest and highest gap that is allowed, all
three as whole numbers of one small unit a row, so that the comparison is exact however large the figures are
and whatever they were rounded to. Rows that cannot be decided are not in a frame: the engine skips nulls, and a
skipped row would read as a pass.

Great Expectations takes seconds to import: only the process that judges imports this module's functions.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from expectations.rules import Rule
from infra.errors import OperationError

if TYPE_CHECKING:
    import pandas

COLUMNS = ("row_id", "rule_id", "submitter_id", "area_code", "gap", "lowest", "highest", "cells")


def import_engine() -> Any:
    """Import Great Expectations without what no rule needs, and return the module.

    Its profilers draw in scipy.stats (a third of the time of the import) for expectations about
    distributions; a lazy module stands there until someone uses one, and nobody does.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import gc

    gc.disable()  # an import makes no garbage worth looking for
    _import_later("scipy.stats")
    import great_expectations

    gc.enable()
    return great_expectations


def open_context(engine: Any) -> Any:
    """Return an ephemeral context that writes nothing, draws no bars and tells nobody."""
    context = engine.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def failing_rows(
    context: Any, frames: Mapping[str, pandas.DataFrame], rules: Iterable[Rule] = ()
) -> dict[str, set[str]]:
    """Return the `row_id` of every row that its frame's suite finds outside what is allowed.

    Args:
        context: From `open_context`.
        frames: One frame a kind of rule, with `COLUMNS`.
        rules: The rules that the frames are of.

    Raises:
        OperationError: The engine could not evaluate an expectation: our fault, never the submitter's.
    """
    source = context.data_sources.add_or_update_pandas("warehouse")
    listed = tuple(rules)
    return {kind: _judge_frame(source, build_suite(kind, listed), frame) for kind, frame in frames.items()}


@cache
def expectation_classes() -> tuple[Any, Any]:
    """Return the two expectations of every rule, made once: the engine registers a class when it is made."""
    from great_expectations.expectations import ExpectColumnPairValuesAToBeGreaterThanB

    class ExpectGapNotBelowAllowed(ExpectColumnPairValuesAToBeGreaterThanB):
        """The left side is not less than the right side allows."""

        column_A: str = "gap"  # noqa: N815 - the engine's own name
        column_B: str = "lowest"  # noqa: N815
        or_equal: bool = True
        ignore_row_if: str = "either_value_is_missing"  # type: ignore[assignment]

    class ExpectGapNotAboveAllowed(ExpectColumnPairValuesAToBeGreaterThanB):
        """The left side is not more than the right side allows."""

        column_A: str = "highest"  # noqa: N815
        column_B: str = "gap"  # noqa: N815
        or_equal: bool = True
        ignore_row_if: str = "either_value_is_missing"  # type: ignore[assignment]

    return ExpectGapNotBelowAllowed, ExpectGapNotAboveAllowed


def build_suite(kind: str, rules: Iterable[Rule]) -> Any:
    """Return the suite of one kind of rule: the gap is neither below nor above what its row allows.

    The rules that the suite stands for are kept in it by id, with their line.
    """
    from great_expectations.core.expectation_suite import ExpectationSuite

    lines = {rule.rule_id: rule.expression for rule in rules if rule.kind == kind}
    return ExpectationSuite(name=kind, expectations=[make() for make in expectation_classes()], meta={"rules": lines})


def _judge_frame(source: Any, suite: Any, frame: pandas.DataFrame) -> set[str]:
    asset = source.add_dataframe_asset(suite.name)
    batch = asset.add_batch_definition_whole_dataframe("month").get_batch({"dataframe": frame})
    result = batch.validate(
        suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row_id"]}
    )
    return {row_id for single in result.results for row_id in _unexpected(suite.name, single, len(frame))}


def _unexpected(kind: str, result: Any, n_rows: int) -> list[str]:
    details = _exceptions(result.exception_info or {})
    if details or result.result.get("element_count") != n_rows:
        reason = details[0] if details else f"{result.result.get('element_count')} of {n_rows} rows were judged"
        raise OperationError(
            f"Bộ kiểm tra không đánh giá được nhóm quy tắc {kind}.",
            f"The engine could not evaluate the rules of kind {kind}: {reason}",
            remedy_vi="Đây là lỗi của hệ thống, không phải của đơn vị gửi. Chạy lại; nếu vẫn lỗi, báo người vận hành.",
        )
    return [str(row["row_id"]) for row in result.result.get("unexpected_index_list") or []]


def _exceptions(info: dict[str, Any]) -> list[str]:
    """Return the messages of raised exceptions; the engine gives one record, or one a metric."""
    records = [info] if "raised_exception" in info else [v for v in info.values() if isinstance(v, dict)]
    return [str(r.get("exception_message")) for r in records if r.get("raised_exception")]


def _import_later(name: str) -> None:
    """Put a module in place whose code runs when an attribute of it is first asked for."""
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    loader = importlib.util.LazyLoader(spec.loader)
    spec.loader = loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    setattr(importlib.import_module(parent), child, module)
