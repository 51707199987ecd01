"""The command that serves Data Docs on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.request import urlopen

import pytest


@pytest.fixture
def serve(tmp_path):
    started = []

    def serve(*arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, "-m", "include.data_docs.serve", *arguments, "--port", "0"],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline()

    yield serve
    for process in started:
        process.terminate()
        process.wait()
        process.stdout.close()


def read(line):
    with urlopen(line.split()[2]) as answer:  # noqa: S310 - on loopback
        return answer.read().decode()


def test_a_folder_is_served_until_it_is_interrupted(serve, tmp_path):
    (tmp_path / "index.html").write_text("<h1>from a folder</h1>")
    process, line = serve("--folder", str(tmp_path))
    assert line.startswith("Data Docs: http://127.0.0.1:")
    assert read(line) == "<h1>from a folder</h1>"
    process.send_signal(2)
    assert process.wait(timeout=20) in {0, -2}


def test_a_bucket_is_served(serve, lake):
    lake.put("data-docs/index.html", b"<h1>from the lake</h1>")
    credentials = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }
    endpoint = lake.client.meta.endpoint_url
    _, line = serve("--bucket", lake.bucket, "--endpoint-url", endpoint, **credentials)
    assert read(line) == "<h1>from the lake</h1>"


def test_a_folder_without_data_docs_is_refused(serve, tmp_path):
    process, line = serve("--folder", str(tmp_path))
    rest, _ = process.communicate()
    assert process.returncode == 2
    assert "holds no Data Docs; run `make demo` first" in line + rest
