"""Compliance jobs from the first request to the last line of the result."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.cast import Account
from sandbox.population import key_at
from sandbox.posts import Post
from sandbox.world import World

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
JOBS = "/2/compliance/jobs"
TEXT = {"content-type": "text/plain"}
Get = Callable[..., requests.Response]
Cast = dict[str, Account]
Job = dict[str, Any]
Create = Callable[..., requests.Response]


@pytest.fixture
def create(own_world: World, session: requests.Session) -> Create:
    def create(kind: Any = "tweets", **options: Any) -> requests.Response:
        order = {"type": kind, **options}
        return session.post(f"{own_world.x_url}{JOBS}", json=order, timeout=9)

    return create


def upload(job: Job, *ids: object, **headers: str) -> requests.Response:
    body = "".join(f"{number}\n" for number in ids)
    return requests.put(job["upload_url"], data=body, headers={**TEXT, **headers}, timeout=9)


def status(ask: Get, job: Job) -> str:
    return ask(f"{JOBS}/{job['id']}").json()["data"]["status"]


def download(job: Job, **headers: str) -> requests.Response:
    return requests.get(job["download_url"], headers=headers, timeout=9)


@pytest.fixture
def result(ask: Get, create: Create) -> Callable[..., list[dict[str, Any]]]:
    """The lines that a job over these ids comes to."""

    def result(kind: str, *ids: object) -> list[dict[str, Any]]:
        job = create(kind).json()["data"]
        assert upload(job, *ids).status_code == 200
        while status(ask, job) == "in_progress":
            pass
        return [json.loads(line) for line in download(job).text.splitlines()]

    return result


def posts_of(world: World, account: Account, hours: int = 8) -> list[Post]:
    start = key_at(NOW - timedelta(hours=hours))
    return list(world.population.between(account, start, key_at(NOW - timedelta(hours=1))))


# A job's life


def test_a_job_is_created_in_progress_and_complete(own_world: World, ask: Get, create: Create):
    answer = create(name="nightly")
    assert answer.status_code == 200
    job = answer.json()["data"]
    assert (job["type"], job["name"], job["status"]) == ("tweets", "nightly", "created")
    assert job["created_at"] == "2026-11-20T12:00:00.000Z"
    assert job["upload_expires_at"] == "2026-11-20T12:15:00.000Z"
    assert job["download_expires_at"] == "2026-11-27T12:00:00.000Z"
    assert job["resumable"] is False
    assert [status(ask, job) for _ in range(3)] == ["created"] * 3
    assert upload(job, 17).status_code == 200
    assert [status(ask, job) for _ in range(3)] == ["in_progress", "complete", "complete"]


def test_how_often_a_caller_has_to_poll_can_be_set(
    own_world: World, ask: Get, create: Create, tmp_path: Path
):
    own_world.compliance.polls = 3
    job = create().json()["data"]
    upload(job, 17)
    assert [status(ask, job) for _ in range(4)] == ["in_progress"] * 3 + ["complete"]
    assert World(tmp_path, compliance_polls=7).compliance.polls == 7


def test_a_list_counts_as_a_poll_of_what_it_shows(ask: Get, create: Create):
    job = create().json()["data"]
    assert ask(JOBS, type="users").json() == {"meta": {"result_count": 0}}
    upload(job, 17)
    assert "data" not in ask(JOBS, type="tweets", status="complete").json()
    seen = [ask(JOBS, type="tweets").json()["data"][0]["status"] for _ in range(2)]
    assert seen == ["in_progress", "complete"]


def test_jobs_are_listed_newest_first_by_type_and_status(
    own_world: World, ask: Get, create: Create
):
    first = create().json()["data"]
    users = create("users").json()["data"]
    own_world.travel(NOW + timedelta(hours=1))
    second = create().json()["data"]

    def listed(**query: str) -> list[tuple[str, str]]:
        answer = ask(JOBS, **query).json()
        assert answer["meta"]["result_count"] == len(answer.get("data", []))
        return [(job["id"], job["status"]) for job in answer.get("data", [])]

    assert listed(type="tweets") == [(second["id"], "created"), (first["id"], "expired")]
    assert listed(type="users") == [(users["id"], "expired")]
    assert listed(type="tweets", status="created") == [(second["id"], "created")]
    assert int(second["id"]) > int(first["id"])


def test_one_job_of_a_type_at_a_time(own_world: World, ask: Get, create: Create):
    job = create().json()["data"]
    assert create().status_code == 409
    assert create("users").status_code == 200
    upload(job, 17)
    refused = create()
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/problems/conflict")
    while status(ask, job) == "in_progress":
        pass
    assert create().status_code == 200


def test_a_job_nobody_uploads_to_makes_room_after_a_quarter_of_an_hour(
    own_world: World, ask: Get, create: Create
):
    job = create().json()["data"]
    own_world.travel(NOW + timedelta(minutes=15))
    assert status(ask, job) == "expired"
    late = upload(job, 17)
    assert (late.status_code, "ExpiredToken" in late.text) == (400, True)
    assert create().status_code == 200


def test_a_line_that_is_no_id_lets_the_job_fail(ask: Get, create: Create):
    job = create().json()["data"]
    upload(job, 17, "seventeen")
    assert [status(ask, job) for _ in range(2)] == ["in_progress", "failed"]
    assert download(job).status_code == 404
    assert create().status_code == 200


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ({}, "type"),
        ({"type": "lists"}, "type"),
        ({"type": ["tweets"]}, "type"),
        ({"type": "tweets", "name": "n" * 65}, "name"),
        ({"type": "tweets", "name": 5}, "name"),
        ({"type": "tweets", "resumable": "yes"}, "resumable"),
        ({"type": "tweets", "colour": "red"}, "colour"),
        (["tweets"], "body"),
    ],
)
def test_a_wrong_order_is_a_400_that_names_it(
    own_world: World, session: requests.Session, order: Any, named: str
):
    answer = session.post(f"{own_world.x_url}{JOBS}", json=order, timeout=9)
    assert answer.status_code == 400
    assert list(answer.json()["errors"][0]["parameters"]) == [named]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, "type"),
        ({"type": "tweets,users"}, "type"),
        ({"type": "lists"}, "type"),
        ({"type": "tweets", "status": "expired"}, "status"),
        ({"type": "tweets", "compliance_job.fields": "mood"}, "compliance_job.fields"),
    ],
)
def test_a_wrong_list_is_a_400_that_names_it(get: Get, query: dict[str, str], named: str):
    answer = get(JOBS, **query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"][0]["parameters"]) == [named]


def test_a_job_that_is_not_there_is_a_404(get: Get):
    assert get(f"{JOBS}/17").status_code == 404


def test_fields_can_be_chosen(ask: Get, create: Create):
    job = create().json()["data"]
    fields = {"compliance_job.fields": "status"}
    answer = ask(f"{JOBS}/{job['id']}", **fields).json()
    assert answer == {"data": {"id": job["id"], "status": "created"}}


def test_jobs_have_rate_limits_and_ask_for_the_token(tmp_path: Path, session: requests.Session):
    with World(tmp_path, NOW) as world:
        url = f"{world.x_url}{JOBS}"
        answers = [
            session.post(url, json={"type": "tweets"}, timeout=9),
            session.get(url, params={"type": "tweets"}, timeout=9),
        ]
        answers.append(session.get(f"{url}/{answers[0].json()['data']['id']}", timeout=9))
        assert requests.post(url, json={"type": "tweets"}, timeout=9).status_code == 401
    for answer in answers:
        assert answer.headers["x-rate-limit-limit"] == "150"
        assert answer.headers["x-rate-limit-remaining"] == "149"


# The storage


def test_signed_urls_refuse_a_second_proof(
    own_world: World, session: requests.Session, ask: Get, create: Create
):
    job = create().json()["data"]
    token = {"authorization": str(session.headers["authorization"])}
    assert upload(job, 17, **token).status_code == 400
    assert status(ask, job) == "created"
    upload(job, 17)
    while status(ask, job) == "in_progress":
        pass
    refused = download(job, **token)
    assert (refused.status_code, "InvalidArgument" in refused.text) == (400, True)
    assert download(job).status_code == 200


def test_a_url_that_was_not_signed_so_is_refused(create: Create):
    job = create().json()["data"]
    for url in (job["upload_url"][:-1], job["upload_url"].partition("?")[0], job["download_url"]):
        put = requests.put(url.replace("/delivery", "/submission"), headers=TEXT, timeout=9)
        assert put.status_code == 403
    assert upload(job, 17, **{"content-type": "application/json"}).status_code == 403
    assert requests.put(job["upload_url"], data="17", timeout=9).status_code == 403
    elsewhere = job["download_url"].replace(job["id"], "17")
    assert requests.get(elsewhere, timeout=9).status_code == 403


def test_a_result_is_there_when_the_job_is_complete_and_for_a_week(
    own_world: World, ask: Get, create: Create
):
    job = create().json()["data"]
    early = download(job)
    assert (early.status_code, "NoSuchKey" in early.text) == (404, True)
    upload(job, 17)
    assert download(job).status_code == 404
    while status(ask, job) == "in_progress":
        pass
    assert (download(job).status_code, download(job).content) == (200, b"")
    assert parsedate_to_datetime(download(job).headers["date"]) == NOW
    own_world.travel(NOW + timedelta(days=7))
    late = download(job)
    assert (late.status_code, "ExpiredToken" in late.text) == (400, True)


def test_faults_strike_the_storage_and_the_log_tells_of_it(
    own_world: World, ask: Get, create: Create
):
    job = create().json()["data"]
    own_world.faults.add("unavailable_text", path="/submission")
    own_world.faults.add("cut", path="/delivery")
    assert [upload(job, 17).status_code for _ in range(2)] == [503, 200]
    status(ask, job)
    put = next(r for r in own_world.requests if r.method == "PUT")
    assert (put.path, put.status) == (f"/storage/compliance/{job['id']}/submission", 503)
    assert [r.username for r in own_world.requests] == [None] * 4


# Results


def test_only_affected_posts_are_in_the_result(
    own_world: World, result: Callable[..., Any], cast: Cast
):
    gone, kept, withheld = posts_of(own_world, cast["harbour_news"])[:3]
    own_world.travel(NOW + timedelta(minutes=30))
    own_world.fates.delete_post(gone.post_id)
    own_world.fates.withhold_post(withheld.post_id, ["DE"])
    assert result("tweets", kept.post_id, gone.post_id, withheld.post_id, 17, gone.post_id) == [
        {
            "id": str(gone.post_id),
            "action": "delete",
            "created_at": gone.body["created_at"],
            "redacted_at": "2026-11-20T12:30:00.000Z",
            "reason": "deleted",
        }
    ]


@pytest.mark.parametrize(
    ("fate", "reasons"),
    [
        ("suspend", ("suspended", "suspended")),
        ("protect", ("protected", "protected")),
        ("delete", ("deactivated", "deleted")),
    ],
)
def test_what_happens_to_an_account_happens_to_its_posts(
    own_world: World, result: Callable[..., Any], cast: Cast, fate: str, reasons: tuple[str, str]
):
    of_posts, of_user = reasons
    account = cast["city_weather"]
    ids = [post.post_id for post in posts_of(own_world, account)]
    getattr(own_world.fates, fate)("city_weather")
    lines = result("tweets", *ids)
    assert [line["id"] for line in lines] == [str(number) for number in ids]
    assert {line["reason"] for line in lines} == {of_posts}
    (line,) = result("users", account.user_id, cast["harbour_news"].user_id)
    assert (line["id"], line["action"]) == (account.user_id, "delete")
    assert line["reason"] == of_user
    assert datetime.fromisoformat(line["created_at"]) < NOW
    assert line["created_at"].endswith("+00:00")
    for found in (*lines, line):
        assert ("redacted_at" in found) is (fate != "protect")


def test_an_account_that_is_back_is_no_finding(
    own_world: World, result: Callable[..., Any], cast: Cast
):
    own_world.fates.suspend("city_weather")
    own_world.fates.restore("city_weather")
    assert result("users", cast["city_weather"].user_id) == []


def test_who_was_never_to_be_read_is_a_finding(result: Callable[..., Any], cast: Cast):
    names = ("shuttered_shop", "members_circle", "former_gazette", "harbor_newz", "rail_updates")
    lines = result("users", *(cast[name].user_id for name in names), 99)
    assert [line["reason"] for line in lines] == ["suspended", "protected", "deleted"]


def test_places_are_scrubbed_from_posts_so_far(
    own_world: World, ask: Get, result: Callable[..., Any], cast: Cast
):
    posts = posts_of(own_world, cast["harbour_news"], hours=48)
    placed = [post for post in posts if "geo" in post.body]
    assert 0 < len(placed) < len(posts)
    own_world.fates.scrub_geo("harbour_news")
    (shown,) = ask("/2/tweets", ids=placed[0].post_id, **{"tweet.fields": "geo"}).json()["data"]
    assert "geo" not in shown
    lines = result("tweets", *(post.post_id for post in posts))
    assert [line["id"] for line in lines] == [str(post.post_id) for post in placed]
    assert {(line["action"], line["reason"]) for line in lines} == {("delete", "scrub_geo")}


def test_what_happens_after_the_upload_is_for_the_next_job(
    own_world: World, ask: Get, create: Create, cast: Cast
):
    post = posts_of(own_world, cast["harbour_news"])[0]
    job = create().json()["data"]
    upload(job, post.post_id)
    own_world.fates.delete_post(post.post_id)
    while status(ask, job) == "in_progress":
        pass
    assert download(job).content == b""


def test_the_same_orders_give_the_same_jobs_and_results(own_world: World, ask: Get, create: Create):
    def run() -> tuple[str, bytes]:
        own_world.compliance.clear()
        job = create("users").json()["data"]
        upload(job, *range(2_014_000_000, 2_014_200_000, 7_919))
        while status(ask, job) == "in_progress":
            pass
        return json.dumps(job), download(job).content

    assert run() == run()
