"""A message or file taken apart in a child; however that ends, the receipt says so and all others go on."""

from __future__ import annotations

from flows.mail.answer import Unpacked, unpacked_of
from infra.sandbox import Answer, Sandbox

FAILURES = {
    "memory": "mở ra cần nhiều bộ nhớ hơn mức cho phép",
    "time": "mở ra quá lâu so với mức cho phép",
    "wall": "máy quá bận hoặc tiến trình mở thư bị treo; lần chạy sau sẽ mở lại",
    "budget": "đã dùng hết thời gian dành cho một thư",
    "crash": "chương trình mở thư dừng đột ngột ở nội dung của thư",
    "fault": "phần mềm gặp lỗi, đã ghi ở {log}; không phải lỗi của đơn vị gửi",
}


def unpack(sandbox: Sandbox, data: bytes, name: str, is_message: bool, budget: str) -> tuple[Unpacked | None, str]:
    """Return what the bytes hold, or None and why, as the end of "không tiếp nhận được vì …".

    Args:
        sandbox: The children.
        data: The bytes as received.
        name: Shown in the log of a fault, and the file's own name when it is no message.
        is_message: Whether the bytes are a mail; else a file by itself.
        budget: Under which name the processor seconds count (the receipt).
    """
    header = {"receipt_id": budget, "message": name, "name": name.rpartition("/")[2], "is_message": is_message}
    answer = sandbox.run("unpack", header, data, budget=budget)
    try:
        if not answer.failure:
            return unpacked_of(answer.content, answer.blobs), ""
    except ValueError as error:
        answer = Answer({}, failure="fault", detail=str(error))
    return None, FAILURES[answer.failure].format(log=sandbox.log_name)
