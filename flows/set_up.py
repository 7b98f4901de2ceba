"""What set-up makes once for all homes: an empty Prefect database and the parsed dbt project.

python -m flows.set_up
"""

from __future__ import annotations

from flows import prefect_server
from flows.build import dbt_process

if __name__ == "__main__":
    dbt_process.prepare()
    prefect_server.prepare_template()
