"""The page about adding a dataset adds one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs" / "adding-a-dataset.md"
ROOMS = ("config", "dags", "expectations", "include", "sandbox", "tests")


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
    tried = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", its_test],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stdout[-3000:]
    assert "1 passed" in tried.stdout
