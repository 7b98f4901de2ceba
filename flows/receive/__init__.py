"""Receive: archive what came in, write one receipt each, decide whose it is. Nothing is read yet."""

from flows.receive.folder import EmptyInboxError, receive_folder

__all__ = ["EmptyInboxError", "receive_folder"]
