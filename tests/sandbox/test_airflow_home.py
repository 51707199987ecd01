from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.airflow_home import AirflowHome


def test_the_caller_s_airflow_and_aws_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://elsewhere/airflow")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://elsewhere")
    monkeypatch.setenv("AWS_PROFILE", "elsewhere")
    monkeypatch.setenv("LANG", "C.UTF-8")
    environment = AirflowHome(tmp_path, {"AIRFLOW_CONN_X_API": "http://here"}).environment

    assert "elsewhere" not in " ".join(environment.values())
    assert environment["AIRFLOW_CONN_X_API"] == "http://here"
    assert environment["AIRFLOW_HOME"] == str(tmp_path)
    assert environment["LANG"] == "C.UTF-8"


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_stands_between_it_and_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "lake.example")
    environment = AirflowHome(tmp_path, {}).environment

    assert environment["NO_PROXY"] == "lake.example,127.0.0.1,localhost"
    assert environment["no_proxy"] == environment["NO_PROXY"]
