"""The local mailbox: a real SMTP server on loopback that writes each message into a file one can open."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.files import create_file
from infra.killpoints import reached

if TYPE_CHECKING:
    from infra.ledger_records import Delivery

MAX_MESSAGE_BYTES = 64 * 2**20


@contextlib.contextmanager
def run_sink(folder: Path) -> Iterator[int]:
    """Run the server on a free port, which is given, while this lasts; it ends with the process in any case."""
    from aiosmtpd.controller import Controller

    # asyncio answers without delay only on sockets that say they are TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])

    class Sink(Controller):
        def _create_server(self) -> Any:
            # The listening socket is handed over: a free port looked up beforehand might be taken by then.
            return self.loop.create_server(self._factory_invoker, sock=listener)

    sink = Sink(_Mailbox(folder), hostname="127.0.0.1", port=port, data_size_limit=MAX_MESSAGE_BYTES)
    sink.start()
    try:
        yield port
    finally:
        sink.stop()


def has_message(folder: Path, delivery: Delivery) -> bool:
    """Return whether the mailbox holds exactly the message of this delivery."""
    return any(
        hashlib.sha256(path.read_bytes()).hexdigest() == delivery.message_sha256
        for path in folder.glob(f"{_stem(delivery.message_id)}*.eml")
    )


class _Mailbox:
    """Keeps what the server is given; nothing is thrown away, not even a message that came twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  the server's name
        reached("sink.before_file")
        try:
            name = self._keep(envelope.original_content)
        except OSError as error:    # of the folder or the disk, not of the message: it may be tried again
            return f"451 4.3.0 cannot be kept: {error.strerror}"
        reached("sink.after_file")
        return f"250 OK {name}"

    def _keep(self, message: bytes) -> str:
        stem = _stem(BytesHeaderParser().parsebytes(message).get("Message-ID", ""))
        path, number = self.folder / f"{stem}.eml", 1
        while not create_file(path, message):
            number += 1
            path = self.folder / f"{stem} ({number}).eml"
        return path.name


def _stem(message_id: str) -> str:
    """Return the file name that a Message-ID stands for: what is before its "@"."""
    return re.sub(r"[^\w.-]", "_", message_id.strip().strip("<>").partition("@")[0]) or "message"
