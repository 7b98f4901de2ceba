"""Sentences with figures: the outline's templates filled in, or a work item that states the same figures.

Traps of templates are answered here: the verb follows the sign, a stated zero gets its phrase, a bound
keeps its word, small counts get two digits, and a figure nobody reported is never printed as 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from flows.publish.document import FigureForm, Run
from flows.publish.figures import NO_CHANGE_REPORTED, NOT_REPORTED, print_change, print_number
from flows.publish.notes import Notes
from flows.publish.outline import PLACEHOLDER, CountsEntry, TextEntry
from flows.publish.report_data import Figure, ReportData, Statement
from flows.records import NarrativeItem
from infra.printable import printable
from infra.vietnamese import QUALIFIER_VI


class Passages:
    """Makes the runs of sentences for one report; `words` are the period's words for the templates."""

    def __init__(self, data: ReportData, notes: Notes, words: dict[str, str]) -> None:
        self._data = data
        self._notes = notes
        self._words = words

    def fill(self, text: str) -> tuple[Run, ...]:
        """Return the template as runs: plain text, and one run for each figure."""
        runs: list[Run] = []
        end = 0
        for found in PLACEHOLDER.finditer(text):
            runs.append(Run(text[end : found.start()]))
            run, end = self._placeholder(*found.groups()), found.end()
            if run.indicator_id and text[end:].startswith("%"):
                # The sign belongs to the figure: nothing may stand between, and without a figure there is none.
                run, end = replace(run, text=run.text + ("" if run.form == "missing" else "%")), end + 1
            runs.append(run)
        runs.append(Run(text[end:]))
        return tuple(run for run in runs if run.text)

    def entry(self, entry: TextEntry) -> tuple[Run, ...]:
        """Return the runs of a template, or of its sentence for zero when that says all there is."""
        if self.is_nothing(entry):
            return (self._zero_run(entry.indicator_ids[0], entry.zero),)
        return self.fill(entry.text)

    def is_nothing(self, entry: TextEntry) -> bool:
        """Whether the sentence for zero is true: the first figure is a stated zero, and the others count none of it."""
        first, *others = [self._figure(name) for name in entry.indicator_ids] or [Figure("", None)]
        return bool(entry.zero) and first.is_stated_zero and not any(figure.value for figure in others)

    def counts(self, entry: CountsEntry) -> tuple[Run, ...]:
        """Return one sentence for several counts: "tiếp 03 lượt công dân; không phát sinh đơn thư …"."""
        runs = [Run(entry.lead)]
        after_zero = False
        for index, (name, (some, none)) in enumerate(entry.wordings.items()):
            runs.append(Run("; " if index else ""))
            is_zero = self._figure(name).is_stated_zero
            if is_zero:
                runs += [Run("" if after_zero else entry.none), self._zero_run(name, none)]
            else:
                before, after = some.split("{}")
                runs += [Run(before), self.number(name), Run(after)]
            after_zero = is_zero
        return tuple(run for run in (*runs, Run(".")) if run.text)

    def item(self, item: NarrativeItem, statements: Iterable[Statement]) -> tuple[Run, ...]:
        """Return a work item with the figures it states marked, so that they are traced like generated ones.

        A figure that a decision has corrected is printed with its published value. One that cannot be
        found in the words is added after them.
        """
        runs = [Run(printable(item.text))]
        unfound: list[str] = []
        for statement in statements:
            if not self._mark(runs, statement):
                unfound.append(statement.indicator_id)
        for name in unfound:
            runs += [Run(f" ({self._data.catalogue.indicator_by_id[name].label_vi}: "), self.number(name), Run(")")]
        return tuple(run for run in runs if run.text)

    def number(self, indicator_id: str) -> Run:
        """Return the run that prints a figure as a number, with its bound and its footnote."""
        figure = self._figure(indicator_id)
        if figure.value is None:
            return self._run(figure, NOT_REPORTED, "missing")
        decimals = self._data.catalogue.indicator_by_id[indicator_id].decimals
        text = QUALIFIER_VI[figure.qualifier] + print_number(figure.value, decimals)
        return self._run(figure, text, "number")

    def _placeholder(self, name: str, how: str | None) -> Run:
        if name in self._words:
            return Run(self._words[name])
        if how == "list":
            names = self._list_of(name)
            return Run(f" ({names})" if names else "")
        if how == "definition":
            return Run(self._definition_of(name))
        if how == "change":
            return self._change(name)
        return self.number(name)

    def _change(self, name: str) -> Run:
        figure = self._figure(name)
        if figure.value is None:
            return self._run(figure, NO_CHANGE_REPORTED, "missing")
        return self._run(figure, print_change(figure.value, ""), "change")

    def _zero_run(self, name: str, text: str) -> Run:
        return self._run(self._figure(name), text, "zero_phrase")

    def _run(self, figure: Figure, text: str, form: FigureForm) -> Run:
        return Run(
            text,
            indicator_id=figure.indicator_id,
            form=form,
            value=figure.value,
            note=self._notes.number_of(figure),
        )

    def _figure(self, name: str) -> Figure:
        return self._data.figures.get(name) or Figure(name, None, completeness="not_reported")

    def _list_of(self, name: str) -> str:
        lists = (s for s in self._data.statements if s.indicator_id == f"{name}#list")
        own = (s for s in self._data.statements if s.indicator_id == name and not re.search(r"\d", s.raw_text))
        found = next(iter([*lists, *own]), None)
        return found.raw_text.strip(" .;") if found and _is_enumeration(found) else ""

    def _definition_of(self, name: str) -> str:
        used = self._data.figures[name].definition_id if name in self._data.figures else ""
        for row in self._data.catalogue.definitions:
            if row.indicator_id == name and (row.definition_id == used or (not used and row.is_current)):
                return f" ({row.label_vi[:1].lower()}{row.label_vi[1:]})"
        return ""

    def _mark(self, runs: list[Run], statement: Statement) -> bool:
        """Cut the run that holds the statement's own text in three, the middle one printing the figure."""
        figure = self._figure(statement.indicator_id)
        for index, run in enumerate(runs):
            span = None if run.indicator_id else find_statement(run.text, statement)
            if span:
                before, own, after = run.text[: span[0]], run.text[span[0] : span[1]], run.text[span[1] :]
                runs[index : index + 1] = [Run(before), self._stated(figure, statement, own), Run(after)]
                return True
        return False

    def _stated(self, figure: Figure, statement: Statement, own: str) -> Run:
        if statement.reported_value != statement.value:
            return self.number(figure.indicator_id)
        if re.search(r"\d", own) and not _is_enumeration(replace(statement, raw_text=own)):
            return self._run(figure, own, "number")
        return self._run(figure, own, "zero_phrase" if figure.value == 0 else "list")


def find_statement(text: str, statement: Statement) -> tuple[int, int] | None:
    """Return where a work item's text states the figure: the raw text as read, else the number alone."""
    for wanted in (statement.raw_text, *_spellings(statement)):
        pattern = rf"(?<![\w.,]){re.escape(wanted)}(?![\w]|[.,]\d)"
        found = re.search(pattern, text) if wanted else None
        if found:
            return found.span()
    return None


def count_names(text: str) -> int:
    """Return how many names an enumeration holds: "Ia Pa, Ayun Pa và Phú Thiện" gives 3."""
    return len([name for name in re.split(r"[,;]| và ", text) if name.strip()])


def _is_enumeration(statement: Statement) -> bool:
    return statement.value is not None and count_names(statement.raw_text) == statement.value > 0


def _spellings(statement: Statement) -> list[str]:
    value = statement.reported_value
    if value is None:
        return []
    decimals = max(0, -int(value.normalize().as_tuple().exponent))
    return [print_number(value, decimals), print_number(value, decimals, pad=False)]
