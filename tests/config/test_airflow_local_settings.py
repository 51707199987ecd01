"""What every process of Airflow loads at its start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_the_scheduler_outlives_what_it_imports_beforehand(tmp_path):
    # PySpark, if Great Expectations finds it, ends a process of which there is no __main__ yet.
    folders = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "config")])
    started = subprocess.run(
        [sys.executable, "-m", "airflow", "scheduler", "--help"],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Usage: airflow scheduler" in started.stdout, started.stderr
