"""A run's process is killed (SIGKILL) between two of its requests; then the run is made again.

The world and its lake live here, the run in a process of its own. A gate in front of S3 and X
kills it in the place of one of its requests, which has no effect then: what the lake holds and
what X has returned is as of that moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from benchmarks.killing import Killing
from include.interval import Interval
from include.spending.ledger import Resources, charged, read_month

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 3, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
_PAGES = ("/page-", "/lookup-")
# Each day of them is a request that only reads.
FEW_DAYS = {"history_days": 1, "look_back_days": 1, "refresh_days": []}


@dataclass(frozen=True)
class Scene:
    """A run of which X is asked more than one page."""

    dataset: str
    interval: Interval
    accounts: list[str]
    pages: int
    page_size: int = 100
    tweets_before: Interval | None = None
    """What is collected before, by a run that nobody kills."""
    zones: tuple[str, ...] = ("raw", "curated")
    """Before which of its writes it is killed one by one; all datasets land in the same way."""

    @property
    def now(self):
        return self.interval.end + MINUTE


SCENES = [
    Scene(
        "tweets",
        Interval(NOON - 4 * HOUR, NOON),
        ["faulty_feed", "quiet_archive"],
        pages=5,  # the lookup, three of the first account and an empty one
        page_size=7,
        zones=("raw", "curated", "quarantine", "validations"),
    ),
    Scene(
        "users",
        Interval(MIDNIGHT - 24 * HOUR, MIDNIGHT),
        ["harbour_news", "shuttered_shop", *(f"load_{n:04d}" for n in range(100))],
        pages=2,
    ),
    Scene(
        "tweet_metrics",
        Interval(MIDNIGHT, MIDNIGHT + 2 * HOUR),
        ["harbour_news"],
        pages=2,
        tweets_before=Interval(NOON - 2 * HOUR, NOON + 8 * HOUR),
    ),
]


@dataclass(frozen=True)
class Undisturbed:
    """What a run leaves that nobody kills."""

    scene: Scene
    before: dict[str, bytes]
    """The lake in which it began."""
    requests: list[str]
    objects: dict[str, bytes] = field(repr=False)
    charged: Resources
    """By X."""
    returned: Resources
    """A duplicate, which X returns twice and charges once, among them."""
    in_ledger: Resources

    @property
    def changing(self):
        """Places of the requests that ask X or change the lake: all else leaves both as is."""
        return [n for n, made in enumerate(self.requests) if not made.startswith("GET ")]

    @property
    def deadly(self):
        """Those of them before which a run is killed one by one."""
        before = ("X ", *(f"PUT /tweet-lake/{zone}/" for zone in self.scene.zones))
        return [n for n in self.changing if self.requests[n].startswith(before)]

    @property
    def reading(self):
        return [n for n, made in enumerate(self.requests) if made.startswith("GET ")]


@pytest.fixture(scope="module")
def killing(tmp_path_factory):
    with Killing(tmp_path_factory.mktemp("killed"), NOON) as killing:
        yield killing


@pytest.fixture(scope="module", params=SCENES, ids=[scene.dataset for scene in SCENES])
def undisturbed(request, killing):
    scene = request.param
    killing.begin_with({})
    killing.follow(scene.accounts, page_size=scene.page_size, csv=True, **FEW_DAYS)
    if scene.tweets_before is not None:
        killing.world.travel(scene.tweets_before.end + MINUTE)
        assert killing.run("tweets", scene.tweets_before)
    before = killing.objects()
    killing.begin_with(before)
    killing.world.travel(scene.now)
    assert killing.run(scene.dataset, scene.interval)
    return Undisturbed(
        scene,
        before,
        requests=killing.gate.passed,
        objects=killing.objects(),
        charged=charged_on(killing, scene.now),
        returned=returned(killing),
        in_ledger=in_ledger(killing, scene.now),
    )


@pytest.fixture
def run(killing, undisturbed):
    """The scene's run, in a world in which nothing of it has happened yet."""
    scene = undisturbed.scene
    killing.world.travel(scene.now)
    killing.begin_with(undisturbed.before)

    def run(**how):
        return killing.run(scene.dataset, scene.interval, **how)

    return run


