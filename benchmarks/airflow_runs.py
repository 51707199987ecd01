"""Triggering DAG runs of a running Airflow through its API, and timing them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import requests

from sandbox.airflow_home import AirflowHome

_POLL_SECONDS = 5
"""Seldom: an answer about 300 tasks costs the server a tenth of a second."""
_LOADED_SECONDS = 120
_LONGEST_RUN_SECONDS = 3_600
_OVER = {"success", "failed"}


class AirflowRuns:
    """The API of one Airflow, as its admin."""

    def __init__(self, home: AirflowHome) -> None:
        self._home = home
        login = {"username": "admin", "password": home.password}
        answer = requests.post(f"{home.url}/auth/token", json=login, timeout=60)
        answer.raise_for_status()
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def unpause(self, dag_id: str) -> None:
        """Let the DAG run, once Airflow has loaded it."""
        deadline = time.monotonic() + _LOADED_SECONDS
        while (answer := self._send("PATCH", f"dags/{dag_id}", {"is_paused": False})) is None:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{dag_id} is not loaded; see {self._home.directory / 'logs'}")
            time.sleep(_POLL_SECONDS)
        assert answer["is_paused"] is False

    def settle(self, dag_id: str) -> None:
        """Wait until the DAG has had a run and none is under way."""
        deadline = time.monotonic() + _LONGEST_RUN_SECONDS
        while True:
            states = {run["state"] for run in self._get(f"dags/{dag_id}/dagRuns")["dag_runs"]}
            if states and states <= _OVER:
                return
            self._check(deadline, f"{dag_id}, the scheduled run")
            time.sleep(_POLL_SECONDS)

    def time_run(self, dag_id: str, logical_date: datetime) -> tuple[str, float]:
        """Trigger one run; its final state, and the seconds from the request to its end."""
        triggered = datetime.now(UTC)
        run = self._send(
            "POST", f"dags/{dag_id}/dagRuns", {"logical_date": logical_date.isoformat()}
        )
        assert run is not None
        deadline = time.monotonic() + _LONGEST_RUN_SECONDS
        while run["state"] not in _OVER:
            self._check(deadline, f"{dag_id}, {run['dag_run_id']}")
            time.sleep(_POLL_SECONDS)
            run = self._get(f"dags/{dag_id}/dagRuns/{run['dag_run_id']}")
        ended = datetime.fromisoformat(run["end_date"])
        return run["state"], (ended - triggered).total_seconds()

    def _check(self, deadline: float, what: str) -> None:
        self._home.check()
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} took more than {_LONGEST_RUN_SECONDS} s")

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._send("GET", path)
        if answer is None:
            raise RuntimeError(f"Airflow does not know {path}")
        return answer

    def _send(self, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """The answer's JSON, None for 404."""
        answer = self._session.request(
            method, f"{self._home.url}/api/v2/{path}", json=body, timeout=120
        )
        if answer.status_code == requests.codes.not_found:
            return None
        answer.raise_for_status()
        return dict(answer.json())
