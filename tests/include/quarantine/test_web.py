"""The quarantine's pages as a browser gets them, without Airflow around them."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import pytest
from fastapi.testclient import TestClient

from include.data_docs.app import create_app, from_lake
from include.quarantine.web import quarantine_router
from tests.include.quarantine.conftest import BAD, FIRST
from tests.include.quarantine.test_carry_out import do, plan_of


@pytest.fixture
def asked():
    return []


@pytest.fixture
def client(reviewed, asked):
    async def ask(request, form):
        asked.append(form)
        return f"{request.scope['root_path']}/-/run"

    router = quarantine_router(lambda: reviewed.lake, ask)
    app = create_app(from_lake(lambda: reviewed.lake), routers=[router])
    headers = {"Sec-Fetch-Site": "same-origin"}
    return TestClient(app, follow_redirects=False, raise_server_exceptions=False, headers=headers)


def item_path(reviewed, account="nasa"):
    return f"/quarantine/tweets/{reviewed.interval}/{account}/"


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_from_the_start_page_to_a_row_beside_what_it_failed(reviewed, client):
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD)])
    start = client.get("/").text
    assert "Waiting for a decision: 1 item" in start
    (link,) = re.findall(r'href="(quarantine/tweets/[^"]+)"', start)

    page = client.get(urljoin("/", link))

    assert page.status_code == 200
    said = text_of(page.text)
    assert "1 row waits for a decision" in said
    assert str(FIRST + 2) in said
    assert "like_count -7" in said
    for link in re.findall(r'href="([^"#]+)', page.text):
        if link != "data:,":
            assert client.get(urljoin(item_path(reviewed), unescape(link))).status_code == 200


def test_the_list_is_filtered_by_what_is_asked_for(reviewed, client):
    reviewed.run(nasa=[reviewed.post(2, **BAD)], esa=[reviewed.post(9, "esa", **BAD)])
    do(reviewed, plan_of(reviewed, "discarded", account="esa"))

    def accounts(query):
        page = client.get(f"/quarantine/?{query}").text
        return re.findall(r'<th scope="row"><a [^>]+>(\w+)</a>', page)

    assert accounts("") == ["nasa"]
    assert accounts("state=all") == ["nasa", "esa"]
    assert accounts("state=discarded&since=&until=&account=") == ["esa"]
    assert accounts("state=all&account=esa") == ["esa"]
    assert accounts("state=all&since=2026-12-01") == []
    assert accounts("reason=like_count_not_negative") == ["nasa"]


def test_what_can_not_be_meant_is_said_on_the_page(client):
    page = client.get("/quarantine/?dataset=<b>twets&since=tomorrow")
    assert page.status_code == 200
    assert "there is no dataset '<b>twets'" in text_of(page.text)
    assert "<b>twets" not in page.text


def test_a_post_can_not_put_anything_into_the_page(reviewed, client):
    nasty = '<script>alert(1)</script><img src=x onerror=alert(2)>" onmouseover="x'
    reviewed.run(nasa=[reviewed.post(2, text=nasty, lang="en", **BAD)])
    page = client.get(item_path(reviewed))
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert nasty in unescape(page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy


def test_what_a_browser_would_leave_out_is_seen(reviewed, client):
    reviewed.run(nasa=[reviewed.post(1, text="a\x00b\x1b[2J\nc")])

    assert "text a\\x00b\\x1b[2J c" in text_of(client.get(item_path(reviewed)).text)


def test_what_is_ticked_is_asked_for(reviewed, client, asked):
    reviewed.run(nasa=[reviewed.post(2, **BAD), reviewed.post(3, **BAD)])
    form = {"decision": "release", "why": "looked at it", "id": [str(FIRST + 2)]}

    answer = client.post(f"{item_path(reviewed)}decide", data=form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/-/run")
    assert asked == [
        {
            "decision": "release",
            "why": "looked at it",
            "dataset": "tweets",
            "interval": reviewed.interval.name,
            "account": "nasa",
            "ids": [str(FIRST + 2)],
        }
    ]


def test_a_replay_is_of_the_whole_item_whatever_is_ticked(reviewed, client, asked):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    form = {"decision": "replay", "why": "suite mended", "id": [str(FIRST + 2)]}
    assert client.post(f"{item_path(reviewed)}decide", data=form).status_code == 303
    assert [(form["decision"], form["ids"]) for form in asked] == [("replay", None)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "http://testserver"}, 303),
    ],
)
def test_a_form_of_somebody_else_s_page_is_refused(reviewed, client, asked, headers, status):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    form = {"decision": "release", "why": "gotcha"}
    del client.headers["Sec-Fetch-Site"]
    answer = client.post(f"{item_path(reviewed)}decide", data=form, headers=headers)
    assert answer.status_code == status
    assert len(asked) == (status == 303)
    assert ("from the form of an item's own page" in unescape(answer.text)) == (status == 403)


def test_many_rows_come_in_parts(reviewed, client):
    reviewed.run(nasa=[reviewed.post(n, **BAD) for n in range(1, 121)])
    first, last = (
        client.get(item_path(reviewed)).text,
        client.get(f"{item_path(reviewed)}?start=100").text,
    )
    assert (first.count("<article"), last.count("<article")) == (50, 20)
    assert re.findall(r'href="\?start=(\d+)"', first) == ["50", "100"]


def test_of_many_parts_the_first_the_last_and_those_around_are_led_to(reviewed, client):
    reviewed.run(nasa=[reviewed.post(n, **BAD) for n in range(1, 601)])
    page = client.get(f"{item_path(reviewed)}?start=300").text
    starts = re.findall(r'href="\?start=(\d+)"', page)
    assert starts == ["0", "150", "200", "250", "350", "400", "450", "550"]
    assert page.count("<li>…</li>") == 2


def test_what_was_decided_is_shown_and_nothing_is_left_to_decide(reviewed, client):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    do(reviewed, plan_of(reviewed, "released"))
    page = client.get(item_path(reviewed)).text
    assert "released by ada at 2026-11-03 09:30 UTC: looked at it (1 row)" in text_of(page)
    assert "<form" not in page
    assert "Nothing waits for a decision" in client.get("/").text


@pytest.mark.parametrize(
    "path",
    [
        "tweets/yesterday/nasa/",
        "twets/20261102T0800Z_20261102T1200Z/nasa/",
        "tweets/20261102T0800Z_20261102T1200Z/nobody/",
        "tweets/20261102T0800Z_20261102T1200Z/..%2f..%2fraw/",
    ],
)
def test_what_never_was_in_quarantine_is_not_found(reviewed, client, path):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    answer = client.get(f"/quarantine/{path}")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_an_address_that_says_nothing_is_answered_in_the_style_of_the_site(reviewed, client):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    answer = client.get(f"{item_path(reviewed)}?start=<b>")
    assert answer.status_code == 400
    assert "'start' in the address: Input should be a valid integer" in text_of(answer.text)


def test_a_link_without_its_last_slash_leads_there_as_well(reviewed, client):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    for path in ("/quarantine/", item_path(reviewed)):
        for query in ("", "?start=50&x=%26"):
            assert client.get(path[:-1] + query).headers["location"] == path + query


def test_without_airflow_the_page_says_how_else_it_is_done(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    router = quarantine_router(lambda: reviewed.lake)
    client = TestClient(create_app(from_lake(lambda: reviewed.lake), routers=[router]))
    page = client.get(item_path(reviewed)).text
    assert "make quarantine ARGS=" in unescape(page)
    assert "<form" not in page
    assert client.post(f"{item_path(reviewed)}decide", data={}).status_code in {404, 405}
