"""Bounds are proposed from the lake's history, as a diff that applies and that its past meets."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from include.datasets import dataset_named
from include.suites import proposals, propose_command, try_command
from include.suites.candidate import candidate
from include.suites.history import read_history
from include.suites.proposals import propose, texts_of
from include.suites.suite_text import difference, with_proposals

pytestmark = pytest.mark.usefixtures("untouched")

TWEETS = dataset_named("tweets")
SPAN = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
SUITE = """\
{
  "name": "tweets",
  "expectations": [
    {
      "type": "expect_column_values_to_be_between",
      "severity": "warning",
      "notes": "A post has at most 25 likes: 250 would be new.",
      "meta": {"key": "likes"},
      "kwargs": {"column": "like_count", "min_value": 0, "max_value": 25}
    },
    {
      "type": "expect_column_value_lengths_to_be_between",
      "severity": "critical",
      "notes": "Critical, and left alone.",
      "meta": {"key": "text"},
      "kwargs": {"column": "text", "max_value": 4000}
    },
    {
      "type": "expect_column_value_lengths_to_be_between",
      "severity": "info",
      "notes": "A text has 2 to 4,000 code points\u2028on two lines.",
      "meta": {"key": "text_again"},
      "kwargs": {
        "column": "text",
        "min_value": 2,
        "max_value": 4000
      }
    },
    {
      "type": "expect_column_values_to_not_be_null",
      "severity": "warning",
      "notes": "Most have a language.",
      "meta": {"key": "lang"},
      "kwargs": {"column": "lang", "mostly": 0.5}
    },
    {
      "type": "expect_table_row_count_to_be_between",
      "severity": "warning",
      "notes": "Volumes are as usual.",
      "meta": {"key": "rows_as_usual"},
      "kwargs": {"min_value": {"$PARAMETER": "volume_min"}}
    }
  ]
}"""
DIFFERENCE = """\
--- a/expectations/tweets.json
+++ b/expectations/tweets.json
@@ -4,9 +4,9 @@
     {
       "type": "expect_column_values_to_be_between",
       "severity": "warning",
-      "notes": "A post has at most 25 likes: 250 would be new.",
+      "notes": "A post has at most 100 likes: 250 would be new.",
       "meta": {"key": "likes"},
-      "kwargs": {"column": "like_count", "min_value": 0, "max_value": 25}
+      "kwargs": {"column": "like_count", "min_value": 0, "max_value": 100}
     },
     {
       "type": "expect_column_value_lengths_to_be_between",
@@ -18,12 +18,12 @@
     {
       "type": "expect_column_value_lengths_to_be_between",
       "severity": "info",
-      "notes": "A text has 2 to 4,000 code points\u2028on two lines.",
+      "notes": "A text has 0 to 22 code points\u2028on two lines.",
       "meta": {"key": "text_again"},
       "kwargs": {
         "column": "text",
-        "min_value": 2,
-        "max_value": 4000
+        "min_value": 0,
+        "max_value": 22
       }
     },
     {
@@ -31,7 +31,7 @@
       "severity": "warning",
       "notes": "Most have a language.",
       "meta": {"key": "lang"},
-      "kwargs": {"column": "lang", "mostly": 0.5}
+      "kwargs": {"column": "lang", "mostly": 0.99}
     },
     {
       "type": "expect_table_row_count_to_be_between",
@@ -39,6 +39,15 @@
       "notes": "Volumes are as usual.",
       "meta": {"key": "rows_as_usual"},
       "kwargs": {"min_value": {"$PARAMETER": "volume_min"}}
+    },
+    {
+      "type": "expect_table_row_count_to_be_between",
+      "severity": "warning",
+      "notes": "The number of rows is at most 22: far beyond all that was seen from 2026-11-02 to \
2026-11-03.",
+      "meta": {"key": "rows_as_usual_2"},
+      "kwargs": {
+        "max_value": 22
+      }
     }
   ]
 }
\\ No newline at end of file
"""


@pytest.fixture
def history(past):
    """The lake's, twelve times over: of 23 posts in six batches nothing is concluded."""
    once = read_history(past, TWEETS, *SPAN, {"text"})
    kept = once.rows[["like_count", "length of text"]]

    def often(frame):
        return pd.concat([frame] * 12, ignore_index=True)

    return replace(once, rows=often(kept), shares=often(once.shares), volumes=often(once.volumes))


@pytest.fixture
def suite(tmp_path):
    file = tmp_path / "expectations" / "tweets.json"
    file.parent.mkdir()
    file.write_text(SUITE, encoding="utf-8")
    return candidate(TWEETS, file)


def test_a_known_history_gives_the_known_difference(suite, history):
    found = propose(suite, history)
    assert difference("expectations/tweets.json", SUITE, with_proposals(SUITE, found.found)) == (
        DIFFERENCE
    )
    assert found.found[0].saw == (
        "like_count was 0 to 30, median 10, 99 % up to 30; 276 values in 72 batches on 1 day"
    )
    assert found.too_few == {}


