"""GitHub's workflows: what it would refuse, what an attacker would look for, what CI has too."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text("utf-8").replace("\non:\n", "\n'on':\n"))
    for path in sorted((REPOSITORY / ".github" / "workflows").glob("*"))
}
JOBS = {
    f"{name}.{job}": settings
    for name, workflow in WORKFLOWS.items()
    for job, settings in workflow["jobs"].items()
}
TARGETS = set(
    re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE)
)


def steps(key: str) -> list[Any]:
    """What the steps of all jobs say under a key."""
    return [step[key] for job in JOBS.values() for step in job.get("steps", []) if key in step]


def test_workflows_and_dependabot_pass_schema_and_zizmor():
    done = subprocess.run(
        ["make", "--old-file=.venv/testable", "lint-workflows"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_to_a_commit_and_says_its_version():
    for name in WORKFLOWS:
        text = (REPOSITORY / ".github" / "workflows" / f"{name}.yaml").read_text("utf-8")
        for used in re.findall(r"uses: (.+)", text):
            assert re.fullmatch(
                r"\$/\.github/workflows/\w+\.yaml|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used
            )
            if used.startswith("$/"):
                assert (REPOSITORY / used.removeprefix("$/")).is_file()


def test_an_action_has_one_version_everywhere():
    pins = {use for use in steps("uses") if "@" in use}
    assert len({pin.split("@")[0] for pin in pins}) == len(pins)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_grants_nothing_by_itself_and_never_runs_a_stranger_s_code_with_rights(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(workflow["on"])


@pytest.mark.parametrize("name", JOBS)
def test_a_job_may_do_what_it_needs(name):
    may = dict(JOBS[name]["permissions"])
    assert may.pop("contents") == "read"
    assert may == ({"id-token": "write"} if name == "release.deploy" else {})
    assert "uses" in JOBS[name] or JOBS[name]["timeout-minutes"] <= 100


def test_no_checkout_leaves_its_token_behind():
    checkouts = [
        step
        for job in JOBS.values()
        for step in job.get("steps", [])
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert len(checkouts) == sum("steps" in job for job in JOBS.values())
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_workflows_run_what_anybody_can_run():
    for command in steps("run"):
        program, *arguments = command.split()
        assert program in {"make", ".ci/run"}
        assert {each for each in arguments if "=" not in each} <= TARGETS


def test_ci_here_and_at_github_run_the_same_targets():
    script = (REPOSITORY / ".ci" / "run").read_text("utf-8")
    (without_arguments,) = re.findall(r"\|\| set -- (.+)", script)
    of_github = [
        step["run"].split()
        for job in WORKFLOWS["ci"]["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    assert {program for program, _ in of_github} == {".ci/run"}
    assert [target for _, target in of_github] == without_arguments.split()


def test_a_release_passes_the_same_checks_and_waits_for_a_person():
    deploy = JOBS["release.deploy"]
    called = [JOBS[f"release.{job}"]["uses"] for job in deploy["needs"]]
    needed = ("ci", "image", "audit")
    assert called == [f"$/.github/workflows/{name}.yaml" for name in needed]
    assert all("workflow_call" in WORKFLOWS[name]["on"] for name in needed)
    assert deploy["environment"] == "production"
    assert WORKFLOWS["release"]["on"] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}
    assert WORKFLOWS["release"]["concurrency"]["cancel-in-progress"] is False


def test_tests_run_on_every_python_that_the_project_supports():
    project = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    assert 'requires-python = ">=3.11,<3.14"' in project
    matrix = WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix == {"python": ["3.11", "3.12", "3.13"]}
