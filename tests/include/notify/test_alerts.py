"""Who is told what, and when: run after run over the same subjects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from include.interval import Interval
from include.notify.alerts import Alerts, News, Sent

BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
QUIET = timedelta(hours=24)


class Story:
    """Runs of a dataset, four hours each; what each of them tells."""

    def __init__(self, quiet: timedelta = QUIET) -> None:
        self.alerts = Alerts()
        self.quiet = quiet
        self.now = BEGIN

    def run(self, number: int, after: timedelta = timedelta(hours=4), **accounts: str) -> News:
        """Look at accounts over the interval of that number; ``""`` is fine."""
        self.now += after
        start = BEGIN + number * timedelta(hours=4)
        interval = Interval(start, start + timedelta(hours=4))
        news = self.alerts.judge(
            {name: kind for name, kind in accounts.items() if kind},
            interval=interval,
            now=self.now,
            quiet=self.quiet,
            fine={name for name, kind in accounts.items() if not kind},
            gone=self.alerts.open.keys() - accounts.keys(),
        )
        self.alerts = self.alerts.after(news, interval=interval, now=self.now, quiet=self.quiet)
        return news


def test_trouble_is_told_once_and_its_end_once():
    story = Story()
    told = [story.run(n, nasa=kind) for n, kind in enumerate(["suspended"] * 3 + [""] * 2)]
    assert [set(news.told) for news in told] == [{"nasa"}, set(), set(), set(), set()]
    assert [set(news.recovered) for news in told] == [set(), set(), set(), {"nasa"}, set()]


def test_another_kind_of_trouble_is_told_and_counts_from_then():
    story = Story()
    story.run(0, nasa="suspended")
    assert story.run(1, nasa="deleted").told == {"nasa": "deleted"}
    assert story.alerts.open["nasa"].since == "20261120T0400Z_20261120T0800Z"


def test_after_the_quiet_period_it_is_told_again_with_the_time_it_began():
    story = Story()
    told = [bool(story.run(n, nasa="suspended").told) for n in range(8)]
    assert told == [True, False, False, False, False, False, True, False]
    assert story.alerts.open["nasa"].since == "20261120T0000Z_20261120T0400Z"


def test_an_account_that_flaps_is_told_and_recovered_once_in_the_quiet_period():
    story = Story()
    news = [story.run(n, nasa="" if n % 2 else "suspended") for n in range(6)]
    assert [bool(one.told) for one in news] == [True, *[False] * 5]
    assert [bool(one.recovered) for one in news] == [False, True, *[False] * 4]
    assert [bool(one.still) for one in news] == [False, False, True, False, True, False]


def test_the_recovery_that_holds_is_told_once_when_the_quiet_period_is_over():
    story = Story()
    kinds = ["suspended", "", "suspended", *[""] * 8]
    news = [story.run(n, nasa=kind) for n, kind in enumerate(kinds)]
    assert [n for n, one in enumerate(news) if one.recovered] == [1, 7]
    assert news[7].recovered["nasa"].since == "20261120T0800Z_20261120T1200Z"
    assert not story.alerts.open


def test_kinds_that_alternate_are_told_once_each():
    story = Story()
    kinds = ["rows quarantined: a", "rows quarantined: b"]
    news = [story.run(n, nasa=kinds[n % 2]) for n in range(8)]
    assert [n for n, one in enumerate(news) if one.told] == [0, 1, 6, 7]
    assert news[2].still["nasa"].kind == kinds[0]
    assert story.run(8, nasa="").recovered


def test_a_new_kind_of_trouble_is_told_also_after_a_recovery():
    story = Story()
    for number, kind in enumerate(["suspended", ""]):
        story.run(number, nasa=kind)
    assert story.run(2, nasa="deleted").told == {"nasa": "deleted"}


def test_what_was_told_is_forgotten_with_the_quiet_period():
    story = Story()
    for number, kind in enumerate(["suspended", *[""] * 9]):
        story.run(number, nasa=kind)
    assert story.alerts == Alerts(newest=story.alerts.newest)


def test_a_daily_run_that_is_faster_than_yesterdays_tells_again():
    story = Story()
    story.run(0, nasa="suspended")
    assert story.run(6, after=timedelta(hours=23, minutes=58), nasa="suspended").told


def test_without_a_quiet_period_every_run_tells():
    story = Story(quiet=timedelta())
    assert all(story.run(n, nasa="suspended").told for n in range(3))
    assert story.run(3, nasa="").recovered


def test_a_backfill_over_the_same_trouble_tells_once():
    story = Story()
    story.run(1000, nasa="")
    soon = timedelta(minutes=1)
    told = [story.run(n, after=soon, nasa="suspended") for n in range(180)]
    assert sum(bool(news.told) for news in told) == 1
    assert not story.alerts.open, "what is past is not in trouble now"
    assert not story.run(1001, nasa="").recovered


def test_a_backfill_whose_trouble_alternates_tells_each_kind_once():
    story = Story()
    story.run(1000, nasa="")
    soon = timedelta(minutes=1)
    kinds = ["rows quarantined: a", "rows quarantined: a, b"]
    told = [story.run(n, after=soon, nasa=kinds[n % 2]) for n in range(20)]
    assert sum(bool(news.told) for news in told) == 2


def test_a_backfill_does_not_tell_what_is_known_of_today():
    story = Story()
    story.run(1000, nasa="suspended")
    assert not story.run(3, nasa="suspended").told


def test_an_older_run_ends_nothing_and_overwrites_nothing():
    story = Story()
    story.run(1000, nasa="suspended")
    known = story.alerts
    assert not story.run(3, nasa="").recovered
    assert story.run(4, nasa="deleted").told == {"nasa": "deleted"}
    assert story.alerts.open == known.open
    assert story.alerts.newest == known.newest
    assert story.run(1001, nasa="").recovered.keys() == {"nasa"}


def test_what_was_told_of_the_past_is_news_of_today():
    story = Story()
    story.run(1000, nasa="")
    story.run(3, nasa="suspended")
    assert story.run(1001, nasa="suspended").told


def test_a_rerun_of_the_newest_interval_may_end_trouble():
    story = Story()
    story.run(7, nasa="failed")
    assert story.run(7, nasa="").recovered.keys() == {"nasa"}


def test_what_was_told_of_the_past_is_forgotten_with_the_quiet_period():
    story = Story()
    story.run(1000, nasa="")
    story.run(3, nasa="suspended")
    assert story.alerts.past
    story.run(1001, after=timedelta(hours=25), nasa="")
    assert not story.alerts.past


def test_only_the_last_messages_are_remembered():
    alerts = Alerts()
    for number in range(40):
        at = BEGIN + timedelta(hours=number)
        alerts = alerts.having_sent(f"run {number}", Sent(at=at, channels=["mail"], news=News()))
    assert set(alerts.sent) == {f"run {number}" for number in range(10, 40)}


def test_what_another_run_ended_meanwhile_counts_from_now():
    story = Story()
    story.run(0, nasa="suspended")
    judged = story.alerts.judge(
        {"nasa": "suspended"}, interval=None, now=story.now, quiet=QUIET, fine=(), gone=()
    )
    ended = Alerts()
    known = ended.after(judged, interval=None, now=story.now, quiet=QUIET)
    assert known.open["nasa"].told == story.now
