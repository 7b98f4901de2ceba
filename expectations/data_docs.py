"""Data Docs of one check: each rule in words with its failing rows, as static pages that load nothing from the net.

The pages are built from the engine's own document components and drawn by its own page view; the style sheets,
scripts and pictures that its template fetches from other servers are left out. The engine's templates do not
escape text, so everything is escaped here: file names come from outside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_FETCHED = re.compile(
    r"<link[^>]*https?://[^>]*>|<script[^>]*src=\"https?://[^>]*></script>|<img[^>]*https?://[^>]*>"
    r"|url\(['\"]?https?://[^)]*\)|<link[^>]*icon[^>]*>|<script>.*?</script>|<footer.*?</footer>|<nav.*</nav>",
    re.DOTALL,
)
_STYLE = """<style>
body{font-family:system-ui,"Noto Sans",sans-serif;margin:0 2rem 3rem;line-height:1.45;color:#1a1a1a}
table{border-collapse:collapse;margin:.4rem 0 1rem}td,th{border:1px solid #c8c8c8;padding:.25rem .6rem;
text-align:left;vertical-align:top}th{background:#f0f3f6}h2,h5{margin:1.2rem 0 .3rem}.row{display:block}
.rounded-left{display:none}</style></head>"""


@dataclass(frozen=True, slots=True)
class RulePage:
    """What the pages say of one rule. `rows` are texts: place, outcome, both sides, gap."""

    rule_id: str
    title: str
    sentence: str
    details: Sequence[str]
    counts: Sequence[tuple[str, int]]
    rows: Sequence[Sequence[str]]


HEADINGS = ("Nơi", "Kết luận", "Số ghi", "Theo quy tắc", "Lệch")


def render_pages(title: str, summary: Sequence[tuple[str, str]], rules: Sequence[RulePage]) -> str:
    """Return the page: the summary, then every rule, those with failing rows first."""
    from great_expectations.render.components import (
        RenderedDocumentContent,
        RenderedHeaderContent,
        RenderedSectionContent,
    )
    from great_expectations.render.view import DefaultJinjaPageView

    overview = RenderedSectionContent(
        section_name="Tổng quan", content_blocks=[RenderedHeaderContent(title), _table(("", ""), summary)]
    )
    ordered = sorted(rules, key=lambda rule: not rule.rows)
    document = RenderedDocumentContent(
        sections=[overview, *(_section(rule) for rule in ordered)],
        data_asset_name=title,
        page_title=title,
        utm_medium="",
        renderer_type="ProfilingResultsPageRenderer",
        expectation_suite_name="check",
    )
    html = str(DefaultJinjaPageView().render(document))
    return _FETCHED.sub("", html).replace("</head>", _STYLE, 1)


def _section(rule: RulePage) -> Any:
    from great_expectations.render.components import RenderedHeaderContent, RenderedSectionContent, TextContent

    counted = ", ".join(f"{name}: {count}" for name, count in rule.counts)
    blocks: list[Any] = [
        RenderedHeaderContent(escape(rule.title), subheader=escape(rule.rule_id)),
        TextContent([escape(rule.sentence) + "."]),
        TextContent([escape(" · ".join((*rule.details, counted or "không có nơi áp dụng trong tháng")))]),
    ]
    if rule.rows:
        blocks.append(_table(HEADINGS, rule.rows))
    return RenderedSectionContent(section_name=rule.title, content_blocks=blocks)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    from great_expectations.render.components import RenderedTableContent

    return RenderedTableContent(table=[[escape(text) for text in row] for row in rows], header_row=list(headings))
