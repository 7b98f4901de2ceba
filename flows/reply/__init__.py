"""Reply: the answer to each sender, with their own workbook marked cell by cell."""

from flows.reply.step import prepare_replies

__all__ = ["prepare_replies"]
