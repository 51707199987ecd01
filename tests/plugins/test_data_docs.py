"""The plugin as Airflow's components load it, and its login behind a path prefix."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from include.interval import Interval
from include.outcomes import Outcome
from include.quarantine.items import record
from include.report import AccountReport
from tests.task_environment import task_environment

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
    form = f"{API_ROOT_PATH}data-docs/quarantine/tweets/now/nasa/decide"
    answers.append(client.post(form, headers={"accept": "text/html"}))
    print(json.dumps([[a.status_code, a.headers.get("location")] for a in answers]))
"""
LEFT = """
    import json
    from fastapi import FastAPI
    from fastapi.testclient import TestClient
    from include.data_docs.airflow_app import _ways_out

    app = FastAPI()
    app.include_router(_ways_out())
    client = TestClient(app, follow_redirects=False)
    asked = [{"sec-fetch-dest": "document"}, {"sec-fetch-dest": "iframe"}, {}]
    answers = [client.get("/-/run?dag_id=a&run_id=b%2F", headers=headers) for headers in asked]
    print(json.dumps([[a.headers.get("location"), "leave.js" in a.text] for a in answers]))
"""
DECIDED = """
    import json, re
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.main import app
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from fastapi.testclient import TestClient
    from sqlalchemy import delete

    client = TestClient(app, follow_redirects=False)
    said = {}

    def decide(name, role="ADMIN", decision="release"):
        user = SimpleAuthManagerUser(username=role.lower(), role=role)
        headers = {
            "Authorization": f"Bearer {get_auth_manager().generate_jwt(user)}",
            "Sec-Fetch-Site": "same-origin",
        }
        form = {"decision": decision, "why": "looked at it"}
        answer = client.post("/data-docs/quarantine/<item>/decide", data=form, headers=headers)
        text = re.sub("<[^>]+>", " ", answer.text)
        said[name] = [answer.status_code, answer.headers.get("location") or text]

    def pause(paused):
        with create_session() as session:
            session.get(DagModel, "review_quarantine").is_paused = paused

    with create_session() as session:  # other tests may have made it known
        session.execute(delete(DagModel).where(DagModel.dag_id == "review_quarantine"))
    decide("no DAG")
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag("dags/review_quarantine.py"), "dags-folder", None)
    pause(True)
    decide("paused")
    pause(False)
    decide("viewer", role="VIEWER")
    decide("nonsense", decision="burn")
    decide("decided")
    print(json.dumps(said))
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
    browser, client, form = said_by(script, tmp_path, AIRFLOW__API__BASE_URL=base_url)
    login = urlsplit(browser[1])
    assert (browser[0], login.path) == (303, f"{prefix}/api/v2/auth/login")
    page = f"{prefix}/data-docs/{path}"
    assert parse_qs(login.query) == {"next": [page]}
    assert client == [401, None]
    item = f"{prefix}/data-docs/quarantine/tweets/now/nasa/"
    assert parse_qs(urlsplit(form[1]).query) == {"next": [item]}


def test_a_page_that_may_be_in_a_frame_lets_the_window_follow(tmp_path):
    by_itself, inside, over_plain_http = said_by(LEFT, tmp_path)
    assert by_itself == ["/dags/a/runs/b%2F", False]
    assert inside == [None, True]
    assert over_plain_http == [None, True]


@pytest.fixture
def item(lake):
    """An item in the quarantine of a lake."""
    over = Interval.parse("20261102T0800Z_20261102T1200Z")
    account = AccountReport(
        account="nasa", outcome=Outcome.ROWS_QUARANTINED, detail="", quarantined=1
    )
    record(lake, "tweets", over, [account])
    return f"tweets/{over}/nasa"


def test_a_decision_that_is_not_taken_is_answered_with_why(tmp_path, airflow_database, lake, item):
    shutil.copy(Path(os.environ["AIRFLOW_HOME"]) / "airflow.db", tmp_path)
    said = said_by(
        DECIDED.replace("<item>", item),
        tmp_path,
        AIRFLOW__CORE__DAGS_FOLDER=str(REPOSITORY / "dags"),
        **task_environment(lake.client, lake.bucket),
    )
    statuses = {name: status for name, (status, _) in said.items()}
    texts = {name: text for name, (_, text) in said.items()}
    assert statuses == {
        "no DAG": 404, "paused": 409, "viewer": 403, "nonsense": 400, "decided": 303
    }  # fmt: skip
    assert "The DAG review_quarantine is not there" in texts["no DAG"]
    assert "Unpause it in Airflow" in texts["paused"]
    assert "You may look, but not decide" in texts["viewer"]
    assert "The request was not taken: " in texts["nonsense"]
    assert texts["decided"].startswith("/data-docs/-/run?dag_id=review_quarantine")