def charged_on(killing, time):
    usage = killing.world.usage
    return Resources(posts=usage.posts_on(time.date()), users=usage.users_on(time.date()))


def returned(killing):
    usage = killing.world.usage
    return Resources(posts=usage.returned_posts, users=usage.returned_users)


def in_ledger(killing, time):
    return charged(read_month(killing.lake, time.date()).day(time.date()).runs.values())


def check(killing, undisturbed, *, under_way, place):
    """The same lake, the ledger among it; nothing charged twice, and nothing returned twice but
    the pages that were under way."""
    objects = killing.objects()
    assert objects.keys() == undisturbed.objects.keys(), place
    assert [k for k, body in objects.items() if body != undisturbed.objects[k]] == [], place
    assert charged_on(killing, undisturbed.scene.now) == undisturbed.charged, place
    assert killing.pages_repeated() == under_way, place
    now, then = returned(killing), undisturbed.returned
    again = now.posts + now.users - then.posts - then.users
    assert again <= under_way * undisturbed.scene.page_size, place


def is_page(request):
    """Whether the run died with a page in its hands: X has returned it, the lake has it not."""
    return request.startswith("PUT ") and any(page in request for page in _PAGES)


def test_the_undisturbed_run_has_pages_to_be_killed_between_and_all_that_lands(undisturbed):
    made = [undisturbed.requests[n] for n in undisturbed.changing]
    pages = undisturbed.scene.pages
    assert sum(request.startswith("X ") and "/usage/" not in request for request in made) == pages
    assert sum(map(is_page, made)) == pages
    for zone in ("raw", "curated", "validations", "data-docs"):
        puts = f"PUT /tweet-lake/{zone}/{'' if zone == 'raw' else undisturbed.scene.dataset}"
        assert any(request.startswith(puts) for request in made), zone
    assert sum(f"{undisturbed.scene.dataset}_csv/" in request for request in made) == 1
    assert undisturbed.in_ledger == undisturbed.charged != Resources()


def test_killed_between_any_two_pages_and_at_any_point_of_landing(killing, undisturbed, run):
    for place in undisturbed.deadly:
        killing.begin_with(undisturbed.before)
        assert not run(kill_at=place)
        refused = killing.gate.refused
        assert run()
        check(killing, undisturbed, under_way=int(is_page(refused)), place=f"{place}: {refused}")


@pytest.mark.parametrize("undisturbed", SCENES[:1], ids=["tweets"], indirect=True)
def test_killed_before_requests_that_only_read(killing, undisturbed, run):
    for place in Random(1).sample(undisturbed.reading, 3):  # noqa: S311 - no secret
        killing.begin_with(undisturbed.before)
        assert not run(kill_at=place)
        assert run()
        check(killing, undisturbed, under_way=0, place=place)


def test_killed_again_and_again_while_airflow_retries_the_step(killing, undisturbed, run, tmp_path):
    """As a task is retried: with the same arguments, and without the steps that are done."""
    random = Random(1)  # noqa: S311 - no secret
    under_way = kills = 0
    # Later and later: a step of 30 requests would never come to its end.
    while not run(kill_at=random.randrange(2, 30 + 2 * kills), remember=tmp_path):
        kills += 1
        under_way += is_page(killing.gate.refused)
    assert kills > 1
    check(killing, undisturbed, under_way=under_way, place=f"{kills} kills")


@pytest.mark.parametrize("undisturbed", SCENES[:1], ids=["tweets"], indirect=True)
def test_pages_that_are_stored_are_not_paid_again_on_the_next_day(killing, undisturbed, run):
    last_page = max(n for n, made in enumerate(undisturbed.requests) if made.startswith("X "))
    run(kill_at=last_page)
    today, tomorrow = undisturbed.scene.now, undisturbed.scene.now + timedelta(days=1)
    paid = charged_on(killing, today)
    killing.world.travel(tomorrow)
    assert run()
    assert charged_on(killing, today) == paid
    assert paid.posts + charged_on(killing, tomorrow).posts == undisturbed.charged.posts
    for day in (today, tomorrow):
        assert in_ledger(killing, day) == charged_on(killing, day)
