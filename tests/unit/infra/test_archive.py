"""One suite for both backends: a real folder and a real S3 server."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import subprocess
import sys
import threading
import unicodedata

import pytest

from infra.archive import FolderArchive, open_archive
from infra.errors import OperationError
from infra.settings import load_settings

HELLO = hashlib.sha256(b"hello").hexdigest()


@pytest.fixture(params=["folder", "s3"])
def settings(request, tmp_path):
    base = load_settings(tmp_path / "home")
    if request.param == "folder":
        return base
    endpoint, bucket = request.getfixturevalue("s3_bucket")
    return dataclasses.replace(base, archive_url=f"s3://{bucket}/gia-lai", s3_endpoint_url=endpoint)


@pytest.fixture
def archive(settings):
    return open_archive(settings)


def test_bytes_come_back_under_their_sha256(archive):
    assert archive.put(b"hello") == HELLO
    assert archive.get(HELLO) == b"hello"
    assert archive.exists(HELLO)
    assert archive.list() == [f"sha256/{HELLO[:2]}/{HELLO}"]


def test_same_bytes_twice_are_stored_once(archive):
    archive.put(b"hello")
    archive.put(b"hello")
    assert len(archive.list("sha256/")) == 1


def test_empty_bytes_are_bytes(archive):
    assert archive.get(archive.put(b"")) == b""


def test_absent_bytes_are_a_clear_error(archive):
    assert not archive.exists(HELLO)
    with pytest.raises(OperationError, match="không có trong kho lưu trữ"):
        archive.get(HELLO)


def test_a_name_is_written_once(archive):
    archive.put_named("editions/2019-04/1/báo cáo.pdf", b"one")
    archive.put_named("editions/2019-04/1/báo cáo.pdf", b"one")
    with pytest.raises(OperationError, match="đã có nội dung khác"):
        archive.put_named("editions/2019-04/1/báo cáo.pdf", b"two")
    assert archive.get_named("editions/2019-04/1/báo cáo.pdf") == b"one"


def test_names_are_the_same_in_both_unicode_forms(archive):
    archive.put_named(unicodedata.normalize("NFD", "thư/Số liệu.xlsx"), b"x")
    assert archive.exists(unicodedata.normalize("NFC", "thư/Số liệu.xlsx"))


def test_list_is_sorted_and_knows_prefixes_inside_a_name(archive):
    for key in ("b/2", "b/10", "a/1", "b1"):
        archive.put_named(key, b"x")
    assert archive.list() == ["a/1", "b/10", "b/2", "b1"]
    assert archive.list("b") == ["b/10", "b/2", "b1"]
    assert archive.list("b/1") == ["b/10"]
    assert archive.list("c/") == []


BAD_KEYS = ["", "/etc/passwd", "../x", "a//b", "a/./b", "a\\b", "a\nb", f"sha256/00/{'0' * 64}"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_keys_that_could_leave_the_archive_are_refused(archive, key):
    with pytest.raises(OperationError):
        archive.put_named(key, b"x")


def test_of_sixteen_racing_writers_one_wins(settings):
    archives = [open_archive(settings) for _ in range(16)]
    refused = []

    def write(number: int) -> None:
        try:
            archives[number].put_named("race", str(number).encode())
        except OperationError:
            refused.append(number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = int(archives[0].get_named("race"))
    assert sorted(refused) == [n for n in range(16) if n != winner]


def test_two_prefixes_of_one_bucket_are_two_archives(s3_bucket, tmp_path):
    endpoint, bucket = s3_bucket
    base = dataclasses.replace(load_settings(tmp_path), s3_endpoint_url=endpoint)
    one = open_archive(dataclasses.replace(base, archive_url=f"s3://{bucket}/one"))
    two = open_archive(dataclasses.replace(base, archive_url=f"s3://{bucket}"))
    one.put(b"hello")
    assert not two.exists(HELLO)


def test_changed_bytes_are_noticed(tmp_path):
    archive = FolderArchive(tmp_path)
    archive.put(b"hello")
    path = tmp_path / "sha256" / HELLO[:2] / HELLO
    path.chmod(0o644)
    path.write_bytes(b"hellO")
    with pytest.raises(OperationError, match="hư hỏng"):
        archive.get(HELLO)
    with pytest.raises(OperationError, match="nội dung khác"):
        archive.put(b"hello")


def test_a_killed_writer_leaves_nothing_that_is_listed(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path; import infra.files as files\n"
        "files.os.link = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.create_file(Path(sys.argv[1]) / 'a' / 'b', b'x')"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert killed.returncode == -9
    archive = FolderArchive(tmp_path)
    assert archive.list() == []
    archive.put_named("a/b", b"y")
    assert archive.get_named("a/b") == b"y"


def test_the_name_comes_after_the_bytes_are_on_disk(tmp_path, monkeypatch):
    import infra.files as files

    calls = []
    for name in ("fsync", "link"):
        real = getattr(files.os, name)
        monkeypatch.setattr(files.os, name, lambda *a, real=real, name=name: (calls.append(name), real(*a)))
    files.create_file(tmp_path / "x", b"1")
    assert calls == ["fsync", "link", "fsync"]


def test_unwritable_folder_is_a_clear_error(tmp_path):
    (tmp_path / "archive").write_bytes(b"a file where the folder should be")
    with pytest.raises(OperationError, match="Không đọc hoặc ghi được"):
        FolderArchive(tmp_path / "archive").put(b"x")


def test_absent_bucket_is_a_clear_error(s3_bucket, tmp_path):
    settings = dataclasses.replace(
        load_settings(tmp_path), archive_url="s3://no-such-bucket", s3_endpoint_url=s3_bucket[0]
    )
    with pytest.raises(OperationError, match="Không truy cập được kho lưu trữ S3"):
        open_archive(settings)


class _ForgetfulServer(http.server.BaseHTTPRequestHandler):
    """Answers 200 to every PUT, whatever its conditions: what servers without conditional writes do."""

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def test_a_server_without_conditional_writes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _ForgetfulServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = dataclasses.replace(
            load_settings(tmp_path), archive_url="s3://b",
            s3_endpoint_url=f"http://127.0.0.1:{server.server_port}",
        )
        with pytest.raises(OperationError, match="ghi một lần"):
            open_archive(settings)
        server.shutdown()
