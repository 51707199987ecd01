from __future__ import annotations

import pytest

from include.data_docs.words import interval_in_words, to_review
from include.interval import Interval
from include.outcomes import Outcome
from include.report import AccountReport, FailedExpectation, RunReport
from include.spending.purse import Bill


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("20261120T0000Z_20261120T0400Z", "2026-11-20 00:00–04:00 UTC"),
        ("20261120T2000Z_20261121T0000Z", "2026-11-20 20:00–24:00 UTC"),
        ("20261120T0000Z_20261121T0000Z", "2026-11-20 00:00–24:00 UTC"),
        ("20261120T2200Z_20261121T0200Z", "2026-11-20 22:00 – 2026-11-21 02:00 UTC"),
        ("20261120T0000Z_20261122T0000Z", "2026-11-20 00:00 – 2026-11-22 00:00 UTC"),
    ],
)
def test_an_interval_reads_as_a_date_and_two_times(name: str, words: str) -> None:
    assert interval_in_words(Interval.parse(name)) == words


def account(name: str, outcome: Outcome, *severities: str) -> AccountReport:
    failed = [
        FailedExpectation.model_validate(
            {
                "key": "k",
                "severity": severity,
                "level": "row",
                "note": "Note.",
                "column": "text",
                "unexpected_count": 1,
                "observed": None,
                "examples": [],
            }
        )
        for severity in severities
    ]
    return AccountReport(account=name, outcome=outcome, detail="", failed_expectations=failed)


def reviewed(*accounts: AccountReport) -> list[str]:
    report = RunReport(
        dataset="tweets",
        interval="20261120T0000Z_20261120T0400Z",
        accounts=list(accounts),
        bill=Bill(),
    )
    return [a.account for a in to_review(report)]


def test_the_most_urgent_comes_first() -> None:
    assert reviewed(
        account("a_warned", Outcome.LANDED, "warning"),
        account("b_gone", Outcome.SUSPENDED),
        account("c_rows", Outcome.ROWS_QUARANTINED, "critical"),
        account("d_batch", Outcome.BATCH_QUARANTINED, "critical"),
        account("e_failed", Outcome.FAILED),
    ) == ["e_failed", "d_batch", "c_rows", "b_gone", "a_warned"]


def test_nobody_is_called_for_an_expectation_of_severity_info() -> None:
    landed = account("landed", Outcome.LANDED)

    assert reviewed(landed, account("informed", Outcome.LANDED, "info")) == []


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_its_place(outcome: Outcome) -> None:
    assert reviewed(account("it", outcome, "critical")) == ["it"]
