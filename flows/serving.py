"""The standing server: Prefect's API and pages on loopback, and the schedules of `infra/prefect.yaml`."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from flows.prefect_server import prefect_environment
from infra.errors import OperationError
from infra.settings import PROJECT, Settings

DEPLOYMENTS = PROJECT / "infra" / "prefect.yaml"
PORT = 4200


def serve_schedules(settings: Settings) -> None:
    """Run until stopped: the server (unless PREFECT_API_URL names one) and the scheduled flows.

    Raises:
        OperationError: The server does not start.
    """
    os.environ.update(prefect_environment(settings.home) | {"PREFECT_LOGGING_LEVEL": "INFO",
                                                           "TONGHOP_HOME": str(settings.home)})
    server = None if os.environ.get("PREFECT_API_URL") else _start_server()
    try:
        import prefect

        prefect.serve(*_deployments(), pause_on_shutdown=False, limit=1)
    finally:
        if server:
            server.terminate()
            server.wait()


def _deployments() -> list[Any]:
    import yaml
    from prefect.schedules import Cron

    declared = yaml.safe_load(DEPLOYMENTS.read_text(encoding="utf-8"))["deployments"]
    return [
        _load_flow(d["entrypoint"]).to_deployment(
            name=d["name"], description=d["description"], parameters=d["parameters"],
            concurrency_limit=d["concurrency_limit"],
            schedules=[Cron(s["cron"], timezone=s["timezone"]) for s in d["schedules"]],
        )
        for d in declared
    ]


def _load_flow(entrypoint: str) -> Any:
    path, name = entrypoint.split(":")
    return getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)


def _start_server() -> subprocess.Popen[bytes]:
    url = f"http://127.0.0.1:{PORT}"
    os.environ["PREFECT_API_URL"] = f"{url}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(PORT)]
    server = subprocess.Popen(command)
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/api/health", timeout=2):
                print(f"Trang theo dõi · runs: {url}")
                return server
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                break
            time.sleep(0.3)
    server.terminate()
    raise OperationError("Không khởi động được máy chủ Prefect.", "The Prefect server does not start.",
                         place=url, remedy_vi="Xem thông báo phía trên; kiểm tra cổng 4200 có đang bị dùng không.")
