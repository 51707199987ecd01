"""The page about adding a dataset adds one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs" / "adding-a-dataset.md"
ROOMS = ("config", "dags", "deploy", "expectations", "include", "sandbox", "tests")


ITS_ROWS_ARE_KNOWN = """
from datetime import UTC, datetime

from include.compliance.holdings import holdings
from include.interval import Interval

SIX_HOURS = Interval(datetime(2026, 11, 2, 6, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC))


def test_what_has_to_be_forgotten_is_found_in_it(ingest):
    run = ingest("harbour_news", dataset="followers", over=SIX_HOURS)
    held = {h.key.split("/")[0]: h.subjects[0].id for h in holdings(run.lake)}
    assert held == {"raw": "2014007919", "curated": "2014007919"}
"""


def test_the_page_adds_a_dataset_that_runs(tmp_path):
    for room in ROOMS:
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / room, tmp_path / room, ignore=leave)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    files = re.findall(
        r"^## \d\. [^\n]+: `([^`]+)`\n.*?```\w+\n(.+?)```",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert len(files) == 4
    for path, text in files:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    *_, (its_test, _) = files
    more = tmp_path / "tests" / "pipeline" / "test_followers_are_known.py"
    more.write_text(ITS_ROWS_ARE_KNOWN, encoding="utf-8")
    tried = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", its_test, str(more)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stdout[-3000:]
    assert "2 passed" in tried.stdout
