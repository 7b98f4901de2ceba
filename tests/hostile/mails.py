"""Messages made to stop a run, to exhaust it or to lose a part of themselves. Each is a name and how to make it."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable

SENDER = b"From: thongke@vnpt-gl.example\r\nDate: Tue, 16 Apr 2019 09:00:00 +0700\r\nSubject: Bao cao thang 4\r\n"
MIXED = SENDER + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"


def part(headers: bytes, body: bytes) -> bytes:
    return b"--b\r\n" + headers + b"\r\n\r\n" + body + b"\r\n"


def attached(name: bytes, data: bytes, media_type: bytes = b"application/octet-stream") -> bytes:
    disposition = b'Content-Disposition: attachment; filename="' + name + b'"'
    head = b"Content-Type: " + media_type + b"\r\n" + disposition + b"\r\nContent-Transfer-Encoding: base64"
    return part(head, base64.encodebytes(data))


def mail(*parts: bytes) -> bytes:
    return MIXED + b"".join(parts) + b"--b--\r\n"


def zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members:
            archive.NameToInfo.pop(name, None)  # two members may have one name; the library would warn
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return stream.getvalue()


def nested(depth: int) -> bytes:
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n" % (n, n) for n in range(depth))
    return SENDER + opened + b"\r\nx"


def damaged_lzma() -> bytes:
    data = bytearray(zipped([("BC.csv", b"Tram BTS;75\n" * 200)], zipfile.ZIP_LZMA))
    data[60:90] = b"\xff" * 30
    return bytes(data)


def nameless_member() -> bytes:
    data = bytearray(zipped([("x", b"Tram BTS;75\n"), ("BC.csv", b"Tram BTS;75\n")], zipfile.ZIP_STORED))
    for mark, offset in ((b"PK\x03\x04", 26), (b"PK\x01\x02", 28)):
        start = data.index(mark)
        length = 30 if mark == b"PK\x03\x04" else 46
        data[start + offset : start + offset + 2] = b"\x00\x00"
        del data[start + length : start + length + 1]
    end = data.rindex(b"PK\x05\x06")
    directory = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x03\x04", 4)
    data[end + 16 : end + 20] = directory.to_bytes(4, "little")
    data[end + 12 : end + 16] = (end - directory).to_bytes(4, "little")
    record = data.index(b"PK\x01\x02", directory + 4)
    data[record + 42 : record + 46] = second.to_bytes(4, "little")
    return bytes(data)


MAILS: dict[str, Callable[[], bytes]] = {
    "8-bit From": lambda: SENDER.replace(b"thongke@", b"th\xf2ng@") + b"\r\nx",
    "undefined charset": lambda: SENDER + b"Content-Type: text/plain; charset=undefined\r\n\r\nTram BTS: 75",
    "NUL in charset": lambda: SENDER + b'Content-Type: text/plain; charset="utf-8\x00"\r\n\r\nTram BTS: 75',
    "idna as charset": lambda: SENDER + b"Content-Type: text/plain; charset=idna\r\n\r\nTram BTS: 75 \xff",
    "base64 as charset": lambda: SENDER + b"Content-Type: text/plain; charset=base64\r\n\r\nTram BTS: 75",
    "rot13 as charset": lambda: SENDER + b"Content-Type: text/plain; charset=rot13\r\n\r\nTram BTS: 75",
    "line separator in subject": lambda: SENDER.replace(b"Bao cao", b"=?utf-8?b?QmFv4oCoY2Fv?=") + b"\r\nx",
    "lone CR in subject": lambda: SENDER.replace(b"Bao cao", b"Bao\rBcc: x@y.example\rcao") + b"\r\nx",
    "UTF-8 in In-Reply-To": lambda: SENDER + "In-Reply-To: <thư@x>\r\n\r\nx".encode(),
    "surrogates in subject": lambda: SENDER.replace(b"Bao cao", b"=?utf-8?b?7aCA7bCA?=") + b"\r\nx",
    "right-to-left file name": lambda: mail(attached("bc\u202excod.xlsx".encode(), b"x")),
    "member without a name": lambda: mail(attached(b"bc.zip", nameless_member())),
    "damaged LZMA": lambda: mail(attached(b"bc.zip", damaged_lzma())),
    "two members of one name": lambda: mail(attached(b"bc.zip", zipped([("a.csv", b"1"), ("a.csv", b"2")]))),
    "8-bit boundary within": lambda: mail(
        part(b"Content-Type: message/rfc822",
             'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="bạ"\r\n\r\n--bạ\r\n\r\nx\r\n--bạ--'
             .encode())
    ),
    "file named (body)": lambda: mail(part(b"Content-Type: text/plain", b"x"), attached(b"(body)", b"y")),
    "file without a name": lambda: mail(part(b"Content-Type: application/octet-stream", b"y")),
    "file named with a NUL": lambda: mail(attached(b"a\x00b.xlsx", b"y")),
    "file named ..": lambda: mail(attached(b"..", b"y")),
    "empty file": lambda: mail(part(b"Content-Type: text/plain", b"Tram BTS: 75"), attached(b"BC.xlsx", b"")),
    "broken base64": lambda: mail(
        part(b"Content-Transfer-Encoding: base64\r\nContent-Type: a/b; name=x.bin", b"%%% no")
    ),
    "unknown transfer encoding": lambda: mail(part(b"Content-Transfer-Encoding: zz\r\nContent-Type: a/b", b"x")),
    "multipart without boundary": lambda: SENDER + b"Content-Type: multipart/mixed\r\n\r\nTram BTS: 75",
    "boundary that never comes": lambda: SENDER + b"Content-Type: multipart/mixed; boundary=q\r\n\r\nTram BTS: 75",
    "no header at all": lambda: b"Tram BTS: 75\n",
    "nothing": lambda: b"",
    "only NUL bytes": lambda: b"\x00" * 10_000,
    "date beyond time": lambda: SENDER.replace(b"2019", b"99999") + b"\r\nx",
    "date without end": lambda: SENDER.replace(b"Tue, 16", b"Tue, " + b"1" * 100_000) + b"\r\nx",
    "100 kB of semicolons": lambda: SENDER + b"Content-Type: text/plain" + b";" * 100_000 + b"\r\n\r\nx",
    "100 kB of parameters": lambda: SENDER + b"Content-Type: text/plain; " + b"a*0=b; " * 20_000 + b"\r\n\r\nx",
    "40 MB header": lambda: SENDER + b"X-Long: " + b"a\r\n " * 10_000_000 + b"\r\n\r\nx",
    "40 MB of header lines": lambda: SENDER + b"X: 1\r\n" * 7_000_000 + b"\r\nx",
    "20 MB of encoded words": lambda: SENDER + b"X: " + b"=?utf-8?q?a?= " * 1_400_000 + b"\r\n\r\nx",
    "300 nested parts": lambda: nested(300),
    "3 000 messages within": lambda: SENDER + b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
    "deep and large": lambda: nested(40) + b"a\r\n" * 5_000_000,
    "20 000 parts": lambda: MIXED + b"--b\r\n\r\na\r\n" * 20_000,
    "2 MB of lines that nearly part": lambda: MIXED + b"--bb\r\n" * 400_000,
    "zips that inflate": lambda: mail(*(
        attached(b"z%d.zip" % n, zipped([("a.csv", b"1;2\n" * 9_000_000)], zipfile.ZIP_DEFLATED)) for n in range(20)
    )),
    "zip of 1 000 empty files": lambda: mail(attached(b"z.zip", zipped([(f"{n}.csv", b"") for n in range(1000)]))),
    "60 MB attachment": lambda: mail(attached(b"BC.bin", b"\x01\x02\x03" * 15_000_000)),
    "unclosed HTML": lambda: SENDER + b"Content-Type: text/html\r\n\r\n" + b"<a " * 600_000,
    "deep HTML": lambda: SENDER + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 300_000 + b"Tram BTS: 75",
    "HTML comments without end": lambda: SENDER + b"Content-Type: text/html\r\n\r\n" + b"<!--" * 400_000,
    "HTML entities": lambda: SENDER + b"Content-Type: text/html\r\n\r\n" + b"&lt;" * 500_000,
    "text of one long line": lambda: SENDER + b"\r\n" + b"Tram BTS 75, " * 150_000,
    "text of many brackets": lambda: SENDER + b"\r\n" + b"(" * 1_900_000,
    "control letters in the text": lambda: SENDER + b"\r\n- Tram BTS: 75 tram\x1b[2J\x07\x9b.\r\n",
}
