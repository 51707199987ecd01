"""The server of Data Docs: it serves the site and nothing beside it."""

from __future__ import annotations

import threading
from http.client import HTTPConnection

import pytest

from include.data_docs.serve import from_folder, from_lake, server


@pytest.fixture
def site(tmp_path):
    (tmp_path / "secret.txt").write_text("not yours")
    folder = tmp_path / "data-docs"
    (folder / "tweets").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>home</h1>")
    (folder / "tweets" / "index.html").write_text("<h1>tweets</h1>")
    (folder / "style.css").write_text("h1 {}")
    (folder / "out.html").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture(params=["folder", "lake"])
def get(request, site, lake):
    if request.param == "lake":
        lake.put("secret.txt", b"not yours")
        for path in site.rglob("*"):
            if path.is_file() and not path.is_symlink():
                lake.put(f"data-docs/{path.relative_to(site)}", path.read_bytes())
    read = from_lake(lake) if request.param == "lake" else from_folder(site)
    running = server(read, "127.0.0.1", 0)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()

    def get(target):
        connection = HTTPConnection("127.0.0.1", running.server_address[1])
        connection.request("GET", target)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer, body

    yield get
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("target", "body", "kind"),
    [
        ("/", "<h1>home</h1>", "text/html; charset=utf-8"),
        ("/tweets/", "<h1>tweets</h1>", "text/html; charset=utf-8"),
        ("/tweets/index.html?x=1", "<h1>tweets</h1>", "text/html; charset=utf-8"),
        ("/style.css", "h1 {}", "text/css; charset=utf-8"),
    ],
)
def test_pages_are_served_with_their_type(get, target, body, kind):
    answer, said = get(target)
    assert (answer.status, said, answer.getheader("Content-Type")) == (200, body, kind)


@pytest.mark.parametrize(
    "target",
    [
        "/none.html", "/../secret.txt", "/%2e%2e/secret.txt", "/tweets/../../secret.txt",
        "/..%2fsecret.txt", "//secret.txt", "/out.html",
    ],
)  # fmt: skip
def test_what_is_not_of_the_site_is_not_found(get, target):
    answer, said = get(target)
    assert answer.status == 404
    assert "not yours" not in said


def test_nothing_in_a_page_may_run(get):
    answer, _ = get("/")
    assert "default-src 'none'" in answer.getheader("Content-Security-Policy")
