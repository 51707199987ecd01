"""The units of the plain way, as systemd itself judges them."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.host_tools import host_tool

REPOSITORY = Path(__file__).parents[3]
PLAIN = REPOSITORY / "deploy" / "plain"
UNITS = PLAIN / "systemd"
SERVICES = sorted(path.stem for path in UNITS.glob("*.service"))
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
HOST = 4096
FOR_THE_SYSTEM = 1024
"""MiB that PostgreSQL, Caddy, a backup and the system are left of it."""
TELLER = "tweet-lake-failed@"
EXPOSURE = 1.5
"""Of 10; what is left is mostly the network."""


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def setting(unit: str, name: str) -> list[str]:
    paths = [*sorted((UNITS / "tweet-lake-.service.d").glob("*.conf")), UNITS / unit]
    return [
        line.removeprefix(f"{name}=")
        for path in paths
        for line in lines(path)
        if line.startswith(f"{name}=")
    ]


def settings_of(example: str) -> dict[str, str]:
    """Every assignment of an example file, those that are commented out among them."""
    found = re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", (PLAIN / example).read_text(), re.MULTILINE)
    return dict(found)


def test_systemd_finds_no_fault():
    command = [host_tool("systemd-analyze"), "verify", *map(str, UNITS.glob("tweet-lake*.*[!d]"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # It reads what ours wait for too, and judges the units of this machine as well.
    ours = [said for said in (done.stdout + done.stderr).splitlines() if "tweet-lake" in said]
    # Nothing is installed on the machine of the test.
    assert [said for said in ours if "is not executable: No such file" not in said] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_exposed_by_little_more_than_its_network(service):
    command = [host_tool("systemd-analyze"), "security", "--offline=yes"]
    unit = str(UNITS / f"{service}.service")
    done = subprocess.run([*command, unit], capture_output=True, text=True, check=True)
    figure = float(re.findall(r"exposure level for \S+: ([0-9.]+)", done.stdout)[0])
    assert figure < EXPOSURE
    told = (PLAIN / "README.md").read_text(encoding="utf-8")
    version = subprocess.run([command[0], "--version"], capture_output=True, text=True, check=True)
    # Another systemd looks at more, or weighs it otherwise.
    if " ".join(version.stdout.split()[:2]) in told:
        assert str(figure) in told


def test_the_target_wants_every_component():
    (wanted,) = setting("tweet-lake.target", "Wants")
    assert {f"tweet-lake-{name}.service" for name in COMPONENTS} < set(wanted.split())
    assert {path.name for path in UNITS.glob("*.timer")} < set(wanted.split())


def test_who_stops_the_target_waits_for_what_it_stops():
    (before,) = setting("tweet-lake.target", "Before")
    parts = {
        f"{name}.service"
        for name in SERVICES
        if "PartOf=tweet-lake.target" in lines(UNITS / f"{name}.service")
    }
    assert set(before.split()) == parts


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_waits_for_the_metadata_and_stops_with_the_target(component):
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str
    unit.read(UNITS / f"tweet-lake-{component}.service")
    assert unit["Unit"]["PartOf"] == "tweet-lake.target"
    assert unit["Unit"]["Requires"] == "tweet-lake-migrate.service"
    assert "tweet-lake-migrate.service" in unit["Unit"]["After"]
    assert unit["Service"]["Restart"] == "on-failure"
    assert f"/airflow {component}" in unit["Service"]["ExecStart"]


@pytest.mark.parametrize("service", [name for name in SERVICES if name != TELLER])
def test_people_are_told_of_a_failure(service, tmp_path):
    # `OnFailure=` would stay silent: for systemd, what it starts again has not failed.
    told = what_is_started_after(service, "exit-code", tmp_path)
    assert told == f"--no-block start {TELLER}{service}:exit-code"
    assert what_is_started_after(service, "success", tmp_path) == ""


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_stop_that_took_its_time_is_no_failure(component, tmp_path):
    assert what_is_started_after(f"tweet-lake-{component}", "timeout", tmp_path) == ""


def what_is_started_after(service: str, result: str, folder: Path) -> str:
    """What a unit asks of systemd when it has ended like this."""
    (command,) = setting(f"{service}.service", "ExecStopPost")
    line = command.removeprefix("+").replace("%N", service)
    (folder / "systemctl").write_text('#!/bin/sh\necho "$*"\n')
    (folder / "systemctl").chmod(0o755)
    given = {"SERVICE_RESULT": result, "PATH": str(folder)}
    done = subprocess.run(shlex.split(line), env=given, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_all_that_runs_at_once_fits_a_host_of_four_gigabytes():
    limits = [setting(f"tweet-lake-{name}.service", "MemoryMax")[0] for name in COMPONENTS]
    assert all(limit.endswith("M") for limit in limits)
    assert sum(int(limit[:-1]) for limit in limits) <= HOST - FOR_THE_SYSTEM
    told = (PLAIN / "README.md").read_text(encoding="utf-8")
    for name, limit in zip(COMPONENTS, limits, strict=True):
        assert re.search(rf"^\| `tweet-lake-{name}` \|.*\| {limit[:-1]} MB \|$", told, re.MULTILINE)


def test_no_unit_and_no_settings_file_holds_a_secret():
    names = [
        line.split("=")[1]
        for service in SERVICES
        for line in lines(UNITS / f"{service}.service")
        if line.startswith("Environment=")
    ]
    common = [
        value.split("=")[0] for value in setting("tweet-lake-scheduler.service", "Environment")
    ]
    examples = {**settings_of("host.env.example"), **settings_of("airflow.env.example")}
    secret = re.compile(r"KEY$|PASSWORD|SECRET$|TOKEN|SQL_ALCHEMY_CONN")
    assert [name for name in (*names, *common, *examples) if secret.search(name)] == []


def test_install_makes_every_credential_that_a_unit_loads():
    loaded = {
        value.split(":")[0]
        for service in SERVICES
        for value in setting(f"{service}.service", "LoadCredential")
    }
    install = (PLAIN / "install").read_text(encoding="utf-8")
    for name in loaded:
        stem = name.removesuffix(".yaml")
        assert re.search(rf"keep_secret \S*{stem}|for name in .*\b{stem}\b", install), name


@pytest.mark.parametrize("file", ["airflow.cfg", "Caddyfile", "site.caddy"])
def test_what_the_host_s_own_files_ask_of_the_environment_is_given(file):
    text = (REPOSITORY / "deploy" / "host" / file).read_text(encoding="utf-8")
    # `{$NAME:else}` asks for nothing.
    asked = set(
        re.findall(r"\$\{(TWEET_LAKE_\w+)\}|\{\$(TWEET_LAKE_\w+)\}|(?<!\{)\$(TWEET_LAKE_\w+)", text)
    )
    where = [*setting("tweet-lake-scheduler.service", "Environment"), *lines(PLAIN / "caddy.conf")]
    given = set(re.findall(r"(TWEET_LAKE_\w+)=", "\n".join(where)))
    given |= set(settings_of("host.env.example"))
    assert {name for names in asked for name in names if name} <= given


def test_airflow_knows_every_setting_of_the_example():
    from airflow.configuration import conf

    for name in settings_of("airflow.env.example"):
        _, section, option = name.lower().split("__")
        assert conf.get(section, option, fallback=None) is not None or (section, option) in {
            ("secrets", "backend_kwargs"),
            ("secrets", "backend"),
        }, name


def test_the_examples_of_connections_and_variables_are_what_the_pipeline_reads():
    import yaml

    from include.accounts import load_json, parse_accounts
    from include.settings import parse_settings

    uncommented = {}
    for name in ("connections", "variables"):
        text = (PLAIN / f"{name}.yaml.example").read_text(encoding="utf-8")
        assert yaml.safe_load(text) == {}
        before, after = text.split("# Your entries take the place of this {}:\n{}\n")
        uncommented[name] = yaml.safe_load(before + re.sub("(?m)^# ", "", after))
    assert set(uncommented["connections"]) == {"x_api", "aws_default", "smtp_default"}
    text = uncommented["variables"]["tweet_lake"].replace("<your bucket>", "b-1")
    assert parse_settings(text.replace("<your domain>", "example.org")).bucket == "b-1"
    assert parse_accounts(uncommented["variables"]["x_accounts"], "example", loads=load_json)


def test_secrets_manager_is_asked_by_the_same_names_as_on_a_host_of_containers():
    plain = settings_of("airflow.env.example")["AIRFLOW__SECRETS__BACKEND_KWARGS"].strip("'")
    host = configparser.ConfigParser(interpolation=None)
    host.read(REPOSITORY / "deploy" / "host" / "airflow.cfg")
    theirs = host["secrets"]["backend_kwargs"].replace("${TWEET_LAKE_SECRETS_PREFIX}", "tweet-lake")
    assert json.loads(plain) == json.loads(theirs)
