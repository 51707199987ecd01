"""Runs to publish: real results of Great Expectations, and reports that name them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from include.data_docs import page_key
from include.interval import Interval
from include.lake import Lake, account_prefix, batch_prefix
from include.outcomes import Outcome
from include.quality import Quality
from include.report import AccountReport, FailedExpectation, RunReport
from include.spending.purse import Bill

NASTY_TEXTS = (
    "</td></table><script>alert('x')</script>",
    "<img src=x onerror=alert(1)> \"quoted\" 'single' &amp; $like ${like}",
    "\u202egnp.exe مرحبا بالعالم\u2066",
    "one line\nanother\u2028third",
    "a lone surrogate: \ud83d!",
    "https://elsewhere.example/" + "w" * 90,
)


@pytest.fixture(scope="session")
def gx_result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a suite says of a batch of nasty texts: passed, failed, and one it can't check."""

    def expectation(kind: str, key: str, notes: str, severity: str, **kwargs: Any) -> Any:
        meta = {"key": key}
        return {"type": kind, "notes": notes, "severity": severity, "meta": meta, "kwargs": kwargs}

    suite = tmp_path_factory.mktemp("expectations") / "tweets.json"
    expectations = [
        expectation(
            "expect_table_row_count_to_be_between",
            "volume",
            "As many as usual.",
            "warning",
            min_value=100,
        ),
        expectation(
            "expect_column_values_to_not_be_null",
            "id_present",
            "Every post has its id.",
            "critical",
            column="tweet_id",
        ),
        expectation(
            "expect_column_values_to_match_regex",
            "text_expected",
            "The text is <as expected>.",
            "critical",
            column="text",
            regex="^<expected> $like$",
        ),
        expectation(
            "expect_column_values_to_be_of_type",
            "absent_is_text",
            "What is absent is text.",
            "critical",
            column="absent",
            type_="str",
        ),
    ]
    suite.write_text(json.dumps({"name": "tweets", "expectations": expectations}))
    frame = pd.DataFrame(
        {
            "row": range(len(NASTY_TEXTS)),
            "tweet_id": [str(1890000000000000000 + row) for row in range(len(NASTY_TEXTS))],
            "text": [text.replace("\ud83d", "�") for text in NASTY_TEXTS],
        }
    )
    verdict = Quality(suite, "tweet_id").check(
        frame,
        asset="tweets/nasa",
        run_name="20261120T0000Z_20261120T0400Z",
        run_time=datetime(2026, 11, 20, 4, tzinfo=UTC),
        parameters={},
    )
    return verdict.result


@pytest.fixture
def run_of(lake: Lake, gx_result: dict[str, Any]) -> Callable[..., RunReport]:
    """Make a run whose results lie in the lake: ``run_of(interval_name, "nasa", "esa")``.

    ``trouble`` adds an account of every outcome that needs attention.
    """

    def make(interval_name: str, *accounts: str, trouble: bool = False) -> RunReport:
        interval = Interval.parse(interval_name)
        landed = [(name, Outcome.LANDED, ()) for name in accounts]
        bad = (
            [
                ("nasty", Outcome.ROWS_QUARANTINED, (row_failure(), batch_failure("info"))),
                ("flooded", Outcome.BATCH_QUARANTINED, (batch_failure("critical"),)),
            ]
            if trouble
            else []
        )
        reports = []
        for name, outcome, failed in [*landed, *bad]:
            key = f"{account_prefix('validations', 'tweets', interval.day, name)}{interval}.json"
            lake.put_json(key, copy.deepcopy(gx_result))
            quarantined = {Outcome.LANDED: 0, Outcome.ROWS_QUARANTINED: 6}.get(outcome, 1200)
            prefix = batch_prefix("quarantine", "tweets", interval, name) if quarantined else None
            reports.append(
                AccountReport(
                    account=name,
                    outcome=outcome,
                    detail=f"What became of {name} <b>&</b> why." if failed else "",
                    rows_in=1204,
                    curated=1200 - quarantined,
                    quarantined=quarantined,
                    duplicates=4,
                    failed_expectations=list(failed),
                    quarantine_prefix=prefix,
                    validation_keys=[key],
                    data_docs_keys=[page_key(key)],
                )
            )
        unreadable = (
            Outcome.SUSPENDED,
            Outcome.PROTECTED,
            Outcome.DELETED,
            Outcome.NOT_FOUND,
            Outcome.FAILED,
            Outcome.EMPTY,
        )
        if trouble:
            reports += [
                AccountReport(account=f"a_{o.name.lower()}", outcome=o, detail=f"It is {o}.")
                for o in unreadable
            ]
        return RunReport(
            dataset="tweets",
            interval=interval_name,
            accounts=sorted(reports, key=lambda account: account.account),
            bill=Bill(usd=6.02),
        )

    return make


def row_failure() -> FailedExpectation:
    """A critical expectation about rows, with every nasty text as an example."""
    return FailedExpectation(
        key="text_expected",
        severity="critical",
        level="row",
        note="The text is <as expected>.",
        column="text",
        unexpected_count=6,
        observed=None,
        examples=[
            {"id": str(1890000000000000000 + row), "value": text}
            for row, text in enumerate(NASTY_TEXTS)
        ],
    )


def batch_failure(severity: str) -> FailedExpectation:
    """An expectation about a whole batch."""
    return FailedExpectation.model_validate(
        {
            "key": "volume",
            "severity": severity,
            "level": "batch",
            "note": "As many as usual.",
            "column": None,
            "unexpected_count": 0,
            "observed": "1204",
            "examples": [],
        }
    )
