"""Real servers on loopback, one for the whole test session."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.patience import FAR_SECONDS, wait_until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask_http(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=FAR_SECONDS)
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
        wait_until(lambda: _answers(port), "the S3 server")
        yield port
    finally:
        server.terminate()
        server.wait()
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


def _answers(port: int) -> bool:
    try:
        return ask_http(port, "GET", "/moto-api/") < 500
    except OSError:
        return False


@pytest.fixture(scope="session")
def postgresql_server():
    """Address of a PostgreSQL server of our own, up to the name of the database; skips where none is installed."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    account = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    if account:
        shutil.chown(folder, "postgres", "postgres")
    port = free_port()

    def run(program: str, *arguments: str) -> None:
        log = (folder.parent / f"{folder.name}.log").open("ab")
        with log:
            subprocess.run(
                [programs / program, *arguments], check=True, stdout=log, stderr=log, cwd=folder,
                timeout=FAR_SECONDS, **account,
            )

    data = str(folder / "data")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        run("initdb", "-D", data, "-U", "tonghop", "-A", "trust", "-E", "UTF8", "--no-locale")
        run("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "server.log"), "start")
        yield f"postgresql://tonghop@127.0.0.1:{port}"
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)


@pytest.fixture
def postgresql_url(postgresql_server):
    """Address of an empty PostgreSQL database."""
    import psycopg

    name = f"ledger_{secrets.token_hex(6)}"
    with psycopg.connect(f"{postgresql_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{postgresql_server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _postgresql_programs() -> Path | None:
    """Folder of initdb and pg_ctl; Debian keeps them off the path."""
    for pg_ctl in [*sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), reverse=True), shutil.which("pg_ctl")]:
        if pg_ctl and (Path(pg_ctl).parent / "initdb").exists():
            return Path(pg_ctl).parent
    return None
