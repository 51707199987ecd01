"""A changed suite is tried: exactly what would newly fail or pass is told, nothing is written."""

from __future__ import annotations

import pickle
import re

import pytest

from include.connections import load_settings
from include.datasets import dataset_named
from include.errors import TweetLakeError
from include.lake import ALL_ACCOUNTS, Lake, batch_prefix
from include.overlay import Overlay
from include.raw import RawBatch
from include.run import UNLIKELY_VOLUME
from include.suites import trial, try_command
from tests.include.suites.conftest import INTERVALS, post_id

pytestmark = pytest.mark.usefixtures("untouched", "configured")

UNTIL = ["--days", "1", "--until", "2026-11-03"]
BETWEEN = "expect_column_values_to_be_between"


def expectation(key, kind=BETWEEN, severity="critical", **kwargs):
    return {
        "type": kind,
        "severity": severity,
        "notes": f"About {key}.",
        "meta": {"key": key},
        "kwargs": kwargs,
    }


@pytest.fixture
def tried(capsys):
    """Exit code, what was printed in paragraphs, and the error."""

    def tried(file=None):
        code = try_command.main([*([] if file is None else ["--suite", str(file)]), *UNTIL])
        out, err = capsys.readouterr()
        logged = re.compile(r"^\S+Z \[.*\n", re.MULTILINE)  # Airflow's, of its connection
        return code, logged.sub("", out).strip().split("\n\n"), err

    return tried


def test_nothing_changes_where_nothing_was_changed(tried):
    code, (head, nothing, moved), progress = tried()
    assert code == 0
    assert head.splitlines() == [
        "expectations/tweets.json on tweets, 2026-11-02 00:00 to 2026-11-03 00:00 UTC: 6 batches",
        "1 batch without a report, not validated yet: left out",
    ]
    assert nothing == "Nothing would newly fail, nothing would newly pass."
    assert moved.splitlines() == [
        "curated → quarantine  0 rows of 0 batches",
        "quarantine → curated  0 rows of 0 batches",
    ]
    assert "7 of 7 batches tried" in progress


def test_a_batch_whose_quarantine_has_expired_is_left_out(tried, past, monkeypatch):
    later = Overlay(past)
    for key in past.keys(batch_prefix("quarantine", "tweets", INTERVALS[1], "esa")):
        later.delete(key)
    monkeypatch.setattr(try_command, "open_lake", lambda _: later)
    code, (head, *_), _ = tried()
    assert code == 0
    assert "1 batch of which S3 has deleted quarantined rows" in head
    assert "UTC: 5 batches" in head


def test_a_batch_that_lacks_a_raw_page_is_left_out(tried, past, monkeypatch):
    entries, batch = Lake.entries, RawBatch(past, "tweets", INTERVALS[1], "esa")
    monkeypatch.setattr(
        Lake,
        "entries",
        lambda lake, prefix: (e for e in entries(lake, prefix) if e.key != batch.page_keys[0]),
    )
    code, (head, *_), _ = tried()
    assert code == 0
    assert "1 batch of which some raw pages have expired or were deleted: left out" in head
    assert "UTC: 5 batches" in head


def test_a_stricter_suite_shows_exactly_the_rows_that_newly_fail(tried, suite_with):
    few_likes = {"kwargs": {"column": "like_count", "min_value": 0, "max_value": 29}}
    code, (_, table, where, moved), _ = tried(suite_with(like_count_not_negative=few_likes))
    assert code == 1
    assert [line.split() for line in table.splitlines()[2:]] == [
        ["like_count_not_negative", "1", "7", "6", "0", "1", "6", "5", "0"]
    ]
    assert where.splitlines() == [
        "like_count_not_negative would newly fail (critical):",
        *(
            f"  2026-11-02 {hours} UTC  {account}  1 row: {post_id(3)}"
            for hours in ("00:00–04:00", "04:00–08:00", "08:00–12:00")
            for account in ("esa", "nasa")
        ),
    ]
    assert moved.splitlines() == [
        "curated → quarantine  6 rows of 6 batches",
        "quarantine → curated  0 rows of 0 batches",
    ]


def test_a_looser_suite_shows_what_newly_passes(tried, suite_with):
    code, (_, table, where, moved), _ = tried(suite_with(like_count_not_negative=None))
    assert code == 0
    assert [line.split() for line in table.splitlines()[2:]] == [
        ["like_count_not_negative", "1", "0", "0", "1", "1", "0", "0", "1"]
    ]
    assert where.splitlines() == [
        "like_count_not_negative would newly pass (critical):",
        f"  2026-11-02 04:00–08:00 UTC  esa  1 row: {post_id(2)}",
    ]
    assert moved.splitlines()[1] == "quarantine → curated  1 row of 1 batch"


def test_other_rows_fail_though_they_are_as_many(tried, suite_with):
    swapped = {"kwargs": {"column": "like_count", "max_value": 29}}
    code, (_, table, *where, moved), _ = tried(suite_with(like_count_not_negative=swapped))
    assert code == 1
    figures = table.splitlines()[2].split()
    assert figures == ["like_count_not_negative", "1", "6", "6", "1", "1", "6", "5", "0"]
    assert [part.splitlines()[0].split(" would ")[1] for part in where] == [
        "newly fail (critical):",
        "newly pass (critical):",
    ]
    assert where[1].splitlines()[1].endswith(f"esa  1 row: {post_id(2)}")
    assert "curated → quarantine  6 rows" in moved
    assert "quarantine → curated  1 row " in moved


