"""A message taken apart: headers as text, leaves by their boundaries, then text, attachments and the files of a zip.

    headers → parts → message → contents

Only bytes come in. All of it runs in the child that has limits (`flows.sandbox_jobs`); what comes out are records.
"""

from __future__ import annotations

from flows.mail.author import sender_address
from flows.mail.headers import decode_words, parse_date, safe_name
from flows.mail.message import Attachment, Mail, parse_mail

__all__ = [
    "Attachment", "Mail", "decode_words", "parse_date", "parse_mail", "safe_name", "sender_address",
]
