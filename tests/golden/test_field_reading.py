"""The mailboxes of the field data are read to the bars: right, nothing wrong in silence, nothing invented."""

from __future__ import annotations

import pytest

from benchmarks.field import score_month


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("month", ["2019-03", "2019-04"])
def test_mailbox_is_read_to_the_bars(shared_folder, month):
    score = score_month(shared_folder / "field" / month)
    assert score.n_true > 700
    assert score.n_right >= 0.995 * score.n_true, score.missed
    assert (score.wrong, score.invented, score.wrong_use) == ([], [], [])
    assert score.planted_missed == []
    assert len(score.false_messages) <= 0.05 * score.n_messages, score.false_messages
