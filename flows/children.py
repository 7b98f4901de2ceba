"""The children that open what others sent: started here, so that every step that needs one gets the same kind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from infra.catalogue import Catalogue
from infra.confinement import DEFENCES
from infra.errors import OperationError
from infra.sandbox import Sandbox
from infra.settings import Settings

JOBS = "flows.sandbox_jobs"


def start_children(settings: Settings | None = None, limits: dict[str, int] | None = None) -> Sandbox:
    """Begin the process whose children take messages apart, read documents and mark workbooks; return at once."""
    return Sandbox(JOBS, limits, settings.home / "logs" if settings else None)


@contextlib.contextmanager
def children_of(settings: Settings, running: Sandbox | None) -> Iterator[Sandbox]:
    """Use the children that run, or some of one's own for the time being.

    Raises:
        OperationError: In production, when the system does not give the children their walls.
    """
    sandbox = running or start_children(settings)
    try:
        require_walls(settings, sandbox)
        yield sandbox
    finally:
        if running is None:
            sandbox.stop()


def require_walls(settings: Settings, sandbox: Sandbox) -> None:
    """Refuse to open foreign files in production without every defence that a child is to have."""
    if settings.is_production and (missing := sandbox.wait_until_ready()):
        said = "; ".join(DEFENCES[name] for name in missing)
        raise OperationError(
            f"Máy này không bảo vệ được tiến trình đọc tệp: {said}.",
            f"The processes that open files lack defences in production: {', '.join(missing)}.",
            remedy_vi="Dùng nhân Linux từ 5.13 có bật Landlock và seccomp, hoặc chạy ngoài môi trường production.",
        )


def use_month(sandbox: Sandbox, period: str, catalogue: Catalogue) -> None:
    """Say by which catalogue and for which month documents are read from now on."""
    sandbox.configure((period, catalogue))
