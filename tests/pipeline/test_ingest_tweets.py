"""What a run of `ingest_tweets` leaves behind, in good times and in bad ones."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from include.data_docs import run_page_key
from include.interval import Interval
from include.outcomes import Outcome
from include.report import AirflowRun

SETTINGS = {
    "bucket": "tweet-lake",
    "alert_to": ["data-team@example.org"],
    "data_docs_url": "http://docs.example.org",
}


def objects_but_docs(run):
    return {k: v for k, v in run.objects().items() if not k.startswith("data-docs/")}


def all_but_alerts(run):
    return [key for key in run.objects() if not key.startswith("alerts/")]


def test_a_clean_run_lands_and_mails_nothing(world, ingest):
    run = ingest("harbour_news", "quiet_archive")
    assert run.succeeded
    assert run.account("harbour_news").outcome is Outcome.LANDED
    assert run.account("quiet_archive").outcome is Outcome.EMPTY
    assert run.report.airflow_run == AirflowRun(
        dag_id="ingest_tweets", run_id="manual__2026-11-02T12:00:00+00:00"
    )
    assert world.mails == []
    (key,) = run.account("harbour_news").curated_keys
    rows = pq.read_table(io.BytesIO(run.lake.get(key)))
    assert len(rows) == run.account("harbour_news").curated > 0
    assert set(rows["author_id"].to_pylist()) == {"2014007919"}


def test_a_second_run_gives_the_same_lake_and_asks_x_for_nothing_that_costs(world, ingest):
    first = ingest("harbour_news", "faulty_feed", "shuttered_shop").objects()
    asked = len(world.requests)
    second = ingest("harbour_news", "faulty_feed", "shuttered_shop").objects()
    assert second.keys() == first.keys()
    assert [key for key in first if first[key] != second[key]] == []
    assert [r.path for r in world.requests[asked:]] == ["/2/usage/tweets"]


def test_trouble_with_accounts_is_told_apart_and_the_run_goes_on(world, ingest):
    run = ingest(
        "harbour_news",
        "shuttered_shop",
        "members_circle",
        "harbor_newz",
        "faulty_feed",
        "drifting_feed",
    )
    assert run.succeeded
    outcomes = {account.account: account.outcome for account in run.report.accounts}
    assert outcomes == {
        "harbour_news": Outcome.LANDED,
        "shuttered_shop": Outcome.SUSPENDED,
        "members_circle": Outcome.PROTECTED,
        "harbor_newz": Outcome.NOT_FOUND,
        "faulty_feed": Outcome.ROWS_QUARANTINED,
        "drifting_feed": Outcome.BATCH_QUARANTINED,
    }
    (mail,) = world.mails
    text = mail.get_body(("plain",)).get_content()
    for account, outcome in outcomes.items():
        assert (outcome is Outcome.LANDED) or (account in text and outcome.value in text)


def test_posts_of_a_keyword_account_land_and_are_its_own(ingest):
    run = ingest({"username": "open_data_desk", "keywords": ["dataset", "open licence"]})
    account = run.account("open_data_desk")
    assert account.outcome is Outcome.LANDED
    rows = pq.read_table(io.BytesIO(run.lake.get(account.curated_keys[0])))
    assert set(rows["author_id"].to_pylist()) == {"1204006000018000114"}
    texts = [text.lower() for text in rows["text"].to_pylist()]
    assert all("dataset" in text or "open licence" in text for text in texts)


def test_posts_that_a_search_finds_land_whoever_wrote_them(ingest):
    run = ingest({"name": "data_pictures", "query": "(from:open_data_desk OR from:harbour_news)"})
    account = run.account("data_pictures")
    assert account.outcome is Outcome.LANDED
    rows = pq.read_table(io.BytesIO(run.lake.get(account.curated_keys[0])))
    assert set(rows["author_id"].to_pylist()) == {"1204006000018000114", "2014007919"}


def test_every_row_is_accounted_for(ingest):
    run = ingest("faulty_feed", "drifting_feed")
    for account in run.report.accounts:
        assert account.rows_in == account.curated + account.quarantined + account.duplicates
        assert account.rows_in == 20
    faulty = run.account("faulty_feed")
    rows = pq.read_table(io.BytesIO(run.lake.get(f"{faulty.quarantine_prefix}rows.parquet")))
    assert len(rows) == faulty.quarantined
    assert all(rows["reasons"].to_pylist())


def test_the_page_of_every_validated_account_is_published(ingest):
    run = ingest("harbour_news", "faulty_feed")
    page = run.lake.get(run_page_key("tweets", run.interval)).decode()
    for account in ("harbour_news", "faulty_feed"):
        (docs,) = run.account(account).data_docs_keys
        assert b"<html" in run.lake.get(docs)
        assert f"accounts/{account}.html" in page


def test_csv_lies_beside_parquet_when_it_is_set(ingest):
    run = ingest("polyglot_feed", csv=True)
    kinds = sorted(key.rpartition(".")[2] for key in run.account("polyglot_feed").curated_keys)
    assert kinds == ["csv", "parquet"]


def test_one_failed_account_fails_the_run_and_the_others_land(world, ingest):
    world.faults.add("credits_depleted", path="1204002000006000038", times=None)
    run = ingest("harbour_news", "orbit_observer")
    assert not run.succeeded
    assert run.account("harbour_news").outcome is Outcome.LANDED
    failed = run.account("orbit_observer")
    assert failed.outcome is Outcome.FAILED
    assert "402" in failed.detail
    (mail,) = world.mails
    assert "orbit_observer" in mail.get_body(("plain",)).get_content()

    world.faults.clear()
    asked = len(world.requests)
    again = ingest("harbour_news", "orbit_observer")
    assert again.succeeded
    assert again.account("orbit_observer").outcome is Outcome.LANDED
    assert [r.path for r in world.requests[asked:]] == [
        "/2/usage/tweets",
        "/2/users/1204002000006000038/tweets",
    ]
    assert not any(key.endswith("error.json") for key in again.objects())


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AIRFLOW_VAR_X_ACCOUNTS": '[{"username": "not ok"}]'}, "entry 1 ('not ok')"),
        ({"AIRFLOW_VAR_TWEET_LAKE": json.dumps({**SETTINGS, "csv": "yes"})}, None),
        ({"AIRFLOW_CONN_X_API": '{"conn_type": "http"}'}, "'x_api' needs"),
    ],
)
def test_bad_configuration_fails_before_anything_is_spent(world, ingest, capfd, environment, said):
    run = ingest("harbour_news", environment=environment)
    assert not run.succeeded
    assert run.states["plan"] == {"failed"}
    assert world.requests == []
    assert all_but_alerts(run) == []
    if said is None:  # without settings nobody's address is known
        assert world.mails == []
        assert "'tweet_lake' is not right: csv" in capfd.readouterr().out
    else:
        (mail,) = world.mails
        assert said in mail.get_body(("plain",)).get_content()


def test_a_wrong_token_is_named_and_nothing_lands(world, ingest):
    wrong = json.dumps({"conn_type": "http", "host": world.x_url, "password": "n0t-the-t0ken"})
    run = ingest("harbour_news", environment={"AIRFLOW_CONN_X_API": wrong})
    assert not run.succeeded
    assert all_but_alerts(run) == []
    (mail,) = world.mails
    text = mail.get_body(("plain",)).get_content()
    assert "BadToken" in text
    assert "'x_api'" in text


def test_a_missing_bucket_is_named(world, ingest, asked_of_aws):
    run = ingest("harbour_news", bucket="not-there")
    asked_of_aws.clear()  # the role knows no bucket but the stack's
    assert not run.succeeded
    assert world.requests == []
    assert "s3://not-there/" in world.mails[0].get_body(("plain",)).get_content()


def test_nobody_at_x_is_named(world, ingest):
    nobody = json.dumps({"conn_type": "http", "host": "http://127.0.0.1:9", "password": "t"})
    run = ingest("harbour_news", environment={"AIRFLOW_CONN_X_API": nobody})
    assert not run.succeeded
    assert all_but_alerts(run) == []
    assert "http://127.0.0.1:9" in world.mails[0].get_body(("plain",)).get_content()


def test_a_bad_suite_is_named_before_anything_is_spent(world, ingest, monkeypatch, tmp_path):
    from dataclasses import replace

    from include.datasets.tweets import dataset

    suite = tmp_path / "tweets.json"
    suite.write_text('{"name": "tweets", "expectations": [{"type": "expect_no_such_thing"}]}')
    monkeypatch.setattr(dataset, "DATASET", replace(dataset.DATASET, suite=suite))
    run = ingest("harbour_news")
    assert not run.succeeded
    assert world.requests == []
    assert "expect_no_such_thing" in world.mails[0].get_body(("plain",)).get_content()


def test_a_mail_that_cannot_be_sent_fails_the_run_and_the_data_lands(world, ingest):
    nobody = json.dumps(
        {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": 9,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "lake@example.org"},
        }
    )
    run = ingest("harbour_news", "faulty_feed", environment={"AIRFLOW_CONN_SMTP_DEFAULT": nobody})
    assert not run.succeeded
    assert run.states["notify"] == {"failed"}
    assert run.account("harbour_news").outcome is Outcome.LANDED
    assert run.lake.find(run_page_key("tweets", run.interval)) is not None


def test_an_object_that_has_gone_fails_the_run(world, ingest, monkeypatch):
    from include import run as running

    report = running.report

    def report_then_lose(lake, *arguments, **more):
        made = report(lake, *arguments, **more)
        lake.delete(made.accounts[0].curated_keys[0])
        return made

    monkeypatch.setattr(running, "report", report_then_lose)
    run = ingest("harbour_news")
    assert not run.succeeded
    assert run.states["reconcile"] == {"failed"}
    (mail,) = world.mails
    assert "is not there" in mail.get_body(("plain",)).get_content()


def test_fields_that_nobody_knows_are_kept_counted_and_told_once(world, ingest, interval):
    world.faults.add("unknown_fields", path="harbour_news", times=None)
    first = ingest("harbour_news")
    lake, report = first.objects(), first.report
    landed = first.account("harbour_news")
    assert landed.outcome is Outcome.LANDED
    assert landed.unknown_fields["post.unheard_of"] == landed.curated
    (mail,) = world.mails
    told = f"post.unheard_of in {landed.curated}"
    assert told in mail.get_body(("plain",)).get_content()
    assert told in first.lake.get(run_page_key("tweets", interval)).decode()
    (page,) = (key for key in lake if "/page-0000" in key)
    assert b'"unheard_of_count"' in first.lake.get_page(page)

    again = ingest("harbour_news")
    assert (again.objects(), again.report) == (lake, report)
    hours = timedelta(hours=4)
    world.travel(interval.end + hours + timedelta(minutes=1))
    later = ingest("harbour_news", over=Interval(interval.start + hours, interval.end + hours))
    assert later.account("harbour_news").unknown_fields["post.unheard_of"] > 0
    assert later.report.remarks == []
