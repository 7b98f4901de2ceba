"""The two commands about a held message: a person lets it count, or says that it is not used."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli_options import HomeOption, Person, Reason, settings_of
from flows.terminal import say

app = typer.Typer()


@app.command()
def release(
    receipt: Annotated[str, typer.Argument(help="Mã thư đang giữ lại, như R0123456789abcdef (receipt id).")],
    person: Person,
    reason: Reason,
    submitter: Annotated[str, typer.Option("--for", help="Mã đơn vị có thư này (whose it is).")] = "",
    home: HomeOption = "",
) -> None:
    """Cho dùng một thư đang giữ lại, có người và lý do · let a quarantined message count."""
    from flows import decisions

    decision = decisions.release(settings_of(home), receipt, submitter, reason, person)
    say(f"Đã ghi quyết định {decision.decision_id}: dùng thư {decision.target} của {decision.value}; "
        f"chạy lại tonghop month {decision.period}. (Recorded.)")


@app.command()
def refuse(
    receipt: Annotated[str, typer.Argument(help="Mã thư đang giữ lại (receipt id).")],
    person: Person,
    reason: Reason,
    home: HomeOption = "",
) -> None:
    """Không dùng một thư đang giữ lại, có người và lý do · say that a quarantined message is not used."""
    from flows import decisions

    decision = decisions.refuse(settings_of(home), receipt, reason, person)
    say(f"Đã ghi quyết định {decision.decision_id}: không dùng thư {decision.target}; "
        f"chạy lại tonghop month {decision.period}. (Recorded.)")
