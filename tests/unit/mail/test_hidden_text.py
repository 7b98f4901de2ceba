"""What the style of a mail hides from who opens it is not read, and said when it holds a figure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.mail.contents import contents_of_mail
from flows.mail.html_text import hidden_text, html_text
from flows.mail.message import parse_mail
from flows.read.versions import resolve_versions
from tests.unit.read.test_versions import CATALOGUE, FULL, reading, receipt


@pytest.mark.parametrize("hidden", [
    '<div style="display:none">{}</div>', '<span style="color:red; DISPLAY : NONE !important">{}</span>',
    "<p style='visibility:hidden'>{}</p>", '<font style="font-size:0px">{}</font>', '<td style="font-size:0">{}</td>',
    "<div style=display:none>{}</div>", '<div hidden>{}</div>', '<div style="font-size: 0.0em; color:#fff">{}</div>',
    '<div style="display:none"><div>a</div>{}<b>c</b></div>', '<div style="display:none"><!-- </div> -->{}</div>',
    '<p style="display:none">{}<p>', '<div style="visibility:hidden"><span style="font-size:0;">{}</span></div>',
    '<tr style="display:none"><td>x</td><td>{}</td></tr>', '<div style="display&#58;none">{}</div>',
])
def test_hidden_words_are_no_part_of_the_text(hidden: str) -> None:
    source = f"<p>Trạm BTS: 57</p>{hidden.format('416 trạm')}<p>Đại lý: 26</p>"
    assert html_text(source).split("\n") == ["Trạm BTS: 57", "Đại lý: 26"]
    assert "416 trạm" in hidden_text(source)


@pytest.mark.parametrize("shown", [
    '<div style="display:block">{}</div>', '<div style="display:none">{}', '<br style="display:none">{}',
    '<td style="font-size:0"><span style="font-size:14px">{}</span></td>', '<p style="font-size:0.8em">{}</p>',
    '<div style="visibility:hidden"><b style="visibility:visible">{}</b></div>', '<p class="hidden">{}</p>',
    '<img style="display:none">{}', '<p title="display:none">{}</p>', '<a style="text-decoration:none">{}</a>',
    '<p data-style="x" style="border:none;mso-display:none-x">{}</p>', '<!--<div style="display:none">-->{}</div>',
    '<p style="display:none"><p>{}</p>', '<p style="font-size:10pt">{}</p>', '<p style="overflow:hidden">{}</p>',
])
def test_what_is_shown_is_read_whatever_its_style_is_like(shown: str) -> None:
    source = f"<p>Trạm BTS: 57</p>{shown.format('416 trạm')}"
    assert "416 trạm" in html_text(source)
    assert "416" not in hidden_text(source)


@given(st.lists(st.sampled_from(
    ["<div style='display:none'>", "<div>", "</div>", "<p hidden>", "<p>", "</p>", "<b style='font-size:0'>", "</b>",
     "<b style='font-size:9pt'>", "<td style='visibility:hidden'>", "</td>", "<br hidden>"]), max_size=40))
def test_every_word_is_either_shown_or_hidden(tags: list[str]) -> None:
    words = [f"w{number}w" for number in range(len(tags) + 1)]
    source = "".join(word + tag for word, tag in zip(words, [*tags, ""], strict=True))
    shown, hidden = html_text(source), hidden_text(source)
    assert all((word in shown) != (word in hidden) for word in words)


@pytest.mark.parametrize("style", ["display:none", "font-size:0"])
def test_many_hidden_pieces_take_no_longer_than_their_letters(style: str) -> None:
    opened = f"<div style='{style}'>x" * 60_000
    assert html_text(opened).count("x") == 60_000
    assert html_text(opened + "</div>" * 60_000) == ""


def mail(html: str, plain: str = "") -> bytes:
    head = b"From: a@b.example\r\nMIME-Version: 1.0\r\n"
    if not plain:
        return head + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()
    parts = "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n--b\r\nContent-Type: text/html; charset=utf-8"
    return (head + b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
            + f"{parts.format(plain)}\r\n\r\n{html}\r\n--b--\r\n".encode())


def test_hidden_figures_are_said_and_hidden_words_are_not() -> None:
    (said,) = contents_of_mail(parse_mail(mail('<p>Trạm BTS: 57</p><p style="display:none">Trạm BTS: 416</p>')))
    assert (said.data.decode(), said.problem) == ("Trạm BTS: 57", "set_aside_text")
    assert "416" in said.problem_vi
    (quiet,) = contents_of_mail(parse_mail(mail('<p>Trạm BTS: 57</p><p style="display:none">xin chào</p>')))
    assert (quiet.data.decode(), quiet.problem) == ("Trạm BTS: 57", "")


@pytest.mark.parametrize("plain", ["", "Trạm BTS: 57"])
def test_mails_that_differ_in_hidden_words_alone_hold_the_same_document(plain: str) -> None:
    one, other = (contents_of_mail(parse_mail(mail(f'<p>Trạm BTS: 57</p><i style="display:none">{word}</i>', plain)))
                  for word in ("một", "hai"))
    assert one == other


def test_mails_of_which_the_same_is_read_are_no_twins_where_different_figures_are_set_aside() -> None:
    first, second = receipt("1.eml", 16), receipt("2.eml", 17)
    readings = []
    for owner, number in ((first, "416"), (second, "417")):
        made = reading(owner, "(body)", FULL, sha="x")
        said = contents_of_mail(parse_mail(mail(f'<p>57</p><p style="display:none">{number}</p>')))[0].problem_vi
        document = replace(made.document, problem="set_aside_text", problem_vi=said)
        readings.append(replace(made, document=document))
    assert resolve_versions([first, second], readings, CATALOGUE).verdicts["R-2.eml"].status == "superseded"
