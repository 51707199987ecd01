"""The figures of the reports are those of what was loaded, whatever that is."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine

from include.data_docs.app import create_app, from_lake
from include.data_docs.history import RunSummary, record
from include.data_docs.keys import home_key
from include.data_docs.rates import record_rates
from include.data_docs.site import publish_home
from include.errors import WarehouseUnavailable
from include.outcomes import Outcome
from include.report import AccountReport, RunReport
from include.reports.publish import publish_reports
from include.spending.purse import Bill
from tests.include.reports.conftest import MORNING, NASTY, later, published


def test_posts_are_counted_by_day_kind_and_what_they_are_about(reports):
    tweets = reports["tweets"]

    assert tweets.tables["posts"] == [
        ["Day", "original", "reply", "repost", "several at once", "All"],
        ["2026-11-03", "1", "0", "0", "0", "1"],
        ["2026-11-02", "1", "1", "1", "1", "4"],
    ]
    # The latest counts: 13 + 23 + 33; the repost has none of its own.
    assert tweets.rows("engagement") == [
        ("2026-11-03", "4", "1", "4"),
        ("2026-11-02", "69", "3", "23"),
    ]
    assert tweets.rows("hashtags")[0] == ("#rain", "2")
    assert tweets.rows("domains") == [("nasa.gov", "1")]
    assert tweets.rows("languages") == [("en", "4"), ("es", "1")]


def test_followers_are_counted_also_on_days_without_an_observation(reports):
    users = reports["users"]

    assert users.rows("followers") == [("2026-11-03", "1,257", "3"), ("2026-11-02", "1,200", "2")]
    assert users.rows("growth") == [("harbour", "200", "250", "+25 %")]
    assert users.rows("largest") == [
        ("harbour", "2026-11-02", "200", "0 %"),
        ("harbour", "2026-11-03", "250", "+25 %"),
    ]


def test_observations_are_grouped_by_the_age_of_their_post(reports):
    metrics = reports["tweet_metrics"]

    # Posted at 9:30, observed at 13:00; the repost is left out.
    assert metrics.rows("age") == [("2–4", "18", "23", "28", "3")]
    assert metrics.rows("observations") == [("2026-11-03", "1"), ("2026-11-02", "4")]
    assert metrics.tables["gone"] == [
        ["Day", "deleted", "Share"],
        ["2026-11-03", "1", "100 %"],
        ["2026-11-02", "0", "0 %"],
    ]


def test_the_quarantine_rate_is_the_one_of_data_docs(full, lake):
    run = RunReport(
        dataset="tweets",
        interval="20261102T0800Z_20261102T1200Z",
        accounts=[
            AccountReport(
                account="harbour",
                outcome=Outcome.ROWS_QUARANTINED,
                detail="",
                rows_in=400,
                curated=395,
                quarantined=5,
            )
        ],
        bill=Bill(),
    )
    record(lake, "tweets", "2026-11", RunSummary.of(run))
    record_rates(lake, "2026-11", run)

    reports = published(lake, full.engine)

    assert reports["tweets"].rows("quarantine") == [("2026-11-02", "1.25 %", "5", "400")]
    assert "quarantine" not in reports["users"].tables


def test_hashtags_stay_text_and_nothing_leads_outside(reports):
    tags = [name for name, _ in reports["tweets"].rows("hashtags")]
    assert set(tags) == {"#rain", *(f"#{tag.lower()}" for tag in NASTY)}
    for report in reports.values():
        assert not {"script", "img", "image", "use", "iframe", "foreignObject", "style"} & set(
            report.tags
        )
        leading = {"href", "xlink:href", "src", "srcset", "data", "action"}
        links = {value for _, name, value in report.attributes if name in leading}
        assert {link for link in links if "//" in link or link.startswith("/")} == set()
        assert [name for _, name, _ in report.attributes if name.startswith("on")] == []
        assert [value for _, name, value in report.attributes if name == "style"] == []


def test_each_picture_has_words_and_a_table(reports):
    for report in reports.values():
        said = [
            value for tag, name, value in report.attributes if (tag, name) == ("svg", "aria-label")
        ]
        assert len(said) == report.tags.count("svg") == report.tags.count("details") > 2
        assert all(any(letter.isdigit() for letter in words) for words in said)


def test_an_empty_warehouse_says_so(house):
    for dataset, report in published(house.lake, house.engine).items():
        assert f"Nothing of {dataset} is in the warehouse." in report.text
        assert "svg" not in report.tags


def test_of_many_accounts_those_that_grew_most_and_least_are_listed(house):
    for day, number in enumerate((0, 7)):
        rows = (
            {
                "n": n,
                "username": f"a{n}",
                "followers_count": 10**6 + day * n * 100,
                **later(days=day),
            }
            for n in range(1, 1001)
        )
        house.land("users", number, *rows)
    house.load("users")

    users = published(house.lake, house.engine)["users"]

    assert [name for name, *_ in users.rows("most")] == [f"a{n}" for n in range(1000, 985, -1)]
    assert [name for name, *_ in users.rows("least")] == [f"a{n}" for n in range(1, 16)]
    assert users.rows("most")[0] == ("a1000", "1,000,000", "1,100,000", "+10 %")
    assert len(users.rows("largest")) == 10


def test_two_accounts_with_one_handle_are_told_apart_by_their_ids(house):
    """Who gave a handle away keeps it in the warehouse until X is asked for it again."""
    for day, number in enumerate((0, 7)):
        rows = [
            {"n": n, "username": "handed", "followers_count": 10 * n + day, **later(days=day)}
            for n in (8, 9)
        ]
        house.land("users", number, *rows)
    house.load("users")

    users = published(house.lake, house.engine)["users"]

    assert {name for name, *_ in users.rows("largest")} == {"handed (8)", "handed (9)"}
    assert {name for name, *_ in users.rows("growth")} == {"handed (8)", "handed (9)"}


def test_the_same_warehouse_makes_the_same_pages_and_is_not_written_to(full, lake):
    keys = publish_reports(lake, full.engine)
    before = [lake.get(key) for key in keys]
    reader = create_engine(
        full.url, connect_args={"options": "-c default_transaction_read_only=on"}
    )

    assert publish_reports(lake, reader) == keys

    assert [lake.get(key) for key in keys] == before
    reader.dispose()


def test_the_start_page_leads_to_reports_once_there_are_any(full, lake):
    publish_home(lake)
    assert b"Reports" not in lake.get(home_key())

    publish_reports(lake, full.engine)

    home = lake.get(home_key()).decode()
    client = TestClient(create_app(from_lake(lambda: lake)))
    for dataset in ("tweets", "users", "tweet_metrics"):
        assert f'<a href="reports/{dataset}.html">{dataset}</a>' in home
        answer = client.get(f"/reports/{dataset}.html")
        assert answer.status_code == 200
        assert f"{dataset} in the warehouse" in answer.text


def test_a_lost_warehouse_is_named_and_the_old_pages_stay(full, lake):
    keys = publish_reports(lake, full.engine)
    nowhere = create_engine(full.url.set(database="no_such_database"))

    with pytest.raises(WarehouseUnavailable, match="no_such_database"):
        publish_reports(lake, nowhere)

    assert [key for key in keys if lake.find(key) is None] == []
    assert MORNING.date().isoformat() in lake.get(keys[0]).decode()
