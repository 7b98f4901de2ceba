"""The commands about what leaves the house and whether the stores are sound: deliveries, settle, verify."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli_options import HomeOption, PeriodOption, Person, Reason, settings_of
from flows.terminal import say

NOT_DELIVERED = 7       # as flows/steps.py has it, which takes long to import

app = typer.Typer()


@app.command()
def deliveries(period: PeriodOption, home: HomeOption = "") -> None:
    """Tình trạng gửi từng nơi nhận · what was sent to whom."""
    from flows import screen
    from infra.ledger import open_ledger

    screen.show_deliveries(open_ledger(settings_of(home)).deliveries(period))


@app.command()
def deliver(
    edition: Annotated[str, typer.Argument(help="Tháng hoặc mã ấn bản, như 2019-04 hay 2019-04-1 (which edition).")],
    home: HomeOption = "",
) -> None:
    """Gửi tiếp những gì còn được gửi của một ấn bản · try again what may be tried again (7: not all)."""
    from flows import screen
    from flows.deliver import open_deliveries
    from flows.delivering import deliver_again

    settings = settings_of(home)
    lines = deliver_again(settings, edition)
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
def verify_audit(home: HomeOption = "") -> None:
    """Kiểm tra chuỗi nhật ký và mọi tệp lưu trữ · verify the audit chain and every archived byte."""
    from infra.anchors import read_heads
    from infra.archive import open_archive
    from infra.ledger import open_ledger

    settings = settings_of(home)
    archive, count = open_archive(settings), 0
    entries = open_ledger(settings).verify_audit(read_heads(settings, archive))
    for key in archive.list("sha256/"):
        archive.get(key.rsplit("/", 1)[-1])
        count += 1
    say(f"Nhật ký nguyên vẹn ({entries} mục); {count} tệp lưu trữ đúng SHA-256. (Audit and archive are sound.)")


@app.command("accept-ledger")
def accept_ledger(person: Person, reason: Reason, home: HomeOption = "") -> None:
    """Dùng tiếp sổ cái khôi phục từ bản cũ · go on with a ledger restored from an older backup."""
    from infra.anchors import accept_ledger as accept

    count = accept(settings_of(home), person, reason)
    say(f"Đã ghi nhận: {count} mốc của nhật ký không còn trong sổ cái. Thư mà kho lưu trữ ghi nhận đã gửi sẽ chờ người "
        f"xác nhận (tonghop settle). ({count} lost heads noted; what was witnessed as sent waits for a person.)")
