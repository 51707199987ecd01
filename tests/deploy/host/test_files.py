"""Compose file, Dockerfile and Caddyfile, as their own programs read them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.host_tools import docker_compose, host_tool, mounts

REPOSITORY = Path(__file__).parents[3]
HOST = REPOSITORY / "deploy" / "host"
MIB = 1024**2
T3_MEDIUM = 4096
FOR_THE_SYSTEM = 600
"""MiB that Ubuntu, Docker and the SSM agent are left of it."""
SETTINGS = {
    "TWEET_LAKE_IMAGE": "123456789012.dkr.ecr.us-east-1.amazonaws.com/tweet-lake:v1",
    "TWEET_LAKE_DOMAIN": "airflow.example.org",
    "TWEET_LAKE_TLS": "acme",
    "TWEET_LAKE_BUCKET": "lake",
    "TWEET_LAKE_SECRETS_PREFIX": "tweet-lake",
    "TWEET_LAKE_DATABASE": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def composed(*options, **changes):
    settings = {k: v for k, v in {**SETTINGS, **changes}.items() if v is not None}
    return subprocess.run(
        [*docker_compose(), "--file", str(HOST / "compose.yaml"), *options, "config"],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def compose():
    """The compose file with everything in its place, as Docker Compose reads it."""
    read = composed("--profile", "local")
    assert read.returncode == 0, read.stderr
    return yaml.safe_load(read.stdout)


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def test_the_compose_file_keeps_to_the_specification():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*check, str(HOST / "compose.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_postgresql_is_left_out_where_the_metadata_is_in_rds(services):
    assert {n: s["profiles"] for n, s in services.items() if "profiles" in s} == {
        "postgres": ["local"]
    }
    # Compose would refuse a service that depends on one which is left out.
    assert not [n for n, s in services.items() if "postgres" in s.get("depends_on", {})]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_missing_is_named(name):
    read = composed(**{name: None})
    assert read.returncode != 0
    assert name in read.stderr


def test_only_the_door_is_open_and_only_for_tls(services):
    written = yaml.safe_load(read("compose.yaml"))["services"]
    ports = {name: service["ports"] for name, service in written.items() if "ports" in service}
    assert ports == {"caddy": ["443:8443/tcp"]}
    assert services["postgres"]["network_mode"] == "none"


def test_no_service_is_root_writes_to_its_image_or_gains_rights(services):
    for name, service in services.items():
        assert re.fullmatch(r"[1-9]\d*:\d+", service["user"]), name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert "privileged" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not [mount for mount in mounts(service) if mount[0] == "/"], name


def test_all_that_runs_at_once_fits_into_the_smallest_host(services):
    limits = {name: megabytes(service["mem_limit"]) for name, service in services.items()}
    del limits["migrate"]  # has ended when the others begin
    assert sum(limits.values()) <= T3_MEDIUM - FOR_THE_SYSTEM


def megabytes(limit):
    return int(limit.removesuffix("m")) if str(limit).endswith("m") else int(limit) // MIB


def test_what_lasts_is_watched_started_again_and_does_not_fill_the_disk(services):
    lasting = {name: service for name, service in services.items() if name != "migrate"}
    for name, service in lasting.items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name
    assert services["migrate"]["restart"] == "no"


def test_everything_of_a_release_is_of_its_image(services):
    foreign = {
        n: s["image"] for n, s in services.items() if s["image"] != SETTINGS["TWEET_LAKE_IMAGE"]
    }
    assert set(foreign) == {"postgres"}
    assert re.search(r":\d+\.\d+", foreign["postgres"])


@pytest.mark.parametrize("built_with", [f"postgres@sha256:{'0' * 64}", None])
def test_a_release_names_postgresql_by_the_digest_that_it_was_built_with(built_with, tmp_path):
    (order,) = re.findall(
        r"^RUN (sed .+) deploy/host/compose.yaml$", read("Dockerfile"), re.MULTILINE
    )
    (tmp_path / "compose.yaml").write_text(read("compose.yaml"))
    environment = {"POSTGRES_IMAGE": built_with} if built_with else {}
    subprocess.run(["sh", "-c", f"{order} compose.yaml"], cwd=tmp_path, env=environment, check=True)
    (written,) = re.findall(r"image: (postgres.+)", (tmp_path / "compose.yaml").read_text())
    assert written == (built_with or re.search(r"image: (postgres.+)", read("compose.yaml"))[1])


def test_a_setting_s_value_is_no_secret(services):
    for name, service in services.items():
        for key in service["environment"]:
            assert not re.search(r"PASSWORD|TOKEN|ACCESS_KEY|_KEY$|SQL_ALCHEMY|FERNET", key), name


def test_airflow_cfg_names_what_the_containers_have(services):
    named = set(re.findall(r"\$\{?(TWEET_LAKE_\w+)", (HOST / "airflow.cfg").read_text()))
    of_the_image = set(re.findall(r"(TWEET_LAKE_\w+)=", (HOST / "Dockerfile").read_text()))
    for name in ("migrate", "api-server", "scheduler", "dag-processor", "triggerer"):
        assert named <= set(services[name]["environment"]) | of_the_image
        folder = services[name]["environment"]["TWEET_LAKE_SECRETS_FOLDER"]
        assert any(str(memory).startswith(f"{folder}:") for memory in services[name]["tmpfs"])


def test_airflow_cfg_has_no_option_that_airflow_does_not_know(tmp_path):
    known = """if True:
        import json
        from airflow.configuration import conf
        print(json.dumps({s: [*d["options"]] for s, d in conf.configuration_description.items()}))
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")}
    done = subprocess.run(
        [sys.executable, "-c", known],
        env={**kept, "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    options = json.loads(done.stdout.splitlines()[-1])
    section = ""
    for line in (HOST / "airflow.cfg").read_text().splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
        elif option := re.match(r"(\w+) = ", line):
            assert option[1].removesuffix("_cmd") in options[section], line


def test_the_image_is_not_root_and_takes_code_and_nothing_else():
    text = (HOST / "Dockerfile").read_text()
    final = text.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.+)$", final, re.MULTILINE)[-1] == "50000:0"
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    assert {name for line in copied for name in line.split()} == {
        "config", "dags", "deploy/host", "deploy/uv.txt", "expectations", "include", "plugins",
        "pyproject.toml", "uv.lock",
    }  # fmt: skip
    # What changes with every commit comes last: what is before it is not built anew.
    assert copied[0] == "deploy/uv.txt pyproject.toml uv.lock"
    assert copied[-2:] == ["dags", "include"]


def test_the_context_of_a_build_has_no_secret_and_all_that_is_copied():
    ignored = (REPOSITORY / ".dockerignore").read_text().split()
    assert {".env", ".git", ".local", ".venv", ".astro"} <= set(ignored)
    needed = {"config", "dags", "deploy", "expectations", "include", "plugins", "pyproject.toml"}
    assert not needed & set(ignored)


def test_the_airflow_of_the_image_is_the_one_of_the_lock():
    tag = re.search(r"^FROM apache/airflow:slim-([\d.]+)-", read("Dockerfile"), re.MULTILINE)[1]
    lock = (REPOSITORY / "uv.lock").read_text()
    assert f'name = "apache-airflow"\nversion = "{tag}"' in lock


@pytest.mark.parametrize("tls", ["acme", "internal"])
def test_caddy_takes_the_caddyfile(tls, tmp_path):
    settings = {
        "TWEET_LAKE_API_SERVER": "http://api-server:8080",
        "TWEET_LAKE_DOMAIN": "airflow.example.org",
        "TWEET_LAKE_TLS": tls,
    }
    done = subprocess.run(
        [host_tool("caddy"), "adapt", "--validate", "--config", str(HOST / "Caddyfile")],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    apps = json.loads(done.stdout)["apps"]
    (server,) = apps["http"]["servers"].values()
    assert server["listen"] == [":443"]
    (policy,) = apps["tls"]["automation"]["policies"]
    (issuer,) = policy["issuers"]
    assert issuer["module"] == tls
    if tls == "acme":
        assert issuer["challenges"] == {"http": {"disabled": True}}


def test_the_caddyfile_is_formatted():
    done = subprocess.run(
        [host_tool("caddy"), "fmt", str(HOST / "Caddyfile")], capture_output=True, check=True
    )
    assert done.stdout.decode() == read("Caddyfile")


def read(name):
    return (HOST / name).read_text()
