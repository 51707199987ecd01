"""The floor under every mapped DAG: one task that does nothing, once for every account."""

from __future__ import annotations

import os

from airflow.sdk import dag, get_current_context, task

ACCOUNTS = [f"load_{number:04d}" for number in range(int(os.environ["BENCH_ACCOUNTS"]))]


@dag(schedule=None)
def nothing_mapped() -> None:
    """Map the task over the accounts."""

    @task(map_index_template="{{ account }}")
    def nothing(account: str) -> None:
        """Only be named in the grid."""
        get_current_context()["account"] = account

    nothing.expand(account=ACCOUNTS)


nothing_mapped()
