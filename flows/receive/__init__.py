"""Receive: archive what came in, write one receipt each, decide whose it is. Nothing is read yet."""

from flows.receive.folder import Reception, receive_folder
from flows.receive.paths import EmptyInboxError

__all__ = ["EmptyInboxError", "Reception", "receive_folder"]
