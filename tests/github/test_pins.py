"""What is installed or built on is named by a version, and somebody proposes the next one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.tracked import REPOSITORY, tracked

DEPENDABOT = yaml.safe_load((REPOSITORY / ".github" / "dependabot.yml").read_text("utf-8"))
A_TAG = r"[\w./-]+:[\w.-]*\d[\w.-]*"


def read(name: str) -> str:
    return (REPOSITORY / name).read_text("utf-8")


def test_uv_is_installed_by_its_checksum_wherever_it_is():
    """It runs as root on a host, and installs everything else."""
    installs = {
        (name, line.strip())
        for name in tracked()
        if not name.startswith(("docs/", "tests/"))
        for line in (REPOSITORY / name).read_text("utf-8", "replace").splitlines()
        if re.search(r"\bpip3? install\b", line)
    }
    assert {name for name, _ in installs} == {
        "Makefile", "deploy/host/Dockerfile", "deploy/plain/install", "sandbox/Dockerfile",
        "deploy/proof/astro_base.Dockerfile",
    }  # fmt: skip
    for name, line in installs:
        if name == "Makefile":
            assert line.endswith("--requirement $<")
            assert "\n$(UV): deploy/uv.txt\n" in read(name)
        elif name != "deploy/proof/astro_base.Dockerfile":  # as Astro's own image does
            assert re.search(r'--requirement "?[\w/$]*uv\.txt"?( \|\| \w+)?$', line), (
                f"{name}: {line}"
            )


def test_uv_is_the_one_of_the_lock_on_every_platform():
    (locked,) = (
        package for package in tomllib.loads(read("uv.lock"))["package"] if package["name"] == "uv"
    )
    options, pin, *_ = read("deploy/uv.txt").splitlines()
    assert options == "--only-binary :all:"  # what a build needs would come without a checksum
    assert pin == f"uv=={locked['version']} \\"
    files = [locked["sdist"], *locked["wheels"]]
    assert set(re.findall(r"--hash=(\S+)", read("deploy/uv.txt"))) == {
        file["hash"] for file in files
    }


@pytest.mark.parametrize("name", ["deploy/host/Dockerfile", "sandbox/Dockerfile", "Dockerfile"])
def test_a_base_image_is_a_literal_tag_once(name):
    """Dependabot reads no ARG, and of two places it may change one."""
    bases = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", read(name), re.MULTILINE)
    stages = [stage for _, stage in bases if stage]
    foreign = [base for base, _ in bases if base not in stages]
    assert all(re.fullmatch(A_TAG, base) for base in foreign), foreign
    assert len(foreign) == len(set(foreign)) >= 1


def directories(ecosystem: str) -> list[str]:
    return [
        folder.strip("/")
        for each in DEPENDABOT["updates"]
        if each["package-ecosystem"] == ecosystem
        for folder in each.get("directories") or [each["directory"]]
    ]


def test_dependabot_looks_where_something_is_pinned():
    dockerfiles = {str(Path(name).parent) for name in tracked() if name.endswith("/Dockerfile")}
    assert set(directories("docker")) == dockerfiles
    assert directories("github-actions") == directories("uv") == [""]
    (folder,) = directories("docker-compose")
    services = yaml.safe_load(read(f"{folder}/compose.yaml"))["services"]
    literal = [s["image"] for s in services.values() if "image" in s and "$" not in s["image"]]
    assert [image for image in literal if not re.fullmatch(A_TAG, image)] == []
    assert literal


def test_every_kind_of_proposal_waits_a_week_for_a_release_to_be_found_out():
    assert all(each["cooldown"]["default-days"] >= 7 for each in DEPENDABOT["updates"])
