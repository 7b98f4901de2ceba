"""How the content of a part was coded for its way (RFC 2045 6): base64, quoted-printable, uuencode, and back.

A header that names no known coding is common ("utf-8", "8-bit", a comment). Then the content decides: what is base64
through and through and gives a file is that file, everything else is taken as it stands; both are said.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Sequence

from flows.mail.quoting import without_comments
from infra.clean_text import clean_line

PLAIN = ("7bit", "8bit", "binary")
UUENCODE = ("x-uuencode", "uuencode", "uue", "x-uue")
KNOWN = frozenset({"base64", "quoted-printable", *UUENCODE, *PLAIN})
FILES = (
    b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-", b"{\\rtf", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c",
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x78\x9f\x3e\x22",
)  # fmt: skip
_PADDED_END = re.compile(rb"={1,2}[ \t]*(?:\r?\n|\Z)")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_HALF_A_BYTE = re.compile(rb"=[0-9A-Fa-f]\Z")
_CUT_OFF = (
    "truncated_file", "Phần này bị cắt cụt: mã hóa dừng giữa chừng, nên có thể không đủ và không được đọc.",
)  # fmt: skip


def is_file(data: bytes) -> bool:
    """Return whether bytes begin as a file does, whatever they are called: no text begins so."""
    return data.startswith(FILES)


def coding_of(values: Sequence[str]) -> str:
    """Return the coding that the Content-Transfer-Encoding lines name, in lower case; the first known one counts."""
    named = [without_comments(value).split(";")[0].strip(" \t\"'").lower() for value in values]
    return next((name for name in named if name in KNOWN), next(filter(None, named), ""))


def decode(raw: bytes, encoding: str) -> tuple[bytes, str, str]:
    """Return the content, and kind and sentence when it is not coded as it says."""
    try:
        if encoding == "base64":
            return _from_base64(raw)
        if encoding == "quoted-printable":
            return quopri.decodestring(raw), *(_CUT_OFF if _HALF_A_BYTE.search(raw, max(0, len(raw) - 8)) else ("", ""))
        if encoding in UUENCODE:
            return _uudecoded(raw), "", ""
    except (ValueError, binascii.Error) as error:
        return raw, "damaged_file", f"Phần này ghi mã hóa {encoding} nhưng không giải mã được ({error})."
    return _as_it_stands(raw, encoding)


def _as_it_stands(raw: bytes, encoding: str) -> tuple[bytes, str, str]:
    """Return what is coded in no known way: as a file when it can be nothing else."""
    said = f"Phần này ghi mã hóa “{clean_line(encoding)[:40]}”" if encoding else "Phần này không ghi mã hóa"
    if file := _file_in_base64(raw):
        return file, "unknown_coding", f"{said} nhưng nội dung là một tệp mã hóa base64; đã đọc tệp đó."
    if encoding and encoding not in PLAIN and raw.strip():
        return raw, "unknown_coding", f"{said}, không có mã hóa nào tên như vậy; nội dung được đọc như nó đang có."
    return raw, "", ""


def _file_in_base64(raw: bytes) -> bytes:
    """Return the file that the bytes are in base64, b"" when they are anything else."""
    text = raw.strip()
    head = _NO_BASE64.search(text[:400]) is None and _base64(text[:400]) if text else b""
    if not head or not is_file(head) or _NO_BASE64.search(text):
        return b""
    return _base64(text)


def _from_base64(raw: bytes) -> tuple[bytes, str, str]:
    coded, after = _coded(raw)
    data = _base64(coded)
    if len(re.split(rb"=+", _letters(coded))[-1]) % 4:       # it ends within a group of four letters
        return data, *_CUT_OFF
    sentence = f"Sau phần mã hóa base64 còn {len(after)} byte chữ khác (chân thư), không đọc."
    return data, *(("set_aside_text", sentence) if after else ("", ""))


def _coded(raw: bytes) -> tuple[bytes, bytes]:
    """Return the base64 lines, and what a list or a gateway wrote below their padding."""
    padded = _PADDED_END.search(raw)
    if padded is None or not _NO_BASE64.search(raw, padded.end()):
        return raw, b""
    return raw[: padded.end()], raw[padded.end() :].strip()


def _base64(raw: bytes) -> bytes:
    """Return base64 decoded, several pieces after each other too; line ends and a few stray letters are passed over.

    Raises:
        ValueError: The text is no base64.
    """
    letters = _letters(raw)
    if len(letters) < 0.9 * len(raw.translate(None, b" \t\r\n")):
        raise ValueError("most letters are none of base64")
    return b"".join(_base64_piece(piece) for piece in re.split(rb"=+", letters))


def _letters(raw: bytes) -> bytes:
    return _NO_BASE64.sub(b"", raw).translate(None, b" \t\r\n")


def _base64_piece(letters: bytes) -> bytes:
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _uudecoded(raw: bytes) -> bytes:
    lines = raw.splitlines()
    begin = next((n for n, line in enumerate(lines) if line.startswith(b"begin ")), None)
    if begin is None:
        raise ValueError("no begin line")
    decoded = []
    for line in lines[begin + 1 :]:
        if line.strip() in (b"end", b"`", b""):
            break
        decoded.append(binascii.a2b_uu(line))
    return b"".join(decoded)