def test_a_batch_that_fails_as_a_whole_moves_all_its_rows(tried, suite_with):
    of_esa = expectation("likes_sum", "expect_column_sum_to_be_between", column="like_count",
                         min_value=50)  # fmt: skip
    code, (_, table, where, moved), _ = tried(suite_with(of_esa))
    assert code == 1
    assert table.splitlines()[2].split() == ["likes_sum", *"00000110"]
    assert where.splitlines() == [
        "likes_sum would newly fail (critical):",
        "  2026-11-02 04:00–08:00 UTC  esa  the batch: 33",
    ]
    assert moved.splitlines()[0] == "curated → quarantine  3 rows of 1 batch"


def test_a_raised_severity_alone_moves_rows(tried, suite_with):
    code, (_, nothing, moved), _ = tried(suite_with(lang_is_code={"severity": "critical"}))
    assert code == 1
    assert nothing == "Nothing would newly fail, nothing would newly pass."
    assert moved.splitlines()[0] == "curated → quarantine  1 row of 1 batch"


def test_what_x_wrote_reaches_no_terminal_as_it_is():
    assert trial._shown(["\x1b[31m", None]) == ("\\x1b[31m", "null")


def test_two_processes_tell_the_same(tried, suite_with, monkeypatch):
    monkeypatch.setattr(try_command, "FEW_BATCHES", 1)
    monkeypatch.setattr(try_command, "_AT_ONCE", 4)
    code, (*_, moved), progress = tried(suite_with(like_count_not_negative=None))
    assert code == 0
    assert moved.splitlines()[1] == "quarantine → curated  1 row of 1 batch"
    assert "4 of 7 batches tried" in progress


def test_what_stops_a_process_is_told_by_the_first(past, monkeypatch):
    nowhere = Lake(past.client, "no-such-bucket")
    of_nowhere = try_command._Trial("tweets", dataset_named("tweets").suite)
    monkeypatch.setattr(of_nowhere, "_lake", nowhere)
    monkeypatch.setattr(try_command, "_trials", [of_nowhere])
    batch = trial.Batch("nasa", INTERVALS[0], (0, 10))
    with pytest.raises(TweetLakeError) as stopped:
        try_command._of_this_process([batch])
    again = pickle.loads(pickle.dumps(stopped.value))  # noqa: S301 - made in this line
    assert "no-such-bucket" in str(again)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            expectation("new", "expect_likes", column="text"),
            "expectation 48 .new.: GX has no expectation",
        ),
        (expectation("new", column="likes", min_value=0), "new: there is no column 'likes'; did"),
        (
            expectation("new", column="text", min_value={"$PARAMETER": "rate"}),
            "new: it uses the parameter 'rate', which the pipeline does not supply",
        ),
        (
            expectation("new", "expect_column_values_to_match_regex", column="text", regex="("),
            "expectation 48 .new.: regex: '.' is no regular expression",
        ),
        (
            expectation("text_present", column="text", min_value=0),
            "expectation 48 .text_present.: meta.key 'text_present' is taken; choose another",
        ),
        (
            expectation(
                "new",
                "expect_column_values_to_not_be_null",
                column="text",
                row_condition={
                    "type": "comparison",
                    "column": {"name": "is_repost"},
                    "operator": "==",
                    "parameter": True,
                },
            ),
            "new: there is no column 'is_repost'; did you mean",
        ),
    ],
)
def test_a_suite_that_cannot_be_used_is_refused_in_a_sentence(tried, suite_with, entry, told):
    code, _, error = tried(suite_with(entry))
    assert code == 2
    assert error.count("\n") == 1
    assert re.match(f"expectations/tweets.json: {told}", error)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (None, "No such file or directory"),
        ("{", "it is not JSON: Expecting property name"),
        ('{"name": "a", "name": "b"}', "it is not JSON: an object has 'name' twice"),
        ('{"name": "tweets"}', "write {"),
    ],
)
def test_a_file_that_is_no_suite_is_refused(tried, tmp_path, body, told):
    file = tmp_path / "tweets.json"
    if body is not None:
        file.write_text(body, encoding="utf-8")
    code, _, error = tried(file)
    assert code == 2
    assert error.startswith(f"{tmp_path.name}/tweets.json: {told}")


def test_an_unknown_dataset_and_an_empty_span_are_named(tried, suite_with, capsys):
    assert try_command.main(["--dataset", "posts", *UNTIL]) == 2
    assert capsys.readouterr().err == (
        "there is no dataset 'posts'; there are: tweet_metrics, tweets, users\n"
    )
    assert try_command.main(["--until", "2026-01-02", "--days", "1"]) == 2
    assert "no complete batch in raw/" in capsys.readouterr().err


@pytest.mark.parametrize("days", ["0", "many", "-1", "1.5", "367"])
def test_a_number_of_days_that_is_none_is_refused(days, capsys):
    with pytest.raises(SystemExit) as ended:
        try_command.main(["--days", days])
    assert ended.value.code == 2
    assert f"{days!r} is no number of days" in capsys.readouterr().err


def test_a_dataset_that_is_asked_for_as_a_whole_has_one_batch_an_interval(lake):
    interval = INTERVALS[0]
    for key in ("fetch.json", "page-0000.json.gz"):
        lake.put(f"{batch_prefix('raw', 'users', interval, ALL_ACCOUNTS)}{key}", b"{}")
    lake.put(f"{batch_prefix('raw', 'users', INTERVALS[1], ALL_ACCOUNTS)}error.json", b"{}")
    settings = load_settings()
    found = trial.complete_batches(lake, "users", interval.start, INTERVALS[2].end, settings)
    assert list(found) == [trial.Batch(ALL_ACCOUNTS, interval, (0, UNLIKELY_VOLUME))]
    late = trial.complete_batches(lake, "users", INTERVALS[1].start, INTERVALS[2].end, settings)
    assert list(late) == []
