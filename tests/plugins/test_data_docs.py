"""The plugin as Airflow's components load it, and its login behind a path prefix."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

REPOSITORY = Path(__file__).parents[2]

LOADED = """
    import json, sys
    from airflow import plugins_manager

    plugins, errors = plugins_manager._get_plugins()
    (plugin,) = (p for p in plugins if p.name == "data_docs")
    views, _ = plugins_manager._get_ui_plugins()
    heavy = [m for m in ("include.lake", "boto3", "airflow.api_fastapi.app") if m in sys.modules]
    print(json.dumps({"errors": errors, "heavy": heavy, "views": views}))
"""
ASKED = """
    import json
    from airflow import plugins_manager
    from airflow.api_fastapi.app import API_ROOT_PATH, init_auth_manager, init_plugins
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    app = FastAPI(root_path=API_ROOT_PATH.removesuffix("/"))
    init_plugins(app)
    init_auth_manager(app)
    client = TestClient(app, follow_redirects=False)
    page = f"{API_ROOT_PATH}data-docs/<path>"
    answers = [client.get(page, headers={"accept": a}) for a in ("text/html,*/*", "*/*")]
    print(json.dumps([[a.status_code, a.headers.get("location")] for a in answers]))
"""


def said_by(script: str, home: Path, **environment: str) -> Any:
    """What a script prints last, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=REPOSITORY,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW_")},
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": str(REPOSITORY),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_components_that_only_load_plugins_import_nothing_for_it(tmp_path):
    loaded = said_by(LOADED, tmp_path)
    assert loaded == {
        "errors": {},
        "heavy": [],
        "views": [
            {
                "name": "Data Docs",
                "href": "data-docs/",
                "url_route": "data-docs",
                "destination": "nav",
                "nav_top_level": True,
            }
        ],
    }


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        ("", "tweets/index.html?x=1&y=%26"),
        ("/air/flow", "quarantine/tweets/20261102T0800Z_20261102T1200Z/nasa/?start=50"),
    ],
)
def test_a_browser_is_sent_to_airflow_s_login_and_a_client_is_refused(tmp_path, prefix, path):
    base_url = f"https://airflow.example{prefix}"
    script = ASKED.replace("<path>", path)
    browser, client = said_by(script, tmp_path, AIRFLOW__API__BASE_URL=base_url)
    login = urlsplit(browser[1])
    assert (browser[0], login.path) == (307, f"{prefix}/api/v2/auth/login")
    page = f"{prefix}/data-docs/{path}"
    assert parse_qs(login.query) == {"next": [page]}
    assert client == [401, None]
