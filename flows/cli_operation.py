"""The commands about what leaves the house and whether the stores are sound: deliveries, settle, verify."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from flows.cli_options import HomeOption, PeriodOption, Person, Reason, settings_of
from flows.terminal import say
from infra.errors import OperationError

NOT_DELIVERED = 7       # as flows/steps.py has it, which takes long to import

app = typer.Typer()


def _printed_head(text: str | None) -> str | None:
    if text is None:
        return None
    tidy = re.sub(r"\s", "", text)
    if not re.fullmatch(r"[0-9]{1,15}:(?:hmac-)?[0-9a-f]{64}", tidy):
        raise typer.BadParameter("gõ đủ cả mục và mã như in trong thư, 123: rồi 64 chữ số · number and whole hash")
    return tidy


@app.command()
def deliveries(period: PeriodOption, home: HomeOption = "") -> None:
    """Tình trạng gửi từng nơi nhận · what was sent to whom."""
    from flows import screen
    from infra.ledger import open_ledger

    screen.show_deliveries(open_ledger(settings_of(home)).deliveries(period))


@app.command()
def editions(period: PeriodOption, home: HomeOption = "") -> None:
    """Các ấn bản của một tháng và tình trạng · the editions of a month and how far each is."""
    from flows import screen
    from infra.ledger import open_ledger

    settings = settings_of(home)
    screen.show_editions(settings, open_ledger(settings), period)


@app.command()
def approve(
    edition: Annotated[str, typer.Argument(help="Mã ấn bản, như 2019-04-1 (edition id).")],
    person: Annotated[str, typer.Option("--by", help="Mã người phê duyệt trong people.csv (an approver's id).")],
    home: HomeOption = "",
) -> None:
    """Phê duyệt một ấn bản để được gửi đi · let an edition leave the house, by a person of people.csv."""
    from flows.approving import approve_edition

    approval = approve_edition(settings_of(home), edition, person)
    say(f"{edition}: {approval.person_name} đã phê duyệt; gửi bằng tonghop deliver {edition}. (Approved.)")


@app.command()
def deliver(
    edition: Annotated[str, typer.Argument(help="Tháng hoặc mã ấn bản, như 2019-04 hay 2019-04-1 (which edition).")],
    home: HomeOption = "",
) -> None:
    """Gửi tiếp những gì còn được gửi của một ấn bản · try again what may be tried again (7: not all)."""
    from flows import screen
    from flows.deliver import open_deliveries
    from flows.delivering import deliver_again
    from flows.progress import ScreenProgress

    settings = settings_of(home)
    lines = deliver_again(settings, edition, ScreenProgress())
    screen.show_deliveries(lines)
    waiting = open_deliveries(settings, lines)
    if waiting:
        screen.show_open(waiting)
    raise typer.Exit(NOT_DELIVERED if waiting else 0)


@app.command()
def settle(
    delivery: Annotated[str, typer.Argument(help="Mã lần gửi, như 2019-04-1.mic (delivery id).")],
    person: Person,
    reason: Reason,
    arrived: Annotated[bool, typer.Option("--arrived/--send-again", help="Đã đến, hay gửi lại (it arrived or not).")],
    home: HomeOption = "",
) -> None:
    """Ghi điều một người biết về lần gửi chưa rõ kết quả · say what became of an uncertain delivery."""
    from flows.deliver import settle_delivery
    from infra.ledger import open_ledger

    settled = settle_delivery(open_ledger(settings_of(home)), delivery, arrived, person, reason)
    say(f"{delivery}: {settled.state}")


@app.command("verify")
def verify_all(
    head: Annotated[str | None, typer.Option(
        "--head", help="Mục nhật ký in trong thư, như 123:ab12… (as a letter prints).", callback=_printed_head)] = None,
    home: HomeOption = "",
) -> None:
    """Kiểm tra nhật ký, kho lưu trữ, tệp đã làm ra · verify the audit chain, every archived byte and what was made."""
    from flows.verification import SHOWN, verify_stores

    number, _, digest = (head or "").partition(":")
    found = verify_stores(settings_of(home), [(int(number), digest)] if head else [])
    for mark, lines in (("·", found.notices), ("✗", found.faults)):
        for line in lines[:SHOWN]:
            say(f"{mark} {line}", is_error=mark == "✗")
        if len(lines) > SHOWN:
            say(f"{mark} … và {len(lines) - SHOWN} mục nữa (and more)", is_error=mark == "✗")
    if found.faults:
        raise OperationError(f"Không nguyên vẹn: {len(found.faults)} lỗi.", f"Not sound: {len(found.faults)} faults.",
                             remedy_vi="Ngừng phát hành; khôi phục những gì nêu trên từ bản sao lưu.")
    say(f"Nhật ký nguyên vẹn ({found.entries} mục); {found.archived} tệp lưu trữ đúng SHA-256, đủ mọi tệp sổ cái nêu. "
        "(Audit and archive are sound and complete.)")


@app.command("accept-ledger")
def accept_ledger(person: Person, reason: Reason, home: HomeOption = "") -> None:
    """Dùng tiếp sổ cái khôi phục từ bản cũ · go on with a ledger restored from an older backup."""
    from infra.anchors import accept_ledger as accept

    count = accept(settings_of(home), person, reason)
    say(f"Đã ghi nhận: {count} mốc của nhật ký không còn trong sổ cái. Thư mà kho lưu trữ ghi nhận đã gửi sẽ chờ người "
        f"xác nhận (tonghop settle). ({count} lost heads noted; what was witnessed as sent waits for a person.)")
