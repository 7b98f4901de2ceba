"""Publish: a warehouse → a frozen edition: report, workbook, extracts, trace, manifest."""

from flows.publish.edition import publish_edition

__all__ = ["publish_edition"]
