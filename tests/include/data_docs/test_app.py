"""The application that serves Data Docs: the site, and nothing beside it."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from fastapi.testclient import TestClient

from include.data_docs.app import create_app, from_folder, from_lake
from include.errors import BadConfiguration
from include.lake import Lake
from include.quarantine.items import ItemsUnreadable

PAGES = {
    "index.html": b"<h1>home</h1>",
    "tweets/index.html": b"<h1>tweets</h1>",
    "static/style.css": b"h1 {}",
}


@pytest.fixture(params=["folder", "lake"])
def reader(request, tmp_path, lake):
    """The same site in a folder and in a lake, each with a secret beside it."""
    if request.param == "lake":
        lake.put("secret.txt", b"not yours")
        lake.put("data-docs-old/secret.txt", b"not yours")
        for path, body in PAGES.items():
            lake.put(f"data-docs/{path}", body)
        return from_lake(lambda: lake)
    folder = tmp_path / "data-docs"
    for path, body in PAGES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    (tmp_path / "secret.txt").write_text("not yours")
    (folder / "out.html").symlink_to(tmp_path / "secret.txt")
    return from_folder(folder)


@pytest.fixture
def client(reader):
    return TestClient(create_app(reader), raise_server_exceptions=False)


def client_of(lake):
    return TestClient(create_app(from_lake(lake)), raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("target", "body", "kind"),
    [
        ("/", "<h1>home</h1>", "text/html; charset=utf-8"),
        ("/tweets/", "<h1>tweets</h1>", "text/html; charset=utf-8"),
        ("/tweets/index.html?x=1", "<h1>tweets</h1>", "text/html; charset=utf-8"),
        ("/static/style.css", "h1 {}", "text/css; charset=utf-8"),
    ],
)
def test_pages_are_served_with_their_type(client, target, body, kind):
    answer = client.get(target)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, body, kind)
    assert answer.headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    "target",
    [
        "/none.html", "/tweets", "/%2e%2e/secret.txt", "/tweets/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt", "/%252e%252e/secret.txt", "/%252e%252e%252fsecret.txt",
        "/..%5csecret.txt", "/tweets%5c..%5c..%5csecret.txt", "/%2fsecret.txt",
        "/index.html%00.txt", "/%2fetc/passwd", "/./index.html%20", "/.hidden", "/out.html",
        "/-old/secret.txt", "/tweets/%c0%ae%c0%ae/%c0%ae%c0%ae/secret.txt",
    ],
)  # fmt: skip
def test_what_is_not_of_the_site_is_not_found(client, target):
    answer = client.get(target)
    assert answer.status_code == 404
    assert "not yours" not in answer.text
    assert "root:" not in answer.text


def test_a_page_that_is_not_there_is_said_in_the_style_of_the_site(client):
    answer = client.get("/none.html")
    assert "There is no such page" in answer.text
    style = client.get("/-/style.css")
    assert '"/-/style.css"' in answer.text
    assert style.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text


@pytest.mark.parametrize("target", ["/", "/none.html", "/-/style.css"])
def test_nothing_in_a_page_may_run_and_nobody_else_may_frame_it(client, target):
    headers = client.get(target).headers
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'self'", "form-action 'none'"} <= set(policy)
    assert not any("unsafe" in part or part.startswith("script-src") for part in policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"].startswith(("private", "no-store"))


@pytest.mark.parametrize("weak", ["", "W/"])
def test_a_page_that_the_reader_has_is_not_sent_again(client, weak):
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": weak + first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = client.get("/", headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.text) == (200, "<h1>home</h1>")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(client, method):
    assert client.request(method, "/index.html").status_code == 405


def test_a_large_page_is_passed_on_in_pieces(lake):
    body = bytes(range(256)) * 4_000
    lake.put("data-docs/large.html", body)
    _, length, pieces = lake.stream("data-docs/large.html")
    sizes = [len(piece) for piece in pieces]
    assert (sum(sizes), max(sizes) < 100_000) == (length, True)
    assert client_of(lambda: lake).get("/large.html").content == body


def test_a_bucket_that_is_not_there_is_said_as_the_tasks_say_it(s3):
    answer = client_of(lambda: Lake(s3, "no-such-bucket")).get("/")
    assert answer.status_code == 502
    assert "s3://no-such-bucket/data-docs/index.html" in answer.text
    assert "&#39;aws_default&#39;" in answer.text
    assert "Traceback" not in answer.text


def test_an_s3_out_of_reach_is_said():
    nowhere = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 0}),
    )
    answer = client_of(lambda: Lake(nowhere, "lake")).get("/")
    assert (answer.status_code, "Check that the bucket exists" in answer.text) == (502, True)


def test_settings_that_are_wrong_are_said():
    def lake():
        raise BadConfiguration("the Airflow Variable 'tweet_lake' is not <set>")

    answer = client_of(lake).get("/")
    assert answer.status_code == 503
    assert "&#39;tweet_lake&#39; is not &lt;set&gt;" in answer.text


def test_an_object_that_is_damaged_is_said():
    def read(path, known):
        raise ItemsUnreadable("s3://lake/review/open.json is no list; delete it")

    answer = TestClient(create_app(read), raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert "s3://lake/review/open.json is no list; delete it" in answer.text


def test_what_nobody_foresaw_is_a_page_without_its_inside():
    def lake():
        raise ValueError("password=secret")

    answer = client_of(lake).get("/")
    assert answer.status_code == 500
    assert "ValueError" in answer.text
    assert "secret" not in answer.text
