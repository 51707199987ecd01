"""Planning and extracting against the sandbox's X API."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from include import fetch as fetching
from include.accounts import parse_accounts
from include.datasets.tweets.source import Timelines
from include.errors import BadConfiguration
from include.fetch import wait_until_readable
from include.outcomes import Outcome
from include.raw import RawBatch
from include.settings import Settings
from include.source import Fetch, Planning
from include.spending.ledger import Resources, read_month
from include.spending.purse import Purse, Spent
from include.x_api.answer import Answer
from include.x_api.client import XApi
from include.x_api.errors import BadRequest, OutOfCredits, XUnavailable
from sandbox.cast import demo_accounts


@pytest.fixture
def api(world):
    return XApi(world.x_url, "sandbox-token", sleep=lambda _: None)


SETTINGS = Settings(
    bucket="lake", alert_to=("a@example.org",), data_docs_url="http://docs.example.org"
)
AT = datetime(2026, 11, 2, 12, 1, tzinfo=UTC)
SOURCE = Timelines()


def purse_of(lake, **settings):
    return Purse(lake, SETTINGS.model_copy(update=settings), "tweets/run", AT)


def plan(lake, api, accounts, interval, **settings):
    changed = SETTINGS.model_copy(update=settings)
    purse = purse_of(lake, **settings)
    purse.release()
    return SOURCE.plan(Planning(lake, api, accounts, interval, changed, AT, purse))


def extract(lake, raw, api, fetch, page_size=100, **settings):
    purse = purse_of(lake, **settings)
    return fetching.extract(raw, SOURCE, api, fetch, page_size=page_size, purse=purse)


class Answers:
    """X, answering with what it is given; an error is raised."""

    at = AT

    def __init__(self, *answers):
        self.answers = list(answers)

    def timeline(self, *_, **__):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, self.at)

    users_by = search = timeline


@pytest.fixture
def fetch_of(lake, api, interval):
    def fetch_of(username, **options):
        accounts = parse_accounts(json.dumps([{"username": username, **options}]), "test")
        return plan(lake, api, accounts, interval)[0]

    return fetch_of


@pytest.fixture
def extract_of(lake, api, interval):
    def extract_of(fetch, page_size=100, **settings):
        raw = RawBatch(lake, "tweets", interval, fetch.account)
        return extract(lake, raw, api, fetch, page_size, **settings)

    return extract_of


def test_every_enabled_account_gets_one_fetch_and_trouble_is_told_apart(lake, api, interval):
    accounts = parse_accounts(
        json.dumps([*demo_accounts(), {"username": "load_0001", "enabled": False}]), "test"
    )
    fetches = {fetch.account: fetch for fetch in plan(lake, api, accounts, interval)}
    assert len(fetches) == len(demo_accounts())
    assert fetches["harbour_news"].unreadable is None
    assert fetches["shuttered_shop"].unreadable is Outcome.SUSPENDED
    assert fetches["members_circle"].unreadable is Outcome.PROTECTED
    assert fetches["harbor_newz"].unreadable is Outcome.NOT_FOUND
    assert "spelling" in fetches["harbor_newz"].detail


def test_an_account_that_was_seen_before_is_deleted_not_misspelt(lake, fetch_of):
    lake.put_json("raw/accounts/known/former_gazette.json", {"user_id": "1"})
    assert fetch_of("former_gazette").unreadable is Outcome.DELETED


def test_an_account_is_remembered_once_x_has_shown_it(lake, fetch_of):
    fetch_of("Harbour_News")
    assert lake.get_json("raw/accounts/known/harbour_news.json")["user_id"] == "2014007919"


def test_an_account_is_not_fetched_before_its_start_date(lake, api, interval):
    accounts = parse_accounts("[{username: harbour_news, start_date: 2026-11-03}]", "test")
    assert plan(lake, api, accounts, interval) == []


def test_lookups_go_a_hundred_a_call_and_are_paid_once(world, lake, api, interval):
    accounts = parse_accounts(
        json.dumps([{"username": f"load_{number:04d}"} for number in range(150)]), "test"
    )
    first = plan(lake, api, accounts, interval)
    assert [r.path for r in world.requests] == ["/2/users/by"] * 2
    again = plan(lake, api, accounts, interval)
    assert [f.user_id for f in again] == [f.user_id for f in first]
    assert len(world.requests) == 2


def test_only_names_that_were_not_asked_before_are_looked_up(world, lake, api, interval):
    plan(lake, api, parse_accounts("[{username: harbor_newz}]", "test"), interval)
    both = parse_accounts("[{username: harbor_newz}, {username: harbour_news}]", "test")
    fetches = plan(lake, api, both, interval)
    assert [f.unreadable for f in fetches] == [Outcome.NOT_FOUND, None]
    assert "harbor_newz" not in world.requests[-1].query


def test_pages_are_stored_as_x_sent_them(lake, interval, fetch_of, extract_of):
    fetched = extract_of(fetch_of("harbour_news"), page_size=10)
    batch = RawBatch(lake, "tweets", interval, "harbour_news")
    assert fetched.pages == len(batch.page_keys) == 4
    assert fetched.posts_returned == sum(len(page.content["data"]) for page in batch.pages())
    assert lake.get_page(batch.page_keys[0]).startswith(b'{"data"')


def test_a_complete_batch_is_never_paid_for_twice(world, fetch_of, extract_of):
    fetch = fetch_of("harbour_news")
    fetched = extract_of(fetch)
    asked = len(world.requests)
    assert extract_of(fetch) == fetched
    assert len(world.requests) == asked


def test_a_retry_goes_on_after_the_stored_pages(world, lake, interval, fetch_of, extract_of):
    fetch = fetch_of("harbour_news")
    world.faults.add("credits_depleted", path="pagination_token", after=1)
    with pytest.raises(OutOfCredits):
        extract_of(fetch, page_size=10)
    batch = RawBatch(lake, "tweets", interval, "harbour_news")
    assert len(batch.page_keys) == 2
    assert batch.fetched() is None
    assert "402" in batch.failure()

    world.faults.clear()
    asked = len(world.requests)
    fetched = extract_of(fetch, page_size=10)
    assert len(world.requests) - asked == fetched.pages - 2
    ids = [
        post["id"]
        for page in RawBatch(lake, "tweets", interval, "harbour_news").pages()
        for post in page.content["data"]
    ]
    assert len(ids) == len(set(ids)) == fetched.posts_returned
    assert RawBatch(lake, "tweets", interval, "harbour_news").failure() is None


@pytest.mark.parametrize(("page_size", "pages"), [(10, 4), (7, 5)])
def test_a_retry_goes_on_where_the_pages_stored_are_more_than_its_share(
    world, fetch_of, extract_of, page_size, pages
):
    fetch = fetch_of("harbour_news").model_copy(update={"most_posts": 10})
    world.faults.add("credits_depleted", path="pagination_token", after=2)
    with pytest.raises(OutOfCredits):
        extract_of(fetch, page_size=page_size)
    fetched = extract_of(fetch, page_size=page_size)
    assert (fetched.partial, fetched.pages, fetched.posts_returned) == ("", pages, 31)


def test_a_token_that_x_no_longer_takes_does_not_bar_the_account(
    lake, interval, fetch_of, extract_of
):
    fetch = fetch_of("harbour_news")
    RawBatch(lake, "tweets", interval, "harbour_news").add_page(
        Answer(b'{"data": [], "meta": {"result_count": 0, "next_token": "expired"}}', AT)
    )
    fetched = extract_of(fetch)
    assert (fetched.pages, fetched.posts_returned) == (1, 31)


FETCH = Fetch(account="nasa", user_id="11348282", planned_at=AT)
OLD_PAGE = b'{"data": [{"id": "1"}, {"id": "2"}], "meta": {"next_token": "expired"}}'
REFUSED = BadRequest("X refused the request")


@pytest.mark.parametrize(
    "error", [REFUSED, XUnavailable("gone"), OutOfCredits("no money left")], ids=str
)
def test_stored_pages_are_kept_until_x_sends_others(lake, interval, error):
    RawBatch(lake, "tweets", interval, "nasa").add_page(Answer(OLD_PAGE, AT))
    with pytest.raises(type(error)):
        extract(
            lake,
            RawBatch(lake, "tweets", interval, "nasa"),
            Answers(REFUSED, error),
            FETCH,
        )
    batch = RawBatch(lake, "tweets", interval, "nasa")
    assert [lake.get_page(key) for key in batch.page_keys] == [OLD_PAGE]


def test_dropped_pages_were_paid_for(lake, interval):
    batch = RawBatch(lake, "tweets", interval, "nasa")
    batch.add_page(Answer(OLD_PAGE, AT))
    api = Answers(REFUSED, b'{"data": [{"id": "3"}]}')
    fetched = extract(lake, batch, api, FETCH)
    assert (fetched.pages, fetched.posts_returned, fetched.requests) == (1, 3, 2)
    assert [page.content["data"] for page in batch.pages()] == [[{"id": "3"}]]


def page_with(count, token=None, **includes):
    ids = iter(range(1, 1_000))
    included = {
        name: [{"id": f"9{next(ids)}", "username": f"user_{next(ids)}"} for _ in range(many)]
        for name, many in includes.items()
    }
    data = [{"id": f"{token}{next(ids)}"} for _ in range(count)]
    return json.dumps({"data": data, "includes": included, "meta": {"next_token": token}}).encode()


@pytest.mark.parametrize("name", ["tweets", "posts", "users"])
@pytest.mark.parametrize(("usd_per_day", "pages"), [(None, 2), (3.0, 2), (0.3, 1)])
def test_what_expansions_bring_is_paid_from_the_same_budget(
    lake, interval, name, usd_per_day, pages
):
    raw = RawBatch(lake, "tweets", interval, "nasa")
    api = Answers(page_with(10, "more", **{name: 100}), page_with(10))
    fetch = FETCH.model_copy(update={"most_posts": 10})
    fetched = extract(lake, raw, api, fetch, page_size=10, usd_per_day=usd_per_day)
    assert fetched.pages == pages
    assert bool(fetched.partial) is (pages == 1)


def test_null_means_absent(lake, interval):
    body = b'{"data": null, "meta": null, "errors": null, "includes": null}'
    batch = RawBatch(lake, "tweets", interval, "nasa")
    fetched = extract(lake, batch, Answers(body), FETCH)
    assert (fetched.outcome, fetched.posts_returned) == (Outcome.EMPTY, 0)
    assert lake.get_page(batch.page_keys[0]) == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": {"id": "1"}}',
        b'{"data": "posts"}',
        b'{"meta": []}',
        b'{"errors": {}}',
        b'{"includes": []}',
        b'{"includes": {"users": 3}}',
    ],
)
def test_an_answer_without_meaning_is_not_stored(lake, interval, body):
    batch = RawBatch(lake, "tweets", interval, "nasa")
    with pytest.raises(XUnavailable, match="without meaning"):
        extract(lake, batch, Answers(body), FETCH)
    assert batch.page_keys == []


def test_a_broken_character_does_not_spoil_a_page(lake, interval):
    body = b'{"data": [{"id": "1", "text": "caf\xe9"}], "meta": {"next_token": "more"}}'
    batch = RawBatch(lake, "tweets", interval, "nasa")
    with pytest.raises(OutOfCredits):
        extract(lake, batch, Answers(body, OutOfCredits("no money")), FETCH)
    batch = RawBatch(lake, "tweets", interval, "nasa")
    fetched = extract(lake, batch, Answers(b'{"data": [{"id": "2"}]}'), FETCH)
    assert (fetched.pages, fetched.posts_returned) == (2, 2)
    assert lake.get_page(batch.page_keys[0]) == body


@pytest.mark.parametrize(
    "body",
    [b'{"data": {}}', b'{"data": ["nasa"]}', b'{"data": [{"id": 1, "username": "nasa"}]}'],
)
def test_a_lookup_without_meaning_is_not_stored(lake, interval, body):
    accounts = parse_accounts("[{username: nasa}]", "test")
    with pytest.raises(XUnavailable, match="without meaning"):
        plan(lake, Answers(body), accounts, interval)
    assert list(lake.keys("raw/accounts/")) == []


def test_a_name_that_x_passes_over_is_not_asked_for_again(lake, interval):
    accounts = parse_accounts("[{username: nasa}, {username: Nobody}]", "test")
    body = b'{"data": [{"id": "1", "username": "NASA"}], "errors": null}'
    first = plan(lake, Answers(body), accounts, interval)
    assert [fetch.unreadable for fetch in first] == [None, Outcome.NOT_FOUND]
    assert plan(lake, Answers(), accounts, interval) == first


def test_half_a_page_is_no_page(world, lake, interval, fetch_of, extract_of):
    fetch = fetch_of("harbour_news")
    world.faults.add("cut", times=None)
    with pytest.raises(XUnavailable):
        extract_of(fetch)
    assert RawBatch(lake, "tweets", interval, "harbour_news").page_keys == []


def test_keywords_go_through_search(world, fetch_of, extract_of):
    fetched = extract_of(fetch_of("open_data_desk", keywords=["dataset", "open licence"]))
    assert world.requests[-1].path.startswith("/2/tweets/search/")
    assert fetched.posts_returned > 0


def test_a_search_is_fetched_without_looking_anybody_up(world, lake, interval, extract_of):
    sources = parse_accounts("[{name: data, query: 'from:open_data_desk has:links'}]", "test")
    (fetch,) = plan(lake, Answers(), sources, interval)
    assert (fetch.account, fetch.user_id, fetch.unreadable) == ("data", None, None)
    fetched = extract_of(fetch)
    assert world.requests[-1].path.startswith("/2/tweets/search/")
    assert (fetched.outcome, fetched.author_id) == ("fetched", None)
    assert fetched.posts_returned > 0


def test_a_search_that_finds_nothing_is_empty_whatever_x_says_of_users(lake, interval):
    (fetch,) = plan(
        lake, Answers(), parse_accounts("[{name: moon, query: moon}]", "test"), interval
    )
    suspended = b"""{"meta": {"result_count": 0}, "errors": [{"resource_type": "user",
        "detail": "User has been suspended: [x].", "title": "Forbidden"}]}"""
    raw = RawBatch(lake, "tweets", interval, "moon")
    assert extract(lake, raw, Answers(suspended), fetch).outcome is Outcome.EMPTY


def test_exclude_leaves_out_replies_and_retweets(lake, interval, fetch_of, extract_of):
    extract_of(fetch_of("repost_relay", exclude=["replies", "retweets"]))
    posts = [
        p
        for page in RawBatch(lake, "tweets", interval, "repost_relay").pages()
        for p in page.content.get("data", [])
    ]
    kinds = {ref["type"] for post in posts for ref in post.get("referenced_tweets", [])}
    assert posts
    assert not kinds & {"retweeted", "replied_to"}


def test_an_account_without_posts_is_empty(fetch_of, extract_of):
    fetched = extract_of(fetch_of("quiet_archive"))
    assert fetched.outcome is Outcome.EMPTY
    assert fetched.pages == 1


def test_an_unreadable_account_is_an_outcome_and_costs_no_request(world, fetch_of, extract_of):
    fetch = fetch_of("members_circle")
    asked = len(world.requests)
    assert extract_of(fetch).outcome is Outcome.PROTECTED
    assert len(world.requests) == asked


def test_an_account_suspended_after_the_lookup_is_told_apart(extract_of):
    late = Fetch(account="shuttered_shop", user_id="1204012000036000228", planned_at=AT)
    assert extract_of(late).outcome is Outcome.SUSPENDED


@pytest.mark.parametrize(("age", "wait"), [(0, 35), (20, 15), (35, None), (3600, None)])
def test_x_is_not_asked_before_it_shows_the_end_of_the_interval(interval, age, wait):
    slept = []
    now = interval.end + timedelta(seconds=age)
    wait_until_readable(interval, now=now, sleep=slept.append)
    assert slept == ([] if wait is None else [wait])


def test_an_interval_that_has_not_ended_is_refused(interval):
    with pytest.raises(BadConfiguration, match="ends in the future"):
        wait_until_readable(interval, now=interval.end - timedelta(seconds=1))


def test_what_goes_on_after_its_run_was_settled_sets_aside_anew(lake, fetch_of, extract_of):
    fetch = fetch_of("harbour_news")
    assert fetch.most_posts
    purse_of(lake).settle({})
    used_up = purse_of(lake, usd_per_day=0.0)
    assert used_up.is_settled()
    assert extract_of(fetch, usd_per_day=0.0).partial
    assert extract_of(fetch, usd_per_day=20.0).posts_returned > 0


def test_a_new_plan_of_a_settled_run_sets_aside_what_it_hands_out(lake, fetch_of, extract_of):
    fetch_of("harbour_news")
    purse_of(lake).settle({})
    fetch = fetch_of("harbour_news")
    assert not purse_of(lake).is_settled()
    assert extract_of(fetch).posts_returned > 0


@pytest.mark.parametrize(
    "trouble",
    [
        {"title": "Internal", "type": "about:blank", "value": "nasa"},
        {"title": "Internal", "type": "about:blank"},
        {
            "title": "x",
            "resource_type": "user",
            "value": "nasa",
            "type": "https://api.x.com/2/problems/field-hydration-failure",
        },
    ],
)
def test_whom_x_left_out_in_trouble_is_not_deleted(lake, interval, trouble):
    lake.put_json("raw/accounts/known/nasa.json", {"user_id": "1", "first_seen": interval.name})
    accounts = parse_accounts("[{username: nasa}, {username: esa}]", "test")
    body = {"data": [{"id": "2", "username": "esa"}], "errors": [trouble]}
    fetches = plan(lake, Answers(json.dumps(body).encode()), accounts, interval)
    assert {f.account: f.unreadable for f in fetches} == {"nasa": Outcome.FAILED, "esa": None}
    both = b'{"data": [{"id": "1", "username": "nasa"}, {"id": "2", "username": "esa"}]}'
    again = plan(lake, Answers(both), accounts, interval)
    assert [f.unreadable for f in again] == [None, None]


def test_a_lookup_that_speaks_of_nobody_is_no_answer(lake, interval):
    accounts = parse_accounts("[{username: nasa}, {username: esa}]", "test")
    body = b'{"errors": [{"title": "Service degraded", "type": "about:blank"}]}'
    with pytest.raises(XUnavailable, match="Service degraded"):
        plan(lake, Answers(body), accounts, interval)


def test_what_came_before_an_account_was_suspended_stays(world, lake, fetch_of, extract_of):
    fetch = fetch_of("harbour_news").model_copy(update={"most_posts": 10})
    assert extract_of(fetch, page_size=10, usd_per_day=0.0).partial
    late = Fetch(
        account="harbour_news",
        user_id=fetch.user_id,
        planned_at=AT,
        unreadable=Outcome.SUSPENDED,
        detail="X has suspended the account.",
    )
    fetched = extract_of(late)
    assert (fetched.outcome, fetched.partial) == ("fetched", "")
    assert fetched.posts_returned == 10
    assert fetched.lacks == "X has suspended the account."


def test_settings_that_changed_while_the_archive_was_asked_begin_anew(lake, interval, extract_of):
    fetch = Fetch(account="moon", user_id="1", planned_at=AT)
    raw = RawBatch(lake, "tweets", interval, "moon")
    raw.add_page(Answer(b'{"data": [{"id": "1"}], "meta": {}}', AT))
    raw.add_page(Answer(b'{"data": [{"id": "2"}], "meta": {"next_token": "t"}}', AT))
    raw = RawBatch(lake, "tweets", interval, "moon")
    answers = Answers(b'{"data": [{"id": "1"}], "meta": {}}')
    assert extract(lake, raw, answers, fetch).pages == 1


TOMORROW = AT + timedelta(days=1)
A_HUNDRED_POSTS = {"usd_per_day": 0.5, "usd_per_month": None}


class Tomorrow(Answers):
    """X, a day after the plan."""

    at = TOMORROW

    def usage(self):
        return Answer(b"{}", self.at)


def spend(lake, now, posts):
    """Another run, which spends of the day's budget."""
    other = Purse(lake, SETTINGS, "tweets/other", now)
    other.settle({now.date(): Spent(posts=posts)})


