"""The whole command as a person calls it, and the page that tells of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from include.doctor.checks import AREAS
from include.doctor.examination import name_of
from sandbox.cast import demo_accounts

ROOT = Path(__file__).parents[3]


def run(environment):
    own = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW_CONN", "AIRFLOW_VAR"))}
    return subprocess.run(
        [sys.executable, "-m", "include.doctor.command"],
        cwd=ROOT,
        env={**own, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def settings(**keys):
    least = {
        "bucket": "tweet-lake",
        "alert_to": ["data-team@example.org"],
        "data_docs_url": "http://127.0.0.1:9/data-docs/",
    }
    return {"AIRFLOW_VAR_TWEET_LAKE": json.dumps({**least, **keys})}


def test_x_is_asked_once_nothing_is_sent_and_nothing_is_left(world):
    done = run(
        {
            **world.environment(),
            **settings(),
            "AIRFLOW_VAR_X_ACCOUNTS": json.dumps(demo_accounts()),
        }
    )
    assert [served.path for served in world.requests] == ["/2/usage/tweets"]
    assert world.mails == []
    assert re.search(r"^ok +x: token +X takes the token$", done.stdout, re.MULTILINE)
    assert re.search(
        r"^ok +prefixes: zones +all that runs do in 10 zones$", done.stdout, re.MULTILINE
    )
    # Nobody serves Data Docs, and the sandbox's clock stands still.
    assert re.search(r"^failed +data docs: pages +nothing answers at", done.stdout, re.MULTILINE)
    assert re.search(r"^failed +clock: skew +this clock is", done.stdout, re.MULTILINE)
    assert re.search(r"\n\d+ failed, \d+ warnings?, \d+ not checked, \d+ ok\n$", done.stdout)
    assert (done.returncode, done.stderr) == (1, "")


def test_no_secret_is_printed_where_everything_fails():
    def connection(kind, name, **more):
        fields = {"conn_type": kind, "host": "127.0.0.1", "port": 9, "password": f"canary-{name}"}
        return {f"AIRFLOW_CONN_{name.upper()}": json.dumps({**fields, **more})}

    url = "http://ada:canary-url@127.0.0.1:9"
    done = run(
        {
            **settings(
                data_docs_url=f"{url}/data-docs/",
                alert_by=["mail", "sns"],
                sns_topic_arn="arn:aws:sns:us-east-1:123456789012:t",
                glue_database="lake",
            ),
            **connection("http", "x_api", host=url),
            **connection(
                "aws",
                "aws_default",
                login="key",
                extra={"endpoint_url": url, "aws_session_token": "canary-session"},
            ),
            **connection("smtp", "smtp_default", login="ada", extra={"from_email": "a@b.org"}),
            **connection("postgres", "warehouse", login="ada", schema="canary-warehouse"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg://a:canary-db@127.0.0.1:9/a",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": "sqlite+aiosqlite:////nowhere",
            "AIRFLOW__CORE__FERNET_KEY": "canary-fernet",
            "AIRFLOW__API__SECRET_KEY": "replace-me",
        }
    )
    assert done.returncode == 1
    assert "canary" not in done.stdout + done.stderr
    failed = set(re.findall(r"^failed +(.+?)  ", done.stdout, re.MULTILINE))
    assert failed >= {
        "settings: placeholders", "airflow: database", "bucket: there", "x: token", "alerts: mail",
        "alerts: topic", "data docs: pages", "glue: database", "warehouse: server",
    }  # fmt: skip
    assert "[api] secret_key still holds replace-me" in done.stdout
    assert "crashed" not in done.stdout


@pytest.mark.parametrize(
    "environment",
    [
        {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "nonsense://a:canary@db/airflow"},
        {"AIRFLOW__SECRETS__BACKEND": "nothing.of.the.kind"},
    ],
    ids=["database", "secrets"],
)
def test_an_airflow_that_can_not_even_start_is_a_sentence(environment):
    done = run(environment)
    assert done.returncode == 1
    assert done.stdout.startswith("failed      airflow: ")
    assert "correct its configuration" in done.stdout
    assert "canary" not in done.stdout + done.stderr


def test_the_page_lists_every_check_as_its_docstring_says_it():
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z ]+): ([a-z ]+) \| (.+) \|$", page, re.MULTILINE)
    assert rows == [
        (area, name_of(look), str(look.__doc__).splitlines()[0])
        for area, looks in AREAS.items()
        for look in looks
    ]


@pytest.mark.parametrize("argument", ["--help", "--wrong"])
def test_it_takes_no_arguments(argument):
    done = subprocess.run(
        [sys.executable, "-m", "include.doctor.command", argument],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if argument == "--help" else 2)
