"""Messages changed at random, taken apart: how many of 12 000 raise, lose a part, or leave half a letter in a record.

`python -m benchmarks.mail_mutants [COUNT]` takes the sample's messages (and the field's and the hostile ones where they
are), changes bytes, lines and headers, and takes each apart as the children do; every hundredth goes through a real
child too. It prints what it met and ends with 1 when anything is amiss.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from flows.children import start_children
from flows.mail.answer import Unpacked, content_rows, mail_fields, unpacked_of
from flows.mail.contents import contents_of_mail
from flows.mail.message import parse_mail
from flows.mail.unpack import unpack
from flows.sample import write_sample
from infra.settings import PROJECT

COUNT = 12_000
CHILD_EVERY = 100
SPICE = (
    b"\x00", b"\xff\xfe", b"\r", b"\n", b"\r\n\r\n", b"=?utf-8?b?7aCA?=", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\"", b";",
    b"Content-Type: message/rfc822\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n", b"charset=undefined",
    b"Content-Transfer-Encoding: base64\r\n", b"filename*0*=utf-8''%ff%00", b"\xe2\x80\xae", b"\x1b[2J", b"<", b"=",
    b"\x80", b"--",
)  # fmt: skip


def main() -> int:
    """Change, take apart, judge, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    seeds = _messages()
    choose = random.Random(2019)
    met: Counter[str] = Counter()
    began = time.process_time()
    with start_children() as sandbox:
        for number in range(count):
            data = _changed(choose.choice(seeds), choose)
            fault = _fault_of(data)
            if number % CHILD_EVERY == 0:
                opened, why = unpack(sandbox, data, f"{number}.eml", is_message=True, budget=str(number))
                met["opened in a child"] += opened is not None
                fault = fault or ("" if opened else f"child: {why}")
            met[fault or "sound"] += 1
    print(f"{count} changed messages of {len(seeds)} in {time.process_time() - began:.0f} CPU s")
    for what, times in met.most_common():
        print(f"  {times:6}  {what}")
    return 0 if met["sound"] == count else 1


def _messages() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        write_sample("2019-04", Path(folder))
        found = [path.read_bytes() for path in sorted(Path(folder).glob("*.eml"))]
    shared = PROJECT.parent / "shared"
    for more in (*shared.glob("field/*/*.eml"), *shared.glob("cases/mail/*.eml")):
        found.append(more.read_bytes())
    return found


def _changed(data: bytes, choose: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(choose.randrange(1, 8)):
        kind = choose.randrange(5)
        place = choose.randrange(min(len(changed), choose.choice((600, 3_000, len(changed)))) or 1)
        if kind == 0:
            changed[place : place + 1] = bytes([choose.randrange(256)])
        elif kind == 1:
            changed[place:place] = choose.choice(SPICE)
        elif kind == 2:
            del changed[place : place + choose.randrange(1, 200)]
        elif kind == 3:
            changed[place:place] = changed[place : place + choose.randrange(1, 400)]
        else:
            del changed[len(changed) - choose.randrange(len(changed) or 1) :]
    return bytes(changed)


def _fault_of(data: bytes) -> str:
    try:
        mail = parse_mail(data)
        contents = contents_of_mail(mail)
        opened = unpacked_of(mail_fields(mail) | {"contents": content_rows(contents)}, [c.data for c in contents])
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:100]
    return _odd(opened)


def _odd(opened: Unpacked) -> str:
    mail = opened.mail
    if mail is None:
        return "no mail"
    texts = [mail.sender_address, mail.subject, mail.sent_at, mail.message_id, mail.in_reply_to, mail.body]
    texts += [text for c in opened.contents for text in (c.file, c.media_type, c.problem_vi)]
    texts += [text for header in mail.headers.items() for text in header]
    if any("\ud800" <= letter <= "\udfff" for text in texts for letter in text):
        return "half a letter in a record"
    if any(ord(letter) < 32 and letter not in "\n\t" for text in texts for letter in text):
        return "a control letter in a record"
    if not all(c.data or c.problem for c in opened.contents):
        return "a content without bytes and without a reason"
    return ""


if __name__ == "__main__":
    sys.exit(main())
