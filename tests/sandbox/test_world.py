import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from sandbox.world import World
from sandbox.x_api import TOKEN

ROOT = Path(__file__).parents[2]


def s3(url: str):
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
    )


def test_connections_lead_to_the_world(world: World):
    environment = {k: json.loads(v) for k, v in world.environment().items()}
    assert environment["AIRFLOW_CONN_X_API"] == {
        "conn_type": "http",
        "host": world.x_url,
        "password": TOKEN,
    }
    assert environment["AIRFLOW_CONN_AWS_DEFAULT"]["extra"]["endpoint_url"] == world.s3_url
    smtp = environment["AIRFLOW_CONN_SMTP_DEFAULT"]
    assert (smtp["host"], smtp["port"]) == (world.smtp_host, world.smtp_port)
    assert smtp["extra"]["from_email"] == "tweet-lake@example.org"
    assert smtp["extra"]["disable_ssl"] is smtp["extra"]["disable_tls"] is True


def test_airflow_reads_the_connections(world: World):
    from airflow.sdk import Connection

    environment = world.environment()
    x_api = Connection.from_json(environment["AIRFLOW_CONN_X_API"], conn_id="x_api")
    assert (x_api.host, x_api.password) == (world.x_url, TOKEN)
    aws = Connection.from_json(environment["AIRFLOW_CONN_AWS_DEFAULT"], conn_id="aws_default")
    assert aws.extra_dejson["endpoint_url"] == world.s3_url


def test_the_bucket_is_there_and_empty_for_every_world(tmp_path: Path):
    for number in range(2):
        with World(tmp_path / str(number), bucket="fresh") as world:
            client = s3(world.s3_url)
            assert client.list_objects_v2(Bucket="fresh")["KeyCount"] == 0
            client.put_object(Bucket="fresh", Key="a/b", Body=b"c")
            assert client.get_object(Bucket="fresh", Key="a/b")["Body"].read() == b"c"
            with pytest.raises(ClientError):
                client.list_objects_v2(Bucket="made-by-nobody")


def test_old_mails_are_gone_when_a_world_starts(tmp_path: Path):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "hello", "a@example.org", "b@example.org"
    for _ in range(2):
        with World(tmp_path) as world:
            assert world.mails == []
            with smtplib.SMTP(world.smtp_host, world.smtp_port, timeout=5) as client:
                client.send_message(message)
            assert [mail["Subject"] for mail in world.mails] == ["hello"]


@pytest.mark.parametrize("port", ["x_port", "s3_port", "smtp_port"])
def test_a_taken_port_is_named_and_nothing_stays_behind(tmp_path: Path, port: str):
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(OSError, match=f":{number} .*choose another port"):
            World(tmp_path, **{port: number}).start()
    assert threading.active_count() == before


def test_a_clock_without_zone_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="time zone"):
        World(tmp_path, datetime(2026, 11, 20))  # noqa: DTZ001


def test_extra_accounts_post(tmp_path: Path, session):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with World(tmp_path, now, extra_usernames=["my_own"]) as world:
        found = session.get(f"{world.x_url}/2/users/by?usernames=my_own", timeout=9).json()
        user_id = found["data"][0]["id"]
        posts = session.get(f"{world.x_url}/2/users/{user_id}/tweets", timeout=9).json()
    assert posts["meta"]["result_count"] == 10


def test_the_command_starts_says_where_and_ends_on_sigterm(tmp_path: Path):
    command = [sys.executable, "-m", "sandbox", "--directory", str(tmp_path)]
    command += ["--x-port", "0", "--s3-port", "0", "--smtp-port", "0"]
    command += ["--now", "2026-11-20T12:00:00+00:00", "--bucket", "given"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if "ready" in line:
                break
        url = said[0].split()[-1]
        health = requests.get(f"{url}/_sandbox/health", timeout=9).json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert health == {"status": "ready", "now": "2026-11-20T12:00:00+00:00"}
    assert "bucket given" in said[1]
