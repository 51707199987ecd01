"""What a timeline does not reach any more comes from the full-archive search."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from include import fetch as fetching
from include.accounts import Account, parse_accounts
from include.datasets.tweets.archive import archive_query, beyond_timeline
from include.datasets.tweets.source import Timelines
from include.interval import Interval
from include.raw import RawBatch, StoredPage
from include.settings import Settings
from include.source import Fetch, Planning, Progress
from include.spending.purse import Purse
from include.x_api.client import XApi
from include.x_api.errors import XError
from sandbox.population import key_at
from sandbox.posts import moment, snowflake

SETTINGS = Settings(
    bucket="lake", alert_to=("a@example.org",), data_docs_url="http://docs.example.org"
)
NOW = datetime(2026, 11, 2, 12, 1, tzinfo=UTC)
LONG_AGO = Interval(datetime(2026, 8, 3, 8, tzinfo=UTC), datetime(2026, 8, 3, 12, tzinfo=UTC))
SOURCE = Timelines()


@pytest.fixture
def fetch(world, lake):
    api = XApi(world.x_url, "sandbox-token")

    def fetch(username, over=LONG_AGO, page_size=100, **options):
        accounts = parse_accounts(json.dumps([{"username": username, **options}]), "test")
        purse = Purse(lake, SETTINGS, "tweets/run", NOW)
        (planned,) = SOURCE.plan(Planning(lake, api, accounts, over, SETTINGS, NOW, purse))
        raw = RawBatch(lake, "tweets", over, planned.account)
        return fetching.extract(raw, SOURCE, api, planned, page_size=page_size, purse=purse)

    return fetch


@pytest.fixture
def posts_of(world):
    def posts_of(username, over=LONG_AGO):
        """What the account has posted, and no repost."""
        population = world.api.population
        account = population.directory.by_username(username)
        found = population.between(account, key_at(over.start), key_at(over.end))
        return {str(post.key) for post in found if "retweeted" not in post.reference_kinds}

    return posts_of


def stored(lake, username, over=LONG_AGO):
    pages = RawBatch(lake, "tweets", over, username).pages()
    return [post["id"] for page in pages for post in page.content.get("data", [])]


def lacks(lake, username, over=LONG_AGO):
    (key,) = [k for k in lake.keys("raw/tweets/") if k.endswith(f"{username}/{over}/lacks.json")]
    return lake.get_json(key)["lacks"]


def asked(world):
    return [request.path for request in world.requests if "users/by" not in request.path]


def test_posts_beyond_the_timeline_come_from_the_archive(world, lake, fetch, posts_of):
    fetched = fetch("harbour_news", page_size=20)
    assert set(stored(lake, "harbour_news")) == posts_of("harbour_news") != set()
    assert {path.rpartition("/")[2] for path in asked(world)} == {"tweets", "all"}
    assert fetched.posts_returned == len(posts_of("harbour_news")) == world.usage.returned_posts


def test_what_the_archive_does_not_have_is_written_down(lake, fetch):
    fetched = fetch("repost_relay")
    assert fetched.lacks == lacks(lake, "repost_relay")
    assert "no reposts" in fetched.lacks


def test_nothing_is_lacking_where_reposts_are_not_wanted(lake, fetch):
    assert fetch("repost_relay", exclude=["retweets"]).lacks == ""
    assert not [key for key in lake.keys("raw/") if key.endswith("lacks.json")]


def test_an_interval_that_the_timeline_reaches_in_part_is_whole(world, lake, fetch, posts_of):
    account = world.api.population.directory.by_username("harbour_news")
    oldest = world.api.population.horizon(account, key_at(NOW), 3_200)
    begins = moment(oldest).replace(second=0)
    over = Interval(begins - timedelta(hours=2), begins + timedelta(hours=2))
    fetched = fetch("harbour_news", over)
    found = stored(lake, "harbour_news", over)
    assert set(found) >= posts_of("harbour_news", over)
    # X may return those of the minute at which the timeline ends twice; it charges them once.
    assert len(found) - len(set(found)) <= 2
    assert "no reposts" in fetched.lacks
    assert len(asked(world)) == 2


@pytest.mark.parametrize("username", ["harbour_news", "city_weather", "rail_updates"])
def test_a_timeline_that_reaches_all_is_whole(lake, fetch, username):
    over = Interval(
        NOW - timedelta(days=3, minutes=1), NOW - timedelta(days=3, hours=-4, minutes=1)
    )
    fetched = fetch(username, over)
    assert len(set(stored(lake, username, over))) > 10
    assert fetched.lacks == ""


@pytest.mark.parametrize(
    ("username", "over"),
    [
        ("quiet_archive", LONG_AGO),  # has too few posts
        ("harbour_news", Interval(NOW.replace(hour=8, minute=0), NOW.replace(minute=0))),  # young
    ],
)
def test_the_archive_is_not_asked_where_the_timeline_reaches_all(world, fetch, username, over):
    assert fetch(username, over).lacks == ""
    assert [path.rpartition("/")[2] for path in asked(world)] == ["tweets"]


def test_a_timeline_without_replies_reaches_less_far(world, lake, fetch, posts_of):
    over = Interval(
        NOW - timedelta(days=8, minutes=1), NOW - timedelta(days=8, hours=-4, minutes=1)
    )
    fetch("harbour_news", over, exclude=["replies"])
    assert "/2/tweets/search/all" in asked(world)
    query = next(r.query for r in world.requests if r.path.endswith("/all"))
    assert "-is:reply" in query.replace("%3A", ":").replace("+", " ")


def test_a_failure_between_timeline_and_archive_is_gone_on_from(world, lake, fetch, posts_of):
    world.faults.add("unauthorized", path="/all", times=1)
    with pytest.raises(XError):
        fetch("harbour_news", page_size=20)
    assert fetch("harbour_news", page_size=20).lacks
    assert sum("/users/" in path for path in asked(world)) == 1
    assert set(stored(lake, "harbour_news")) == posts_of("harbour_news")


def test_a_search_beyond_seven_days_lacks_reposts_too(lake, fetch):
    assert "no reposts" in fetch("harbour_news", keywords=["harbour"]).lacks
    assert "no reposts" in lacks(lake, "harbour_news")
    assert fetch("rail_updates", keywords=["rail"], exclude=["retweets"]).lacks == ""


@pytest.mark.parametrize(
    ("times", "begins", "ends"),
    [
        ([], "08:00", "12:00"),
        (["09:30:20.000"], "08:00", "09:31"),
        (["11:00:00.000", "08:00:10.000"], "08:00", "08:01"),
        (["11:59:59.000"], "08:00", "12:00"),
        (["odd", None, "09:00:00.000"], "08:00", "09:01"),
    ],
)
def test_the_archive_is_asked_for_what_is_older_than_the_timelines_oldest(times, begins, ends):
    data = [{"created_at": time and f"2026-08-03T{time}Z"} for time in times]
    found = beyond_timeline(LONG_AGO, [StoredPage({"data": [*data, "no post"]}, None)])
    assert f"{found.start:%H:%M} {found.end:%H:%M}" == f"{begins} {ends}"


def test_a_post_that_was_forgotten_still_tells_how_far_the_timeline_reached():
    written = datetime(2026, 8, 3, 9, 30, 20, tzinfo=UTC)
    mark = {"forgotten": "deleted", "id": str(snowflake(int(written.timestamp() * 1000)))}
    found = beyond_timeline(LONG_AGO, [StoredPage({"data": [mark]}, None)])
    assert found == Interval(LONG_AGO.start, written.replace(minute=31, second=0))


def test_a_timeline_that_reaches_the_first_instant_needs_no_archive():
    page = StoredPage({"data": [{"created_at": "2026-08-03T08:00:00.000Z"}]}, None)
    assert beyond_timeline(LONG_AGO, [page]) is None


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_calendar_has_in_utc_is_as_good_as_none(lake, time):
    page = StoredPage({"data": [{"created_at": time}]}, None)
    assert beyond_timeline(LONG_AGO, [page]) == LONG_AGO


@pytest.mark.parametrize(("archive", "is_complete"), [(None, True), ("from:nasa", False)])
def test_an_odd_time_does_not_say_whether_the_archive_is_asked(lake, archive, is_complete):
    fetch = Fetch(account="nasa", user_id="1", planned_at=NOW, archive=archive)
    page = StoredPage({"data": [{"created_at": "0001-01-01T00:00:00+14:00"}]}, None)
    raw = RawBatch(lake, "tweets", LONG_AGO, "nasa")
    progress = Progress(raw=raw, fetch=fetch, pages=[page], page_size=100)
    assert SOURCE.is_complete(progress) is is_complete


@pytest.mark.parametrize("counts", [["x"], "x", 5, True, None])
def test_counts_without_meaning_do_not_keep_anyone_from_the_archive(counts):
    account = Account(username="nasa")
    query = archive_query(account, {"public_metrics": counts}, LONG_AGO, NOW)
    assert query == account.all_posts_query
