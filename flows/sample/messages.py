"""The mails of the sample month: forms filled in, put into messages, written as .eml files."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from flows.sample import media_forms, office_forms, post_forms, telecom_forms, two_tiers
from flows.sample.drafts import Form
from flows.sample.figures import PERIOD, Message, SampleMonth, as_first_sent, load_messages, load_month
from infra.catalogue import load_catalogue
from infra.errors import OperationError

MODULES = (telecom_forms, post_forms, media_forms, office_forms)
RECIPIENT = "tonghop@stttt-gialai.example"
MEDIA_TYPES = {
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".docx": ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


def write_sample(period: str, folder: Path, with_errors: bool = False) -> list[Path]:
    """Write the submissions of one month as .eml files and return their paths in the order they were sent.

    The figures of "2019-04" add up to the report of April 2019; those of a month since July 2025 are invented whole.
    The bytes are the same every time.

    Args:
        period: "2019-04", or a month of the province's two tiers.
        folder: Where the files go; made if it is not there. Files of the same names are replaced.
        with_errors: Plant the five errors of `planted_errors.csv`, which are of April 2019.

    Raises:
        OperationError: There is no sample of that month, or the folder cannot be written.
        CatalogueError: The catalogue does not cover that month.
    """
    if period >= two_tiers.FIRST_MONTH and not with_errors:
        messages_of_month = two_tiers.messages_of(load_catalogue().at(period), period)
        return [_write(folder / name, content) for name, content in messages_of_month]
    if period != PERIOD:
        first = two_tiers.FIRST_MONTH
        what, english = ("có lỗi cài sẵn ", "with planted errors ") if with_errors else ("", "")
        raise OperationError(
            f"Không có bộ số liệu mẫu {what}của tháng {period}; có tháng {PERIOD} và các tháng từ {first}.",
            f"There is no sample {english}of {period}; there is {PERIOD}, and every month from {first}.",
            remedy_vi=f"Dùng: tonghop sample {PERIOD} THƯ-MỤC",
        )
    month = load_month(with_errors)
    messages = {message.message: message for message in load_messages()}
    written = []
    for message in messages.values():
        original = _original(message, messages)
        content = _compose(as_first_sent(month, original.message), original)
        written.append(_write(folder / message.message, content))
    return written


def _is_twin(message: Message, messages: dict[str, Message]) -> bool:
    """Say whether a message repeats an earlier one as it was: same subject, same attachment."""
    earlier = messages.get(message.replaces)
    return earlier is not None and (earlier.subject, earlier.attachment) == (message.subject, message.attachment)


def _original(message: Message, messages: dict[str, Message]) -> Message:
    """Return the message whose bytes are sent: a twin is the earlier message once more."""
    return messages[message.replaces] if _is_twin(message, messages) else message


def _compose(month: SampleMonth, message: Message) -> bytes:
    draft = _form(message.form)(month, message)
    mail = EmailMessage()
    mail["From"] = f"{_sender_name(month, message)} <{message.address}>"
    mail["To"] = RECIPIENT
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(datetime.fromisoformat(message.sent_at))
    mail["Message-ID"] = f"<{message.message.removesuffix('.eml')}.{PERIOD}@mau.example>"
    if message.replaces:
        mail["In-Reply-To"] = f"<{message.replaces.removesuffix('.eml')}.{PERIOD}@mau.example>"
    mail.set_content(draft.body, cte="base64")
    if draft.attachment:
        maintype, subtype = MEDIA_TYPES[Path(message.attachment).suffix]
        mail.add_attachment(draft.attachment, maintype, subtype, filename=message.attachment)
        mail.set_boundary(f"=={PERIOD}-{message.message.removesuffix('.eml')}==")
    return mail.as_bytes()


def _form(name: str) -> Form:
    for module in MODULES:
        if name in vars(module):
            form: Form = vars(module)[name]
            return form
    raise KeyError(name)


def _sender_name(month: SampleMonth, message: Message) -> str:
    if not message.submitter_id:
        return "Cửa hàng văn phòng phẩm"
    return month.catalogue.submitter_by_id[message.submitter_id].submitter_name.replace(",", " -")


def _write(path: Path, content: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise OperationError(
            f"Không ghi được tệp mẫu vào thư mục {path.parent}.",
            f"The sample cannot be written to {path.parent}: {error.strerror}.",
            place=str(path),
            remedy_vi="Chọn thư mục khác hoặc cấp quyền ghi.",
        ) from error
    return path