def test_what_is_cleared_on_the_next_day_has_that_day_s_budget(lake, interval):
    purse_of(lake).settle({AT.date(): Spent(posts=100)})
    fetch = FETCH.model_copy(update={"most_posts": 50})
    raw = RawBatch(lake, "tweets", interval, "nasa")
    assert not extract(lake, raw, Tomorrow(page_with(10)), fetch, **A_HUNDRED_POSTS).partial
    month = read_month(lake, AT)
    assert month.day(AT.date()).runs["tweets/run"].reserved == Resources()
    assert month.day(TOMORROW.date()).runs["tweets/run"].reserved == Resources(posts=100)


def test_what_is_cleared_on_the_next_day_has_no_more_than_that_day_s_budget(lake, interval):
    purse_of(lake).settle({})
    spend(lake, TOMORROW, 100)
    fetch = FETCH.model_copy(update={"most_posts": 50})
    raw = RawBatch(lake, "tweets", interval, "nasa")
    fetched = extract(lake, raw, Tomorrow(), fetch, **A_HUNDRED_POSTS)
    assert "$0.50 of $0.50 a day" in fetched.partial


@pytest.mark.parametrize(("left", "pages"), [(0, 1), (100, 2)])
def test_beyond_midnight_more_is_set_aside_of_the_new_day(lake, interval, left, pages):
    spend(lake, TOMORROW, 100 - left)
    fetch = FETCH.model_copy(update={"most_posts": 10})
    api = Tomorrow(page_with(10, "more"), page_with(10))
    raw = RawBatch(lake, "tweets", interval, "nasa")
    fetched = extract(lake, raw, api, fetch, **A_HUNDRED_POSTS)
    assert (fetched.pages, bool(fetched.partial)) == (pages, left == 0)


def test_a_retry_after_midnight_knows_the_day_of_the_stored_pages(lake, interval):
    spend(lake, TOMORROW, 100)
    raw = RawBatch(lake, "tweets", interval, "nasa")
    raw.add_page(Answer(page_with(10, "more"), TOMORROW))
    fetch = FETCH.model_copy(update={"most_posts": 10})
    assert extract(lake, raw, Tomorrow(), fetch, **A_HUNDRED_POSTS).partial


def test_users_that_come_after_midnight_are_set_aside_of_the_new_day(lake, interval):
    raw = RawBatch(lake, "tweets", interval, "nasa")
    extract(lake, raw, Tomorrow(page_with(1, users=3)), FETCH)
    month = read_month(lake, AT)
    assert month.day(TOMORROW.date()).runs["tweets/run"].reserved == Resources(users=3)