def test_the_difference_applies_and_gives_what_was_meant(suite, history):
    proposed = with_proposals(SUITE, propose(suite, history).found)
    commands = [["git", "apply"], ["patch", "-p1", "-s"]]
    for command in [each for each in commands if shutil.which(each[0])]:
        suite.file.write_text(SUITE, encoding="utf-8")
        subprocess.run(
            command,
            cwd=suite.file.parents[1],
            input=f"# why\n{difference('expectations/tweets.json', SUITE, proposed)}",
            text=True,
            check=True,
        )
        assert suite.file.read_text(encoding="utf-8") == proposed


def test_what_was_applied_is_not_proposed_again(suite, history):
    suite.file.write_text(with_proposals(SUITE, propose(suite, history).found), encoding="utf-8")
    assert propose(candidate(TWEETS, suite.file), history).found == []


def test_of_too_few_values_nothing_is_concluded(suite, past):
    found = propose(suite, read_history(past, TWEETS, *SPAN, texts_of(suite)))
    assert found.found == []
    assert found.too_few["like_count"] == 23
    assert found.too_few["number of rows"] == 6


def test_a_number_without_any_bound_gets_both(suite, history):
    degrees = pd.Series([-2.5, 13.25] * 138, name="longitude")
    (found,) = [
        each
        for each in propose(suite, replace(history, rows=degrees.to_frame())).found
        if each.key.startswith("longitude")
    ]
    assert found.entry is not None
    assert (found.key, found.entry["severity"]) == ("longitude_as_usual", "warning")
    assert found.entry["kwargs"] == {"column": "longitude", "min_value": -50, "max_value": 50}


def test_what_judges_some_rows_only_is_left_alone(suite, history, tmp_path):
    mostly = SUITE.replace('"max_value": 25}', '"max_value": 25, "mostly": 0.9}')
    suite.file.write_text(mostly, encoding="utf-8")
    found = propose(candidate(TWEETS, suite.file), history).found
    assert "likes" not in {each.key for each in found}


@pytest.fixture
def proposed(configured, monkeypatch, capsys):
    """What the command says of the real suite, were 20 values of six batches enough."""
    monkeypatch.setattr(proposals, "LEAST_VALUES", 20)
    monkeypatch.setattr(proposals, "LEAST_BATCHES", 6)
    assert propose_command.main(["--until", "2026-11-03", "--days", "1"]) == 0
    return capsys.readouterr().out


def test_what_is_proposed_does_not_fail_the_history_that_it_was_made_from(
    proposed, tmp_path, capsys
):
    file = tmp_path / "expectations" / "tweets.json"
    file.parent.mkdir()
    file.write_bytes(TWEETS.suite.read_bytes())
    subprocess.run(["git", "apply"], cwd=tmp_path, input=proposed, text=True, check=True)

    rules = {rule.key: rule for rule in candidate(TWEETS, file).rules}
    now = {rule.key: rule for rule in candidate(TWEETS, TWEETS.suite).rules}
    added = rules.keys() - now.keys()
    assert {"like_count_as_usual", "rows_as_usual"} <= added
    assert {rules[key].severity for key in added} == {"warning"}
    assert {k: r.severity for k, r in rules.items() if k in now} == {
        k: r.severity for k, r in now.items()
    }
    assert {k for k in now if now[k].entry != rules[k].entry} == {
        "text_length_plausible",
        "hashtag_count_plausible",
        "mention_count_plausible",
        "url_count_plausible",
    }
    assert try_command.main(["--suite", str(file), "--until", "2026-11-03"]) == 0
    assert "Nothing would newly fail, nothing would newly pass." in capsys.readouterr().out


def test_each_change_says_why(proposed):
    assert re.search(
        r"^# like_count_as_usual: new, a warning, max_value 100: like_count was 0 to 30, median "
        r"10, 99 % up to 30; 23 values in 6 batches on 1 day\.$",
        proposed,
        re.MULTILINE,
    )
    assert "# text_length_plausible: max_value 4,000 → 22: length of text was 1 to 4," in proposed


def test_little_history_is_said_and_no_history_is_an_error(configured, capsys):
    assert propose_command.main(["--until", "2026-11-03", "--days", "1"]) == 0
    out = capsys.readouterr().out
    assert "# Nothing is proposed.\n" in out
    assert "it takes 200 values in 12 batches, or 12 accounts and runs.\n" in out
    assert "---" not in out

    assert propose_command.main(["--until", "2026-01-03", "--days", "1"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "tweets has no curated rows from 2026-01-02 to 2026-01-03; ask for more DAYS"
    )
    assert propose_command.main(["--dataset", "posts"]) == 2
    assert "there is no dataset 'posts'" in capsys.readouterr().err


def test_the_suites_use_the_parameters_that_there_are():
    from include.datasets import dataset_names
    from include.suite import PARAMETERS

    used = set()
    for name in dataset_names():
        dataset = dataset_named(name)
        for rule in candidate(dataset, Path(dataset.suite)).rules:
            used |= rule.parameters
    assert used == set(PARAMETERS)
