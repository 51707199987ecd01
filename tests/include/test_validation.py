from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include import validation
from include.data_docs.keys import page_key
from include.datasets import dataset_named
from include.datasets.dataset import UnreadablePage
from include.errors import LakeUnavailable
from include.interval import Interval
from include.lake import Entry, Lake, account_report_key, batch_prefix
from include.outcomes import Outcome
from include.quality import Quality
from include.raw import Fetched, RawBatch
from include.report import AccountReport
from include.validation import RawIncompleteError, RowsLostError, validate_batch
from include.x_api.answer import Answer

TWEETS = dataset_named("tweets")
ACCOUNT = "nasa"
AUTHOR = "11348282"
AT = datetime(2026, 11, 2, 12, 1, tzinfo=UTC)
FIRST = 2_123_566_994_027_446_272


@pytest.fixture(scope="session")
def quality() -> Quality:
    return TWEETS.quality()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account of more than four posts is large, and is checked four or so at a time."""
    monkeypatch.setattr(validation, "WHOLE_ROWS", 4)
    monkeypatch.setattr(validation, "PART_ROWS", 4)
    monkeypatch.setattr(validation, "_PAGES_A_DECODE", 1)


def post(number: int, **fields: Any) -> dict[str, Any]:
    """A good post, one minute after the one before."""
    created = datetime(2026, 11, 2, 8, tzinfo=UTC) + timedelta(minutes=number)
    return {
        "id": str(FIRST + number),
        "author_id": AUTHOR,
        "created_at": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "text": f"Post {number}",
        "lang": "en",
        "conversation_id": str(FIRST + number),
        "reply_settings": "everyone",
        "edit_history_tweet_ids": [str(FIRST + number)],
        "public_metrics": {
            "retweet_count": 1,
            "reply_count": 2,
            "like_count": 3,
            "quote_count": 4,
            "bookmark_count": 5,
            "impression_count": 600,
        },
        **fields,
    }


NEGATIVE = {"public_metrics": {"like_count": -7}}
ODD = {"public_metrics": {"like_count": "12"}}


def store(lake: Lake, interval: Interval, *pages: Sequence[Any], **summary: Any) -> None:
    """Put raw pages there as a finished fetch does."""
    raw = RawBatch(lake, "tweets", interval, ACCOUNT)
    for posts in pages:
        raw.add_page(Answer(json.dumps({"data": posts}).encode(), AT))
    fetched: dict[str, Any] = {
        "account": ACCOUNT,
        "outcome": "fetched",
        "detail": "",
        "author_id": AUTHOR,
        "pages": len(pages),
        "posts_returned": sum(map(len, pages)),
        "users_returned": 2,
        "requests": len(pages),
    }
    raw.finish(Fetched.model_validate(fetched | summary))


def validate(lake: Lake, quality: Quality, interval: Interval, **options: Any) -> AccountReport:
    return validate_batch(
        lake,
        options.get("dataset", TWEETS),
        quality,
        interval=interval,
        account=ACCOUNT,
        volume=options.get("volume", (0, 1_000)),
        csv=options.get("csv", False),
    )


def suite_of(folder: Path, expectation: dict[str, Any]) -> Path:
    """A suite that asks for one thing only."""
    suite = folder / "suite.json"
    suite.write_text(json.dumps({"name": "tweets", "expectations": [expectation]}))
    return suite


def objects(lake: Lake, *zones: str) -> dict[str, bytes]:
    return {key: lake.get(key) for zone in zones or ("",) for key in lake.keys(zone)}


def rows(lake: Lake, keys: Iterable[str]) -> list[dict[str, Any]]:
    return [
        row for key in keys for row in pq.read_table(pa.BufferReader(lake.get(key))).to_pylist()
    ]


def numbers(found: Iterable[dict[str, Any]]) -> list[int | None]:
    return [None if row["tweet_id"] is None else int(row["tweet_id"]) - FIRST for row in found]


def quarantined(lake: Lake, report: AccountReport) -> list[dict[str, Any]]:
    return rows(lake, [f"{report.quarantine_prefix}rows.parquet"])


def test_good_posts_land(lake: Lake, quality: Quality, interval: Interval) -> None:
    store(lake, interval, [post(3), post(2)], [post(1)])
    report = validate(lake, quality, interval)
    key = f"curated/tweets/dt=2026-11-02/account=nasa/{interval.name}.parquet"
    validated = f"validations/tweets/dt=2026-11-02/account=nasa/{interval.name}.json"
    assert report == AccountReport(
        account=ACCOUNT,
        outcome=Outcome.LANDED,
        detail="",
        rows_in=3,
        curated=3,
        posts_returned=3,
        users_returned=2,
        requests=2,
        curated_keys=[key],
        validation_keys=[validated],
        data_docs_keys=[page_key(validated)],
    )
    landed = rows(lake, [key])
    assert numbers(landed) == [3, 2, 1]
    assert [(r["raw_key"][-17:], r["raw_position"]) for r in landed] == [
        ("page-0000.json.gz", 0),
        ("page-0000.json.gz", 1),
        ("page-0001.json.gz", 0),
    ]
    assert objects(lake, "quarantine") == {}
    assert lake.get_json(validated)["success"] is True
    stored = lake.get_json(account_report_key("tweets", interval, ACCOUNT))
    assert AccountReport.model_validate(stored) == report


def test_bad_posts_are_quarantined_with_their_reasons(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    posts = [post(n) for n in range(6)]
    posts += [post(6, **NEGATIVE), post(7, **ODD), post(8, text=None), "a post", post(9)]
    store(lake, interval, posts)
    report = validate(lake, quality, interval)
    assert (report.outcome, report.rows_in, report.curated, report.quarantined) == (
        Outcome.ROWS_QUARANTINED,
        11,
        7,
        4,
    )
    assert numbers(rows(lake, report.curated_keys)) == [0, 1, 2, 3, 4, 5, 9]
    bad = quarantined(lake, report)
    assert numbers(bad) == [6, 7, 8, None]
    assert bad[0]["reasons"] == ["like_count_not_negative"]
    assert bad[0]["raw_post"] is None
    assert all("every_post_decodes" in row["reasons"] for row in bad[1:])
    assert bad[1]["decode_problem"].startswith("public_metrics.like_count: '12' is a text")
    assert json.loads(bad[1]["raw_post"]) == post(7, **ODD)
    assert json.loads(bad[3]["raw_post"]) == "a post"
    assert "4 of 11 rows" in report.detail


def test_the_quarantine_report_tells_why_and_where_to_look(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    store(lake, interval, [post(0), post(1, **NEGATIVE), post(2, **NEGATIVE)] + [post(3)] * 2)
    report = validate(lake, quality, interval)
    told = lake.get_json(f"{report.quarantine_prefix}report.json")
    assert told["account"] == ACCOUNT
    assert told["interval"] == interval.name
    assert told["reasons"] == {"like_count_not_negative": 2}
    assert told["data_docs_keys"] == report.data_docs_keys
    (failed,) = [f for f in told["failed_expectations"] if f["severity"] == "critical"]
    assert failed["examples"][0] == {"id": str(FIRST + 1), "value": "-7"}


def test_a_second_copy_is_counted_and_dropped(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    store(lake, interval, [post(1), post(2)], [post(1, text="Again"), post(2), post(3)])
    report = validate(lake, quality, interval)
    assert (report.rows_in, report.curated, report.duplicates) == (5, 3, 2)
    assert [r["text"] for r in rows(lake, report.curated_keys)] == ["Post 1", "Post 2", "Post 3"]


def test_rows_without_an_id_are_never_duplicates(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    lost = [post(4, id=None), post(4, id=None), post(4, id=FIRST), post(4, id=FIRST)]
    store(lake, interval, [post(n) for n in range(9)] + lost)
    report = validate(lake, quality, interval)
    assert (report.curated, report.quarantined, report.duplicates) == (9, 4, 0)


def test_a_batch_level_failure_quarantines_the_batch(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    posts = [post(n) for n in range(30)]
    for one in posts[1:]:
        del one["public_metrics"]
    store(lake, interval, [*posts, post(30, **NEGATIVE)])
    report = validate(lake, quality, interval)
    assert (report.outcome, report.curated, report.quarantined) == (
        Outcome.BATCH_QUARANTINED,
        0,
        31,
    )
    assert report.curated_keys == []
    assert objects(lake, "curated") == {}
    bad = quarantined(lake, report)
    assert numbers(bad) == list(range(31))
    assert bad[0]["reasons"] == ["like_count_reported"]
    assert bad[30]["reasons"] == ["like_count_not_negative", "like_count_reported"]
    assert "like_count_reported" in report.detail


def test_somebody_else_s_posts_are_quarantined_where_the_author_is_known(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    posts = [post(n) for n in range(9)] + [post(9, author_id="42")]
    store(lake, interval, posts)
    assert validate(lake, quality, interval).quarantined == 1
    store(lake, interval, author_id=None)
    assert validate(lake, quality, interval).quarantined == 0


@pytest.mark.parametrize("csv", [False, True])
def test_a_second_run_gives_the_same_lake(
    lake: Lake, quality: Quality, interval: Interval, csv: bool
) -> None:
    store(lake, interval, [post(1), post(2, **ODD), post(3)], [post(1), post(4)])
    first = validate(lake, quality, interval, csv=csv)
    once = objects(lake)
    assert any(key.endswith(".csv") for key in once) is csv
    assert validate(lake, quality, interval, csv=csv) == first
    assert objects(lake) == once


def test_the_csv_file_has_the_curated_rows(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    store(lake, interval, [post(1, text="=1+1"), post(2, **NEGATIVE)])
    report = validate(lake, quality, interval, csv=True)
    assert [key.rpartition(".")[2] for key in report.curated_keys] == ["parquet", "csv"]
    assert report.curated_keys[1].startswith("curated/tweets_csv/dt=2026-11-02/account=nasa/")
    header, *lines = lake.get(report.curated_keys[1]).decode().split("\r\n")
    assert header.split(",") == TWEETS.curated_schema.names
    assert len(lines) == 2
    assert '"\'=1+1"' in lines[0]
    assert lines[1] == ""


def test_what_an_earlier_run_left_is_deleted(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    store(lake, interval, [post(1), post(2, **NEGATIVE), post(3)])
    before = validate(lake, quality, interval, csv=True)
    assert len(before.keys) == 6
    raw = RawBatch(lake, "tweets", interval, ACCOUNT)
    raw.drop_pages()
    store(lake, interval, [post(1)])
    after = validate(lake, quality, interval)
    assert objects(lake, "curated").keys() == set(after.curated_keys)
    assert objects(lake, "quarantine") == {}


@pytest.mark.parametrize("written", range(5))
def test_an_attempt_that_died_leaves_nothing_stale(
    lake: Lake,
    quality: Quality,
    interval: Interval,
    monkeypatch: pytest.MonkeyPatch,
    written: int,
) -> None:
    store(lake, interval, [post(1), post(2, **NEGATIVE), post(3)])
    puts, put = iter(range(written)), Lake.put

    def dying(lake: Lake, key: str, *content: Any) -> None:
        if next(puts, None) is None:
            raise LakeUnavailable(lake.bucket, key, OSError("the machine went down"))
        put(lake, key, *content)

    monkeypatch.setattr(Lake, "put", dying)
    with pytest.raises(LakeUnavailable):
        validate(lake, quality, interval)
    monkeypatch.undo()
    RawBatch(lake, "tweets", interval, ACCOUNT).drop_pages()
    store(lake, interval, [post(1)])
    report = validate(lake, quality, interval)
    report_key = account_report_key("tweets", interval, ACCOUNT)
    promised = {*report.curated_keys, *report.validation_keys, report_key}
    assert objects(lake, "curated", "quarantine", "validations").keys() == promised


@pytest.mark.parametrize("deleted", range(7))
def test_a_rerun_that_died_while_cleaning_up_leaves_nothing_stale(
    lake: Lake,
    quality: Quality,
    interval: Interval,
    monkeypatch: pytest.MonkeyPatch,
    deleted: int,
) -> None:
    store(lake, interval, [post(1), post(2, **NEGATIVE)])
    validate(lake, quality, interval, csv=True)
    lake.put_json("catalogue/tweets/dt=2026-11-02.json", {})
    store(lake, interval, outcome=Outcome.SUSPENDED, detail="Why.", posts_returned=0)
    deletions, delete = iter(range(deleted)), Lake.delete

    def dying(lake: Lake, key: str) -> None:
        if next(deletions, None) is None:
            raise LakeUnavailable(lake.bucket, key, OSError("the machine went down"))
        delete(lake, key)

    monkeypatch.setattr(Lake, "delete", dying)
    with pytest.raises(LakeUnavailable):
        validate(lake, quality, interval)
    monkeypatch.undo()
    validate(lake, quality, interval)
    report_key = account_report_key("tweets", interval, ACCOUNT)
    assert objects(lake, "curated", "quarantine", "validations", "catalogue").keys() == {report_key}


def test_a_first_run_looks_for_leftovers_with_three_requests(
    lake: Lake, quality: Quality, interval: Interval, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(lake, interval, [post(1), post(2, **NEGATIVE)])
    asked: list[str] = []
    entries = Lake.entries

    def counted(lake: Lake, prefix: str) -> Iterable[Entry]:
        asked.append(prefix.partition("/")[0])
        return entries(lake, prefix)

    monkeypatch.setattr(Lake, "entries", counted)
    validate(lake, quality, interval)
    assert asked == ["raw", "validations", "quarantine", "curated", "raw"]


@pytest.mark.parametrize("outcome", [Outcome.SUSPENDED, Outcome.EMPTY])
def test_an_account_that_shows_nothing_is_an_outcome_and_leaves_nothing_stale(
    lake: Lake, quality: Quality, interval: Interval, outcome: Outcome
) -> None:
    store(lake, interval, [post(1), post(2, **NEGATIVE)])
    validate(lake, quality, interval, csv=True)
    store(lake, interval, outcome=outcome, detail="Why.", posts_returned=0)
    report = validate(lake, quality, interval)
    assert (report.outcome, report.detail, report.requests) == (outcome, "Why.", 0)
    report_key = account_report_key("tweets", interval, ACCOUNT)
    assert objects(lake, "curated", "quarantine", "validations").keys() == {report_key}


@pytest.mark.parametrize("of_quarantine", [post(2), post(2, **NEGATIVE)], ids=["none", "some"])
def test_what_an_earlier_run_left_goes_also_where_its_results_have_expired(
    lake: Lake, quality: Quality, interval: Interval, of_quarantine: dict[str, Any]
) -> None:
    manifest = "catalogue/tweets/dt=2026-11-02.json"
    store(lake, interval, [post(1), of_quarantine])
    validate(lake, quality, interval, csv=True)
    lake.put_json(manifest, {})
    for key in list(lake.keys("validations/")):
        lake.delete(key)
    store(lake, interval, outcome=Outcome.SUSPENDED, detail="Why.", posts_returned=0)
    validate(lake, quality, interval)
    report_key = account_report_key("tweets", interval, ACCOUNT)
    left = objects(lake, "curated", "quarantine", "validations", "catalogue")
    assert left.keys() == {report_key}


def test_other_accounts_and_intervals_are_left_alone(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    store(lake, interval, [post(1), post(2, **NEGATIVE)])
    report = validate(lake, quality, interval, csv=True)
    later = interval.name.replace("20261102T0800Z_20261102T1200Z", "20261102T1200Z_20261102T1600Z")
    others = {
        *(key.replace(interval.name, later) for key in report.keys[:-1]),
        *(key.replace("account=nasa", "account=nasa_") for key in report.keys[:-1]),
    }
    for key in others:
        lake.put(key, b"another's")
    validate(lake, quality, interval)
    assert others <= objects(lake).keys()


def test_rows_land_on_their_utc_day_and_every_day_is_cleaned_up(
    lake: Lake, quality: Quality
) -> None:
    days = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC))
    night = "2026-11-03T23:59:59.999Z"
    posts = [post(1), post(2, created_at=night), post(3)]
    store(lake, days, posts)
    report = validate(lake, quality, days)
    prefix = "curated/tweets/dt=2026-11-0"
    assert report.curated_keys == [f"{prefix}{n}/account=nasa/{days.name}.parquet" for n in (2, 3)]
    assert numbers(rows(lake, report.curated_keys)) == [1, 3, 2]
    RawBatch(lake, "tweets", days, ACCOUNT).drop_pages()
    store(lake, days, [post(1, created_at="2026-11-01T00:00:00Z")])
    assert validate(lake, quality, days).curated_keys == [
        f"{prefix}1/account=nasa/{days.name}.parquet"
    ]
    assert len(objects(lake, "curated")) == 1


def test_a_suite_without_an_eye_on_time_leaves_nothing_stale_on_other_days(
    lake: Lake, interval: Interval, tmp_path: Any
) -> None:
    suite = suite_of(
        tmp_path,
        {
            "type": "expect_column_values_to_not_be_null",
            "severity": "critical",
            "notes": "Every post has an id.",
            "meta": {"key": "tweet_id_present"},
            "kwargs": {"column": "tweet_id"},
        },
    )
    loose = replace(TWEETS, suite=suite)
    store(lake, interval, [post(1, created_at="2021-02-03T04:05:06.000Z"), post(2)])
    report = validate(lake, loose.quality(), interval)
    assert [key[:28] for key in report.curated_keys] == [
        "curated/tweets/dt=2021-02-03",
        "curated/tweets/dt=2026-11-02",
    ]
    odd_day = "catalogue/tweets/dt=2021-02-03.json"
    lake.put_json(odd_day, {})
    RawBatch(lake, "tweets", interval, ACCOUNT).drop_pages()
    store(lake, interval, [post(2)])
    page = f"{batch_prefix('raw', 'tweets', interval, ACCOUNT)}page-0000.json.gz"
    good = lake.get(page)
    lake.put(page, b"no gzip")
    with pytest.raises(UnreadablePage):  # a failure in between forgets no key
        validate(lake, loose.quality(), interval)
    assert lake.find(odd_day) is None
    lake.put(page, good)
    report = validate(lake, loose.quality(), interval)
    assert objects(lake, "curated").keys() == set(report.curated_keys)


def test_a_day_that_is_compacted_is_withdrawn_once_rows_of_it_change(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    manifest, other = "catalogue/tweets/dt=2026-11-02.json", "catalogue/tweets/dt=2026-11-01.json"

    def change(*posts: dict[str, Any]) -> bool:
        lake.put_json(manifest, {})
        store(lake, interval, posts)
        validate(lake, quality, interval)
        return lake.find(manifest) is None

    lake.put_json(other, {})
    assert change(post(1))
    assert change(post(1), post(2))
    assert change(post(1, **NEGATIVE))  # the curated object goes
    assert lake.find(other) is not None


def test_a_second_run_that_fails_leaves_no_report_of_the_first(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    store(lake, interval, [post(1)])
    report = validate(lake, quality, interval)
    lake.put(f"{batch_prefix('raw', 'tweets', interval, ACCOUNT)}page-0000.json.gz", b"no gzip")
    with pytest.raises(UnreadablePage):
        validate(lake, quality, interval)
    assert lake.find(account_report_key("tweets", interval, ACCOUNT)) is None
    assert objects(lake, "curated").keys() == set(report.curated_keys)


def test_what_no_suite_forgives(lake: Lake, interval: Interval, tmp_path: Any) -> None:
    suite = suite_of(
        tmp_path,
        {
            "type": "expect_column_to_exist",
            "severity": "info",
            "notes": "There is a text.",
            "meta": {"key": "text_exists"},
            "kwargs": {"column": "text"},
        },
    )
    store(lake, interval, [post(1), post(2, id=None), post(3, lang=5), post(4, author_id="x")])
    bare = post(5)
    del bare["text"]
    RawBatch(lake, "tweets", interval, ACCOUNT).add_page(
        Answer(json.dumps({"data": [bare]}).encode(), AT)
    )
    report = validate(lake, replace(TWEETS, suite=suite).quality(), interval)
    assert numbers(rows(lake, report.curated_keys)) == [1, 4]
    assert [row["reasons"] for row in quarantined(lake, report)] == [
        ["tweet_id_missing"],
        ["decode_problem"],
        ["text_missing"],
    ]


@pytest.mark.usefixtures("small_parts")
class TestLargeAccounts:
    def test_parts_land_like_a_whole(
        self, lake: Lake, quality: Quality, interval: Interval
    ) -> None:
        pages = [[post(n), post(n + 1), post(n + 2)] for n in range(0, 15, 3)]
        pages[1][0] |= NEGATIVE
        pages[4][2] |= NEGATIVE
        store(lake, interval, *pages)
        report = validate(lake, quality, interval)
        assert (report.outcome, report.rows_in, report.curated, report.quarantined) == (
            Outcome.ROWS_QUARANTINED,
            15,
            13,
            2,
        )
        assert numbers(rows(lake, report.curated_keys)) == [
            n for n in range(15) if n not in {3, 14}
        ]
        assert numbers(quarantined(lake, report)) == [3, 14]
        (critical,) = [f for f in report.failed_expectations if f.severity == "critical"]
        assert critical.unexpected_count == 2
        assert [e["id"] for e in critical.examples] == [str(FIRST + 3), str(FIRST + 14)]

    def test_each_part_has_a_result_and_the_batch_one(
        self, lake: Lake, quality: Quality, interval: Interval
    ) -> None:
        store(lake, interval, *[[post(n), post(n + 1), post(n + 2)] for n in range(0, 15, 3)])
        report = validate(lake, quality, interval)
        ends = ["-part-0001.json", "-part-0002.json", "-part-0003.json", ".json"]
        assert [key.partition(interval.name)[2] for key in report.validation_keys] == ends
        assert all(lake.get_json(key)["success"] for key in report.validation_keys)
        store(lake, interval, posts_returned=4)
        assert len(validate(lake, quality, interval).validation_keys) == len(ends)

    def test_parts_that_are_no_longer_there_are_deleted(
        self, lake: Lake, quality: Quality, interval: Interval
    ) -> None:
        store(lake, interval, *[[post(n), post(n + 1), post(n + 2)] for n in range(0, 15, 3)])
        validate(lake, quality, interval)
        RawBatch(lake, "tweets", interval, ACCOUNT).drop_pages()
        store(lake, interval, [post(1)])
        report = validate(lake, quality, interval)
        assert [key for key in objects(lake, "validations") if "report" not in key] == (
            report.validation_keys
        )

    def test_duplicates_are_found_across_parts(
        self, lake: Lake, quality: Quality, interval: Interval
    ) -> None:
        pages = [[post(n), post(n + 1), post(n + 2)] for n in range(0, 12, 3)]
        store(lake, interval, *pages, *pages)
        report = validate(lake, quality, interval)
        assert (report.rows_in, report.curated, report.duplicates) == (24, 12, 12)
        assert numbers(rows(lake, report.curated_keys)) == list(range(12))

    def test_a_later_part_that_cannot_be_checked_keeps_all_rows_from_landing(
        self, lake: Lake, interval: Interval, tmp_path: Any
    ) -> None:
        suite = suite_of(
            tmp_path,
            {
                "type": "expect_column_values_to_be_between",
                "severity": "warning",
                "notes": "Nobody likes less than nothing.",
                "meta": {"key": "likes"},
                "kwargs": {"column": "like_count", "min_value": 0},
            },
        )

        def check_frame(decoded: pa.Table) -> Any:
            frame = TWEETS.check_frame(decoded)
            is_second = str(FIRST + 5) in set(frame["tweet_id"])
            return frame.drop(columns="like_count") if is_second else frame

        bad, good = [post(n, **NEGATIVE) for n in range(4)], [post(n) for n in range(4, 8)]
        store(lake, interval, bad, good)
        dataset = replace(TWEETS, suite=suite, check_frame=check_frame)
        report = validate(lake, dataset.quality(), interval, dataset=dataset)
        assert (report.outcome, report.quarantined) == (Outcome.BATCH_QUARANTINED, 8)
        assert objects(lake, "curated") == {}
        (failed,) = report.failed_expectations
        assert (failed.level, failed.severity, failed.unexpected_count) == ("batch", "critical", 0)
        assert "like_count" in str(failed.observed)
        assert [int(e["id"]) - FIRST for e in failed.examples] == [0, 1, 2, 3]

    def test_the_batch_is_judged_once_over_all_parts(
        self, lake: Lake, quality: Quality, interval: Interval
    ) -> None:
        posts = [post(n) for n in range(30)]
        for one in posts[:20]:
            del one["public_metrics"]
        store(lake, interval, *(posts[n : n + 3] for n in range(0, 30, 3)))
        report = validate(lake, quality, interval)
        assert report.outcome is Outcome.BATCH_QUARANTINED
        assert objects(lake, "curated") == {}
        bad = quarantined(lake, report)
        assert numbers(bad) == list(range(30))
        assert all(row["reasons"] == ["like_count_reported"] for row in bad)


def test_pages_without_rows_are_an_empty_account(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    store(lake, interval, [], [], posts_returned=3)
    report = validate(lake, quality, interval)
    assert (report.outcome, report.rows_in, report.validation_keys) == (Outcome.EMPTY, 0, [])


def test_an_unfinished_fetch_is_refused(lake: Lake, quality: Quality, interval: Interval) -> None:
    RawBatch(lake, "tweets", interval, ACCOUNT).add_page(Answer(b'{"data": []}', AT))
    with pytest.raises(RawIncompleteError, match=rf"nasa, {interval.name}.*'extract'"):
        validate(lake, quality, interval)


@pytest.mark.parametrize(("gone", "said"), [(1, "1 of 2 pages"), (2, "2 of 2 pages")])
def test_a_rerun_without_all_pages_is_refused_and_leaves_all_as_it_was(
    lake: Lake, quality: Quality, interval: Interval, gone: int, said: str
) -> None:
    store(lake, interval, [post(1), post(2, **NEGATIVE)], [post(3)])
    validate(lake, quality, interval)
    for key in RawBatch(lake, "tweets", interval, ACCOUNT).page_keys[:gone]:
        lake.delete(key)
    before = objects(lake)
    with pytest.raises(RawIncompleteError, match=f"{said} in raw/ have expired or were deleted"):
        validate(lake, quality, interval)
    assert objects(lake) == before


@pytest.mark.parametrize(
    "body",
    [
        b"no gzip",
        gzip.compress(b'{"data": []}')[:-12],
        gzip.compress(b'{"data": []}') + gzip.compress(b'{"data": [{}]}'),
        gzip.compress(b"<html>"),
    ],
    ids=["no gzip", "cut", "two pages in one", "no JSON"],
)
def test_an_unreadable_page_is_named_and_nothing_lands(
    lake: Lake, quality: Quality, interval: Interval, body: bytes
) -> None:
    store(lake, interval, [post(1)], [post(2)])
    key = f"{batch_prefix('raw', 'tweets', interval, ACCOUNT)}page-0001.json.gz"
    lake.put(key, body)
    with pytest.raises(UnreadablePage, match=key):
        validate(lake, quality, interval)
    assert objects(lake).keys() == objects(lake, "raw").keys()


def test_a_lost_row_stops_everything_before_anything_lands(
    lake: Lake, quality: Quality, interval: Interval, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = validation.Landing.add

    def losing(landing: Any, rows: pa.Table, reasons: Sequence[str]) -> None:
        whole(landing, rows.slice(1), reasons)

    monkeypatch.setattr(validation.Landing, "add", losing)
    store(lake, interval, [post(1), post(2)])
    with pytest.raises(RowsLostError, match=rf"nasa, {interval.name}: 2 rows came in"):
        validate(lake, quality, interval)
    assert objects(lake).keys() == objects(lake, "raw").keys()


def test_an_account_that_falls_silent_fails_about_its_volume_alone(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    store(lake, interval, [], outcome=Outcome.EMPTY, posts_returned=0)
    report = validate(lake, quality, interval, volume=(10, 100))
    assert report.outcome is Outcome.EMPTY
    assert [failed.key for failed in report.failed_expectations] == ["volume_as_usual"]
    assert all(lake.find(key) for key in report.validation_keys)


def test_a_quiet_account_that_is_usually_quiet_is_not_checked(
    lake: Lake, quality: Quality, interval: Interval
) -> None:
    store(lake, interval, [], outcome=Outcome.EMPTY, posts_returned=0)
    report = validate(lake, quality, interval, volume=(0, 100))
    assert (report.failed_expectations, report.validation_keys) == ([], [])
