"""Which posts are looked at again: all while they are young, then once at each of a few ages."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.datasets.tweet_metrics.decode import VISIBLE
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake, answered_at, day_prefix, interval_of, unpacked
from include.listed import asked
from include.outcomes import Outcome
from include.raw import Fetched, RawBatch, complete_interval
from include.settings import Settings
from include.x_api.answer import read_answer

TWEETS, METRICS = "tweets", "tweet_metrics"
_HAVING_ASKED = {"fetched", Outcome.EMPTY}
"""What becomes of a run that asked X for all that was due, be it nothing."""


def due(lake: Lake, interval: Interval, settings: Settings) -> list[str]:
    """Ids of the lake's posts whose counts are to be taken down at the interval's end, sorted.

    A post is due in every run until it is ``refresh_hours`` old, then once at each age of
    ``refresh_days``: in the first run after it came of that age. Where runs were missed, or the
    budget left posts out, the next ones make up for those of the look-back; the first of all has
    none to make up for. A post that was seen to be gone is due no more.
    """
    since = _last_run(lake, interval, interval.start - timedelta(days=settings.look_back_days))
    young = interval.end - timedelta(hours=settings.refresh_hours)
    ages = [timedelta(days=days) for days in settings.refresh_days]
    windows = [(young, interval.end), *((since - age, interval.end - age) for age in ages)]
    last_asked = _last_asked(lake, interval, since)

    def is_due(post_id: str, written: datetime) -> bool:
        last = last_asked.get(post_id, since)
        return written >= young or any(last <= written + age < interval.end for age in ages)

    ids = {post_id for post_id, at in _written(lake, windows).items() if is_due(post_id, at)}
    if not ids:
        return []
    # Nothing was seen before it was written. An earlier run may have been late, but not later than
    # this one may be.
    seen = min(begin for begin, _ in windows), interval.end + (interval.end - interval.start)
    return sorted(ids - _gone(lake, *seen), key=int)


def returned_on(lake: Lake, day: date, interval: Interval, ids: set[str]) -> set[str]:
    """Those of the posts that X has returned on a UTC day of its clock, as far as the lake knows.

    Tweets are fetched when their interval is over: one that ended on the day was fetched on it.
    Of a post that came later, by a run that made up for another, this says nothing: it counts as
    charged once more.
    """
    days = (day - timedelta(days=1), day)
    pages = [
        key
        for earlier in days
        for key in lake.keys(day_prefix("raw", METRICS, earlier))
        if "/page-" in key and _run_of(key).end <= interval.start
    ]
    curated = [
        key
        for earlier in days
        for key in lake.keys(day_prefix("curated", TWEETS, earlier))
        if interval_of(key).end.date() == day
    ]
    found: set[str] = set()
    for key, page in lake.bodies(pages):
        if (answered_at(page) or _run_of(key).end).date() == day:
            found |= ids & _shown(page)
    for posts in _tables(lake, curated, ["tweet_id"]):
        found |= ids.intersection(posts["tweet_id"].to_pylist())
    return found


def _shown(page: bytes) -> set[str]:
    """Ids of the posts that X returned in a stored page."""
    posts = read_answer(unpacked(page)).get("data", [])
    return {str(post["id"]) for post in posts if isinstance(post, dict) and "id" in post}


def _last_run(lake: Lake, interval: Interval, earliest: datetime) -> datetime:
    """The end of the last run before this one that asked for all that was due, or ``earliest``.

    Before the first run of all nothing was missed: not earlier than its start.
    """
    ends = {
        run.end: key
        for run, key in _ended(lake, earliest, interval.start)
        if complete_interval(key) is not None
    }
    for end, key in sorted(ends.items(), reverse=True):
        if Fetched.model_validate_json(lake.get(key)).outcome in _HAVING_ASKED:
            return end
    first = next(lake.keys(f"raw/{METRICS}/"), None)
    return max(earliest, interval.start if first is None else _run_of(first).start)


def _last_asked(lake: Lake, interval: Interval, since: datetime) -> dict[str, datetime]:
    """The ends of the last runs after ``since`` that asked for a post, though not for all due."""
    runs = [
        run for run, key in _ended(lake, since, interval.start) if key.endswith("/partial.json")
    ]
    return {
        post_id: run.end
        for run in sorted(runs, key=lambda run: run.end)
        for post_id in asked(RawBatch(lake, METRICS, run, ALL_ACCOUNTS))
    }


def _ended(lake: Lake, begin: datetime, end: datetime) -> Iterator[tuple[Interval, str]]:
    """The runs that ended after ``begin`` and up to ``end``, with each of their raw objects."""
    # A run lies under the day on which it began.
    for day in _dates(begin - timedelta(days=1), end):
        for key in lake.keys(day_prefix("raw", METRICS, day)):
            run = _run_of(key)
            if begin < run.end <= end:
                yield run, key


def _written(lake: Lake, windows: Sequence[tuple[datetime, datetime]]) -> dict[str, datetime]:
    """The curated posts that were written in one of the windows, by id."""
    keys = {
        key
        for begin, end in windows
        for day in _dates(begin, end)
        for key in lake.keys(day_prefix("curated", TWEETS, day))
        if _overlaps(key, begin, end)
    }
    found: dict[str, datetime] = {}
    for posts in _tables(lake, sorted(keys), ["tweet_id", "created_at"]):
        for begin, end in windows:
            written = posts["created_at"]
            inside = posts.filter(pc.and_(pc.greater_equal(written, begin), pc.less(written, end)))
            ids, times = inside["tweet_id"].to_pylist(), inside["created_at"].to_pylist()
            found.update(zip(ids, times, strict=True))
    return found


def _gone(lake: Lake, begin: datetime, end: datetime) -> set[str]:
    """Ids of the posts that were seen to be gone in the span."""
    keys = [
        key for day in _dates(begin, end) for key in lake.keys(day_prefix("curated", METRICS, day))
    ]
    gone: set[str] = set()
    for posts in _tables(lake, keys, ["tweet_id", "status"]):
        gone.update(posts["tweet_id"].filter(pc.not_equal(posts["status"], VISIBLE)).to_pylist())
    return gone


def _tables(lake: Lake, keys: Iterable[str], columns: list[str]) -> Iterator[pa.Table]:
    for _, body in lake.bodies(keys):
        yield pq.read_table(io.BytesIO(body), columns=columns)


def _run_of(key: str) -> Interval:
    """The interval of a raw object."""
    return Interval.parse(key.split("/")[-2])


def _overlaps(key: str, begin: datetime, end: datetime) -> bool:
    """Whether a curated object's interval and the window have an instant in common."""
    interval = interval_of(key)
    return interval.start < end and begin < interval.end


def _dates(begin: datetime, end: datetime) -> list[date]:
    """The UTC dates of the half-open span."""
    last = (end - timedelta(microseconds=1)).date()
    return [begin.date() + timedelta(days=n) for n in range((last - begin.date()).days + 1)]
