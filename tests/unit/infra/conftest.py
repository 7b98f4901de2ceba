"""Real servers on loopback, one for the whole test session."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask_http(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """Port of an S3 server that speaks real HTTP."""
    port = free_port()
    log = (tmp_path_factory.mktemp("s3") / "log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log
    )
    try:
        _wait_for(lambda: ask_http(port, "GET", "/moto-api/") < 500)
        yield port
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@pytest.fixture
def s3_bucket(s3_server, monkeypatch, request):
    """(endpoint, bucket) of an empty bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = f"tonghop-{abs(hash(request.node.nodeid)):x}"
    assert ask_http(s3_server, "PUT", f"/{bucket}") == 200
    return f"http://127.0.0.1:{s3_server}", bucket


def _wait_for(is_ready, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if is_ready():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the server did not answer")
