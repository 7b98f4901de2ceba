"""The standing server: Prefect's API and pages on loopback, and the schedules of `infra/prefect.yaml`."""

from __future__ import annotations

import contextlib
import importlib
import os
from typing import Any

from flows.prefect_server import PASSWORD, PrefectServer, named_server, prefect_environment
from infra.errors import OperationError
from infra.process_state import as_found
from infra.settings import PROJECT, Settings

DEPLOYMENTS = PROJECT / "infra" / "prefect.yaml"
PORT = 4200


def serve_schedules(settings: Settings, port: int = PORT) -> None:
    """Run until stopped: the server (unless PREFECT_API_URL names one) and the scheduled flows.

    Raises:
        OperationError: The server does not start, or the named one does not answer.
    """
    named_server()
    with as_found(), contextlib.ExitStack() as stack:
        os.environ.update(prefect_environment(settings.home) | {"PREFECT_LOGGING_LEVEL": "INFO",
                                                               "TONGHOP_HOME": str(settings.home)})
        if not os.environ.get("PREFECT_API_URL"):
            server = stack.enter_context(PrefectServer(settings.home, port, is_standing=True))
            os.environ.update(server.client_environment)
            _wait_for(server)
        import prefect

        prefect.serve(*_deployments(), pause_on_shutdown=False, limit=1)


def _wait_for(server: PrefectServer) -> None:
    if not server.wait_until_ready():
        raise OperationError("Không khởi động được máy chủ Prefect.", "The Prefect server does not start.",
                             place=str(server.log_file), remedy_vi="Xem thông báo ở cuối tệp nhật ký đó.")
    password = server.home / "prefect" / PASSWORD
    where = password if password.exists() else "PREFECT_SERVER_API_AUTH_STRING"
    print(f"Trang theo dõi · runs: {server.url.removesuffix('/api')} (mật khẩu · password: {where})", flush=True)


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
