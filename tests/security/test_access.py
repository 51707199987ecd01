"""Who is not logged in sees nothing of the lake, at whatever address of the plugin."""

from __future__ import annotations

from tests.plugins.test_data_docs import said_by

ASKED = """
    import json, re
    from airflow.api_fastapi.app import get_auth_manager, init_auth_manager, init_plugins
    from fastapi import FastAPI
    from fastapi.routing import APIRoute
    from fastapi.testclient import TestClient
    from starlette.routing import Mount

    airflow = FastAPI()
    init_plugins(airflow)
    init_auth_manager(airflow)
    (mount,) = (r for r in airflow.routes if isinstance(r, Mount) and r.path == "/data-docs")
    # FastAPI may keep an included router as it is.
    def flat(routes):
        for route in routes:
            inner = getattr(route, "routes", None) or getattr(
                getattr(route, "original_router", None), "routes", None
            )
            yield from flat(inner) if inner else [route]

    routes = list(flat(mount.app.routes))
    client = TestClient(airflow, follow_redirects=False)
    strangers = {
        "nobody": {},
        "forged": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."},
        "cookie": {"Cookie": "_token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."},
        "basic": {"Authorization": "Basic YWRtaW46YWRtaW4="},
    }
    answers = []
    for route in routes:
        paths = {getattr(route, "path_format", route.path)}
        for path in [re.sub(r"{[^}]+}", "x", path) for path in paths]:
            for method in sorted(getattr(route, "methods", None) or ["GET"]):
                for who, headers in strangers.items():
                    answer = client.request(
                        method,
                        f"/data-docs{path.removeprefix('/data-docs')}",
                        headers={**headers, "Sec-Fetch-Site": "same-origin"},
                        params={"dag_id": "a", "run_id": "b"},
                    )
                    answers.append([type(route).__name__, method, path, who, answer.status_code])
    print(json.dumps(answers))
"""


def test_every_route_of_the_plugin_refuses_who_is_not_logged_in(tmp_path):
    answers = said_by(ASKED, tmp_path)
    asked = {(method, path) for _, method, path, _, _ in answers}
    assert {
        ("GET", "/-/style.css"),
        ("GET", "/-/run"),
        ("GET", "/-/leave.js"),
        ("GET", "/quarantine/"),
        ("GET", "/quarantine/x/x/x/"),
        ("POST", "/quarantine/x/x/x/decide"),
        ("GET", "/x"),
    } <= asked
    assert {kind for kind, *_ in answers} == {"APIRoute"}  # none that would not ask Airflow
    let_in = [answer for answer in answers if answer[-1] != 401]
    assert let_in == []
