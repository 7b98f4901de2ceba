"""The report as one self-contained page; each figure is a `data` element with its indicator and exact value."""

from __future__ import annotations

from html import escape

from flows.publish.document import Paragraph, ReportDocument, Run
from flows.publish.docx_report import MARKERS

STYLE = """
body{font-family:"Times New Roman","Liberation Serif",serif;font-size:14pt;line-height:1.35;max-width:165mm;
margin:20mm auto;padding:0 5mm;color:#000;background:#fff}
table{width:100%;border-collapse:collapse}td{vertical-align:top;width:50%}
.head td{text-align:center;font-size:12pt;white-space:nowrap}
hr{border:0;border-top:1px solid #000;margin:3px auto}.title{text-align:center;font-weight:bold;margin-top:1em}
h2,h3,p{font-size:14pt;text-align:justify;text-indent:10mm;margin:.4em 0}.foot{margin-top:1.5em;font-size:11pt}
.foot p{text-indent:0;font-size:11pt;margin:0;text-align:left}.signer{text-align:center;font-weight:bold;font-size:14pt}
.notes{font-size:10pt;border-top:1px solid #000;margin-top:1.5em}.notes p{font-size:10pt;text-indent:0}
"""


def render_html(document: ReportDocument) -> bytes:
    """Return the report as an HTML page, UTF-8, no script, nothing fetched from elsewhere."""
    head = document.head
    called: set[int] = set()
    body = "\n".join(_paragraph(row, called) for row in document.paragraphs)
    notes = "".join(
        f'<p id="note-{n}"><sup>[{n}]</sup> {escape(text)}</p>' for n, text in enumerate(document.notes, 1)
    )
    recipients = "".join(f"<p>{escape(line)}</p>" for line in document.recipients)
    page = f"""<!doctype html>
<html lang="{document.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(head.title)}: {escape(head.abstract)}</title><style>{STYLE}</style></head><body>
<table class="head"><tr>
<td>{escape(head.superior)}<br><b>{escape(head.issuer)}</b><hr style="width:22mm">{_spaces(head.number_line)}</td>
<td><b>{escape(head.motto_state)}</b><br><b>{escape(head.motto_line)}</b><hr style="width:54mm">
<i>{_spaces(head.date_line)}</i></td>
</tr></table>
<div class="title">{escape(head.title)}<br>{escape(head.abstract)}<hr style="width:40mm"></div>
{body}
<table class="foot"><tr><td><p><b><i>Nơi nhận:</i></b></p>{recipients}</td>
<td class="signer">{escape(head.signer_title)}</td></tr></table>
{f'<div class="notes">{notes}</div>' if notes else ""}
</body></html>
"""
    return page.encode()


def _paragraph(paragraph: Paragraph, called: set[int]) -> str:
    tag = {"part": "h2", "section": "h3"}.get(paragraph.level, "p")
    marker = MARKERS.get(paragraph.level, "")
    return f"<{tag}>{marker}{''.join(_run(run, called) for run in paragraph.runs)}</{tag}>"


def _run(run: Run, called: set[int]) -> str:
    text = escape(run.text)
    if run.indicator_id:
        value = "" if run.value is None else f"{run.value:f}"
        text = f'<data value="{value}" data-indicator="{run.indicator_id}" data-form="{run.form}">{text}</data>'
    text = f"<b>{text}</b>" if run.is_bold else text
    text = f"<i>{text}</i>" if run.is_italic else text
    return f'{text}<sup><a href="#note-{run.note}">[{run.note}]</a></sup>' if run.note else text


def _spaces(text: str) -> str:
    return escape(text).replace("  ", "&nbsp; ")
