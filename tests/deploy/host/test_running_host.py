"""The host as a browser, a reviewer, a task and somebody uninvited meet it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.chromium import headless
from tests.security.secret_scan import files_below, places_of, rows_of_server

HOST = Path(__file__).parents[3] / "deploy" / "host"
BUCKET = "host-lake"
FORM = {"decision": "release", "why": "looked at it"}


def decide(host, item, user):
    return host.ask(
        "POST",
        f"/data-docs/quarantine/{item}/decide",
        user=user,
        data=FORM,
        headers={"Sec-Fetch-Site": "same-origin"},
    )


def test_the_certificate_is_for_the_host_and_of_nobody_else_s_authority(host):
    assert host.send("GET", "/api/v2/version").json()["version"] == "3.3.2"
    with pytest.raises(requests.exceptions.SSLError):
        host.send("GET", "/api/v2/version", verify=True)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_and_plain_http_are_refused(host):
    port = urlsplit(host.url).port
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        pytest.raises(ssl.SSLError, match="alert protocol version"),
    ):
        old.wrap_socket(plain, server_hostname="localhost")
    answer = requests.get(f"http://localhost:{port}/", timeout=10, allow_redirects=False)
    assert answer.status_code == 400


def test_every_page_says_to_browsers_how_to_treat_it(host, item):
    ui = host.send("GET", "/").headers
    docs = host.ask("GET", "/data-docs/").headers
    for headers in (ui, docs):
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
        assert "Server" not in headers
    assert ui["Referrer-Policy"] == "same-origin"
    assert docs["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in docs["Content-Security-Policy"]


def test_what_only_tasks_ask_for_is_not_to_be_had_from_outside(host):
    for path in ("/execution/health", "/auth/token", "/auth/token/cli", "//auth/token"):
        assert host.send("GET", path).status_code == 404
    assert requests.get(f"{host.api_server}/execution/health", timeout=30).status_code == 200


class Elsewhere(requests.adapters.HTTPAdapter):
    """Asks from another address of this machine."""

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=("127.0.0.9", 0), **options)


def test_passwords_are_not_guessed_one_after_the_other(host):
    with requests.Session() as guesser:
        guesser.mount("https://", Elsewhere())
        guesser.trust_env = False  # which may name other authorities
        guesser.verify = str(host.authority)
        form = guesser.get(f"{host.url}/auth/login/", timeout=30).text
        guess = {
            "csrf_token": re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)[1],
            "username": "admin",
            "password": "sesame",
        }
        # Forged, as if each guess were somebody else's.
        answers = [
            guesser.post(
                f"{host.url}/auth/login/",
                data=guess,
                headers={"Referer": f"{host.url}/", "X-Forwarded-For": f"192.0.2.{number}"},
                allow_redirects=False,
                timeout=30,
            ).status_code
            for number in range(7)
        ]
    assert answers[-1] == 429
    assert host.send("GET", "/auth/login/").status_code == 200  # others may still log in


@pytest.mark.parametrize("path", ["/data-docs/", "/data-docs/quarantine/"])
def test_who_is_not_logged_in_is_sent_to_the_login(host, item, path):
    answer = host.send("GET", path, headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).path == "/api/v2/auth/login"
    assert host.send("GET", path).status_code == 401


def test_a_viewer_looks_and_does_not_decide(host, item):
    assert "nasa" in host.ask("GET", f"/data-docs/quarantine/{item}/", user="viewer").text
    answer = decide(host, item, "viewer")
    assert answer.status_code == 403
    assert "You may look, but not decide" in answer.text


@pytest.mark.parametrize("user", ["user", "op", "admin"])
def test_others_decide(host, item, user):
    answer = decide(host, item, user)
    assert answer.status_code == 303
    assert "dag_id=review_quarantine" in answer.headers["location"]


@pytest.fixture(scope="module")
def first_run(host, item):
    """How the task ended while it had no connection, and its run."""
    return host.run("ask")


def test_a_task_has_its_connection_from_secrets_manager_and_its_log_in_s3(host, first_run):
    state, run_id = first_run
    assert state == "failed"
    assert "the Airflow connection 'x_api' is missing; set it" in log_of(host, run_id)

    x_api = {"conn_type": "http", "host": "https://api.x.com", "password": "the bearer token"}
    name = "tweet-lake/connections/x_api"
    host.secrets.create_secret(Name=name, SecretString=json.dumps(x_api))
    state, run_id = host.run("ask")
    assert state == "failed"
    assert "has white space" in log_of(host, run_id)

    host.secrets.put_secret_value(
        SecretId=name, SecretString=json.dumps({**x_api, "password": "AAAA%3D"})
    )
    state, run_id = host.run("ask")
    assert state == "success"
    assert "the world is at https://api.x.com" in log_of(host, run_id)
    assert "AAAA" not in log_of(host, run_id)


def log_of(host, run_id):
    """What the API server shows of the run, which is what lies in the bucket."""
    prefix = f"logs/dag_id=ask/run_id={run_id}/"
    deadline = time.monotonic() + 60
    while not (found := host.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents")):
        assert time.monotonic() < deadline, f"no log below {prefix}"
        time.sleep(0.2)  # it is there soon after the state is
    (log,) = found
    stored = host.s3.get_object(Bucket=BUCKET, Key=log["Key"])["Body"].read().decode()
    shown = host.ask("GET", f"/api/v2/dags/ask/dagRuns/{run_id}/taskInstances/which_x/logs/1").text
    assert log["Key"] in shown
    return stored


def test_airflow_writes_nothing_where_a_container_can_t(host, item):
    assert list(Path(host.environment["AIRFLOW_HOME"]).iterdir()) == []


def test_components_are_asked_whether_they_live(host):
    program = [sys.executable, "-I", str(HOST / "healthy")]
    asked = {
        part: subprocess.run([*program, part], env=host.environment, check=False).returncode
        for part in ("metadatabase", "scheduler", "triggerer")
    }
    assert asked == {"metadatabase": 0, "scheduler": 0, "triggerer": 1}

    services = yaml.safe_load((HOST / "compose.yaml").read_text())["services"]
    door = host.environment["TWEET_LAKE_HTTPS_PORT"]
    (_, *check) = services["caddy"]["healthcheck"]["test"]
    check = [word.replace("8443", door) for word in check]
    assert subprocess.run(check, env=host.environment, check=False).returncode == 0


def pinned(host):
    """A flag by which Chromium trusts what this one authority of Caddy's has signed."""
    signer = host.authority.with_name("intermediate.crt")  # what comes with the certificate
    certificate = x509.load_pem_x509_certificate(signer.read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode()
    return f"--ignore-certificate-errors-spki-list={digest}"


def test_a_person_logs_in_reads_data_docs_and_logs_out(host, item):
    with headless(pinned(host)) as browser:
        context = browser.new_context()
        page = context.new_page()
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{host.url}/data-docs/")
        fill_in(page, "admin", "sesame")
        page.get_by_text("Invalid login").wait_for()
        assert not session(context)

        fill_in(page, "admin", host.password("admin"))
        page.get_by_role("heading", name="Runs of this host").wait_for()
        assert page.url == f"{host.url}/data-docs/"
        assert session(context)
        for cookie in context.cookies():
            assert cookie["secure"]
            assert cookie["httpOnly"]
            assert cookie["sameSite"] == "Lax"

        page.goto(host.url)
        page.get_by_role("link", name="Data Docs").click()
        frame = page.frame_locator("iframe")
        frame.get_by_role("heading", name="Runs of this host").wait_for()
        assert not [text for text in said if "Content Security Policy" in text]

        page.goto(f"{host.url}/auth/resetmypassword/form")  # as deploy/ec2/README.md says
        page.get_by_text("Confirm Password").wait_for()

        page.goto(f"{host.url}/api/v2/auth/logout")
        page.get_by_label("Username").wait_for()
        assert not session(context)
        page.goto(f"{host.url}/data-docs/")
        page.get_by_label("Username").wait_for()


def fill_in(page, user, password):
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def session(context):
    """The cookies by which somebody is known; a guest has one for the form alone."""
    return [cookie for cookie in context.cookies() if cookie["name"] == "_token"]


def test_no_secret_of_the_host_is_in_what_it_leaves(host, first_run, postgres):
    """Logs, metadata, bucket, what its processes were called with; not in the folder in memory."""
    log_of(host, first_run[1])
    listed = host.secrets.list_secrets(Filters=[{"Key": "name", "Values": ["tweet-lake/airflow/"]}])
    secrets = {
        each["Name"]: host.secrets.get_secret_value(SecretId=each["Name"])["SecretString"]
        for each in listed["SecretList"]
    }
    key = host.folder / "run" / "fernet-key"  # is derived
    stored = host.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [each["Key"] for page in stored for each in page["Contents"]]
    left = [
        *files_below(host.folder, "run"),
        *rows_of_server(postgres.set(database="airflow")),
        *((key, host.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys),
        *processes_of(host),
    ]
    places = {place for place, _ in left}
    assert {"api-server.log", "scheduler.log", "caddy.log", "the table ab_user"} <= places
    assert {"tweet-lake/airflow/admin", "tweet-lake/airflow/jwt-secret"} <= set(secrets)
    assert any("scheduler" in place and "/environ" in place for place in places)
    assert places_of({**secrets, "the key": key.read_text()}, left) == []


def processes_of(host):
    """Environment and command line of everything that the host has started."""
    mark = f"AIRFLOW_HOME={host.environment['AIRFLOW_HOME']}\0".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is not ours
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
            if mark in environment:
                name = command.replace(b"\0", b" ").decode()
                yield f"{name}/environ", environment
                yield f"{name}/cmdline", command
