"""The benchmarks run and count right; how fast anything is, no test says."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks import __main__ as command
from benchmarks import (
    compaction,
    cost,
    decode_tweets,
    docs,
    feed,
    measure,
    month,
    results,
    spend_month,
    start_page,
    tweets,
)
from benchmarks.validate_tweets import validate
from include.datasets import dataset_named


@pytest.fixture
def figures_file(tmp_path, monkeypatch):
    path = tmp_path / "bench.json"
    monkeypatch.setattr(results, "FILE", path)
    return path


def test_a_validation_has_to_find_what_went_in(tmp_path):
    small = tweets.written(tmp_path, 400)
    quality = dataset_named("tweets").quality()
    report = validate(small, quality)
    assert (report.rows_in, report.quarantined, report.duplicates) == (400, 8, 2)
    assert report.curated == 390
    wrong = tweets.Tweets(small.lake, small.rows, bad=9, duplicates=2)
    with pytest.raises(RuntimeError, match="400, 8, 2"):
        validate(wrong, quality)


def test_pages_that_repeat_have_ids_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(feed, "DISTINCT_POSTS", 200)
    repeated = tweets.written(tmp_path, 600)
    report = validate(repeated, dataset_named("tweets").quality())
    assert (report.rows_in, report.quarantined, report.duplicates) == (600, 12, 3)


def test_the_input_is_the_same_every_time(tmp_path):
    first, second = (tweets.written(tmp_path / name, 300) for name in "ab")
    assert first.page_keys == second.page_keys
    bodies = [[made.lake.get(key) for key in made.page_keys] for made in (first, second)]
    assert bodies[0] == bodies[1]


def test_decoding_and_validating_take_turns(tmp_path):
    seconds = decode_tweets.main(tmp_path, 300, 2)
    assert {name: len(found) for name, found in seconds.items()} == {"validate": 2, "decode": 2}


def test_publishing_is_timed_in_a_small_lake_and_a_larger_one():
    measured = docs.measure(1, accounts=2, old_results=(2, 6))
    assert set(measured["raw"]["seconds"]) == {"2 old results", "6 old results"}
    assert measured["docs_growth"] > 0


def test_the_start_page_is_timed_in_a_small_lake_and_a_larger_one(monkeypatch):
    monkeypatch.setattr(start_page, "OPENED", 2)
    measured = start_page.measure(1, accounts=2, old_results=(2, 6))
    growth = measured["raw"]["growth"]
    assert len(measured["raw"]["seconds"]) == 4
    assert measured["start_page_growth"] == max(growth["open"], growth["publish"]) > 0


def test_a_run_that_was_killed_and_went_on_costs_what_an_undisturbed_one_does(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(cost, "_DIRECTORY", tmp_path)
    measured = cost.measure(1, accounts=5)
    assert measured["raw"]["new_tweets"] > 500
    assert measured["raw"]["least_requests"] == 3 + 2 + 1 + 2
    assert (measured["charged_per_new_tweet"], measured["charged_after_kill"]) == (1, 1)
    # X's count of usage, and the lookup of the accounts.
    assert (measured["extra_requests"], measured["extra_requests_after_kill"]) == (2, 2)


def test_a_day_of_a_month_costs_what_the_schedule_says(tmp_path):
    charged = spend_month.spend(tmp_path, accounts=1, posts_a_day=10, days=1)
    assert charged == {
        "users": {"posts": 0, "users": 1},
        "tweets": {"posts": 10, "users": 0},
        # Three ages of ten posts each; and yesterday's that were not fetched today.
        "tweet_metrics": {"posts": 3 * 10 + 8, "users": 0},
    }


def test_the_naive_schedule_costs_what_is_said_of_it():
    assert month.naive_usd() == pytest.approx(349.80)


def test_a_child_that_fails_says_why():
    with pytest.raises(RuntimeError, match="no such input"):
        measure.run_child(sys.executable, "-c", "raise SystemExit('no such input')")


def test_a_child_is_measured_alone():
    held = bytearray(b"1" * 200_000_000)
    child = measure.run_child(sys.executable, "-c", "print('found')")
    assert child.output == "found\n"
    assert child.peak_mb < 100
    del held


def test_subjects_take_turns():
    order = []
    subjects = {name: lambda name=name: order.append(name) for name in "ab"}
    measure.in_turns(2, subjects)
    assert order == ["a", "b", "a", "b"]


def test_figures_are_kept_until_they_are_measured_again(figures_file):
    results.store("docs", {"docs_growth": 1.1, "raw": {"seconds": {"30": [1.0]}}})
    results.store("memory", {"peak_rss_mb_1m": 900.0, "peak_rss_mb_100k": 850.0, "raw": {}})
    results.store("docs", {"docs_growth": 1.2, "raw": {"seconds": {"30": [2.0]}}})
    figures = json.loads(figures_file.read_text())
    assert figures["docs_growth"] == 1.2
    assert figures["peak_rss_mb_1m"] == 900.0
    assert figures["raw"]["docs"]["seconds"] == {"30": [2.0]}
    assert figures["machine"]["cores"] > 0


def test_the_table_shows_what_is_missed_and_what_was_not_measured(figures_file):
    results.store("memory", {"peak_rss_mb_1m": 900.0, "peak_rss_mb_100k": 850.0, "raw": {}})
    shown = results.tables(results.load())
    assert "| peak memory for 1,000,000 tweets | 900 MB | ≤ 800 MB | **missed** |" in shown
    assert "| the same ÷ that for 100,000 | 1.06 | ≤ 1.15 | yes |" in shown
    assert "| faster than `twarc2 csv` | not measured | ≥ 5x |  |" in shown


def test_the_readme_takes_the_last_table(figures_file, tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{results.BEGIN}\nold\n{results.END}\nafter\n")
    monkeypatch.setattr(results, "README", readme)
    figures = results.store("docs", {"docs_growth": 1.1, "raw": {"seconds": {"30": [1.0]}}})
    results.write_readme(figures)
    text = readme.read_text()
    assert "old\n" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| docs: 30 | seconds | 1 | 1.00 | 1.00 | 1.00 |" in text


def test_an_unknown_name_is_refused_before_anything_runs(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "docs", "speed"])
    with pytest.raises(SystemExit):
        command.main()
    assert "there is no benchmark 'speed'" in capsys.readouterr().err


def test_a_month_is_read_before_it_is_compacted_and_after():
    measured = compaction.measure(2, accounts=2, days=2)
    assert [len(found) for found in measured["raw"]["seconds"].values()] == [1, 1, 2]
    assert measured["raw"]["objects"] == 24
    assert measured["compaction_speedup"] > 0
