"""Each expectation about the warehouse: what was loaded meets it, a planted fault breaks it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import adbc_driver_manager
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from sqlalchemy import create_engine

from include.errors import BadConfiguration, WarehouseBusy, WarehouseUnavailable
from include.interval import Interval
from include.outcomes import Outcome
from include.report import RunReport
from include.settings import Settings
from include.warehouse.checks import check as module
from include.warehouse.checks import steps
from include.warehouse.checks.check import check, suites
from include.warehouse.checks.listing import list_objects
from include.warehouse.checks.relations import RELATIONS
from include.warehouse.load import load
from include.warehouse.lock import ONE_AT_A_TIME
from include.warehouse.models import FactTweet
from tests.include import landed_rows

EXPECTATIONS = Path(__file__).parents[3] / "expectations"
SETTINGS = Settings(bucket="tweet-lake", alert_to=("x@example.org",), data_docs_url="http://docs")
# By S3's clock, which is real: what was landed just now has to be loaded.
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
OVER = Interval(TODAY + timedelta(days=1), TODAY + timedelta(days=2))
SEEN = OVER.start - timedelta(days=3)

METRICS = """INSERT INTO fact_tweet_metrics
    (tweet_id, observed_at, observed_on, status, like_count, impression_count, object_id)
    SELECT {tweet}, at, at::date, 'visible', {likes}, {views}, min(object_id)
    FROM load_object, (SELECT timestamptz '{at}' AS at) seen GROUP BY at"""
PARTITION = "SELECT ensure_metrics_partition(date '{month}')"


def observed(tweet: int, hour: int, *, likes: int = 5, views: int = 9) -> str:
    at = SEEN + timedelta(hours=hour)
    return METRICS.format(tweet=tweet, at=at.isoformat(), likes=likes, views=views)


FAULTS = {
    "lake": {
        "rows_lie_on_their_day": (
            """UPDATE fact_user_metrics SET observed_on = '2026-11-01'
            WHERE user_id = 1 AND observed_on = '2026-11-02'""",
            "users 2026-11-02",
        ),
        "bridges_are_whole": (
            """DELETE FROM bridge_tweet_hashtag; DELETE FROM bridge_tweet_mention;
            DELETE FROM bridge_tweet_url""",
            "tweets 2026-11-02 pier",
        ),
        "holds_every_row": (
            "DELETE FROM fact_tweet WHERE tweet_id = 1000000000000000003",
            "tweets 2026-11-02 quay",
        ),
        "loaded_as_many_rows": (
            "UPDATE load_object SET rows = 5, shadowed = 4 WHERE dataset = 'tweet_metrics'",
            "tweet_metrics 2026-11-02",
        ),
        "every_object_is_loaded": (
            "UPDATE load_object SET etag = 'before' WHERE account = 'pier'",
            "tweets 2026-11-02 pier",
        ),
        "no_object_failed": (
            "UPDATE load_object SET state = 'failed', error = 'torn' WHERE account = 'harbour'",
            "tweets 2026-11-02 harbour",
        ),
        "nothing_outlives_the_lake": (
            """INSERT INTO load_object
                (dataset, key, etag, day, account, interval_end, rows, shadowed, state, loaded_at)
            VALUES ('tweets', 'curated/x.parquet', '"1"', '2026-11-02', 'gone', now(), 0, 0,
                'loaded', now())""",
            "tweets 2026-11-02 gone",
        ),
    },
    "profiles": {
        "one_current_version": (
            "UPDATE dim_user SET is_current = false WHERE user_id = 1",
            "1",
        ),
        "versions_do_not_overlap": (
            "UPDATE dim_user SET valid_to = 'infinity' WHERE user_id = 2 AND NOT is_current",
            "2",
        ),
        "versions_have_no_hole": (
            "UPDATE dim_user SET valid_from = '2026-11-02' WHERE user_id = 3",
            "3",
        ),
        "tweets_name_the_version_of_their_time": (
            """UPDATE fact_tweet SET author_key =
                (SELECT user_key FROM dim_user WHERE user_id = 2 AND is_current)
            WHERE tweet_id = 1000000000000000001""",
            "12",
        ),
        "days_name_the_version_of_their_time": (
            """UPDATE fact_user_metrics SET user_key =
                (SELECT max(user_key) FROM dim_user WHERE user_id = 12) WHERE user_id = 4""",
            "4",
        ),
    },
    "metrics": {
        "rows_lie_in_their_month": (
            """ALTER TABLE fact_tweet_metrics DETACH PARTITION fact_tweet_metrics_2026_11;
            ALTER TABLE fact_tweet_metrics ATTACH PARTITION fact_tweet_metrics_2026_11
                FOR VALUES FROM ('2026-11-01') TO ('2030-01-01')""",
            "2026-11-02",
        ),
        "counts_have_their_tweet": (observed(77, hour=1), f"{SEEN:%F}"),
        "views_do_not_fall": (
            observed(1000000000000000001, hour=2) + ";"
            + observed(1000000000000000001, hour=3, views=8),
            f"{SEEN:%F}",
        ),
        "likes_seldom_fall": (
            ";".join(
                observed(1000000000000000002, hour=h, likes=9 if h in {8, 15} else 10 + h)
                for h in range(23)
            ),
            f"{SEEN:%F}",
        ),
    },
    "freshness": {
        "every_dataset_is_loaded": (
            "UPDATE load_object SET state = 'failed' WHERE dataset = 'users'",
            "users",
        ),
        "not_behind_the_lake": (
            """UPDATE load_object SET interval_end = interval_end - interval '90 minutes'
            WHERE dataset = 'tweets'""",
            "tweets",
        ),
    },
}  # fmt: skip

VOLUMES = {
    "posts_not_above_usual": ("burst", {1: 36}),  # three times 10, and 5
    "posts_not_below_usual": ("silent", {1: 2}),  # a third of 10
}
"""What breaks them: account, and posts on the day that is so many days before the check."""


@pytest.fixture
def loaded(house):
    """A little of everything: two versions of a profile, two accounts' posts, counts."""
    for number, names in enumerate((["a", "b", "c", "d"], ["a", "z", "c", "d"])):
        at = landed_rows.DAY + timedelta(days=number, hours=1)
        over = Interval(at, at + timedelta(hours=4))
        rows = [
            landed_rows.row("users", user, over, "all", observed_at=at, username=name)
            for user, name in enumerate(names, start=1)
        ]
        landed_rows.land(house.lake, "users", over, landed_rows.ALL_ACCOUNTS, rows)
    house.land("tweets", 2, {"n": 1}, {"n": 2}, account="harbour")
    house.land("tweets", 3, {"n": 2}, {"n": 3}, account="quay")
    house.land(
        "tweets", 3, {"n": 4, "hashtags": ["rain", "Rain"]}, {"n": 5, "mentions": [{}, {}]},
        {"n": 6, "urls": [{"url": "https://t.co/a"}]}, account="pier",
    )  # fmt: skip
    house.land("tweet_metrics", 3, {"n": 1})
    house.load()
    return house


def checked(house) -> dict[str, dict[str, tuple[str, str]]]:
    """By check and expectation that is not met: what is named first, and its value."""
    key = check(house.lake, house.engine, OVER, SETTINGS)
    report = RunReport.model_validate(house.lake.get_json(key))
    return {
        account.account: {
            failed.key: (failed.examples[0]["id"], failed.examples[0]["value"])
            for failed in account.failed_expectations
        }
        for account in report.accounts
    }


def plant(house, statements: str) -> None:
    for month in {"2026-11-01", f"{SEEN:%Y-%m-01}"}:
        house.ask(PARTITION.format(month=month))
    with house.engine.connect() as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")  # no foreign keys
        for statement in statements.split(";"):
            connection.exec_driver_sql(statement)


def test_what_was_loaded_meets_every_expectation(loaded):
    key = check(loaded.lake, loaded.engine, OVER, SETTINGS)

    report = RunReport.model_validate(loaded.lake.get_json(key))
    assert {account.account for account in report.accounts} == set(suites())
    for account in report.accounts:
        assert (account.outcome, account.failed_expectations) == (Outcome.CHECKED, [])
        result = loaded.lake.get_json(account.validation_keys[0])
        expectations = json.loads((EXPECTATIONS / f"warehouse_{account.account}.json").read_text())
        assert result["success"]
        assert account.rows_in == len(result["results"]) == len(expectations["expectations"])


@pytest.mark.parametrize("relation", FAULTS)
def test_a_fault_is_found_and_named(loaded, relation):
    for statements, _ in FAULTS[relation].values():
        plant(loaded, statements)

    found = checked(loaded)[relation]

    assert {key: what for key, (what, _) in found.items()} == {
        key: what for key, (_, what) in FAULTS[relation].items()
    }
    if relation == "lake":
        assert found["no_object_failed"][1].endswith(".parquet: torn")
        assert found["loaded_as_many_rows"][1] == "rows_in_lake 1, rows_loaded 5"
        assert found["bridges_are_whole"][1] == "3"


def post(house, account: str, posts: dict[int, int], *, days: int) -> None:
    """Give an account 10 posts on each of the days before the check, or as many as is said."""
    template = "SELECT * FROM fact_tweet WHERE tweet_id = 1000000000000000001"
    columns = ", ".join(column.name for column in FactTweet.__table__.columns)
    values = columns.replace("tweet_id,", "(SELECT count(*) FROM fact_tweet) + number,", 1)
    for name, value in (("created_at", "day"), ("created_on", "day::date"), ("account", "'{0}'")):
        values = values.replace(f" {name},", f" {value},".format(account), 1)
    for age in range(1, days + 1):
        day = OVER.end - timedelta(days=age)
        house.ask(
            f"""INSERT INTO fact_tweet ({columns}) SELECT {values}
            FROM ({template}) one, (SELECT timestamptz '{day.isoformat()}' AS day) posted,
                generate_series(1, {posts.get(age, 10)}) number RETURNING tweet_id"""
        )


def test_volumes_out_of_the_ordinary_are_named(loaded):
    post(loaded, "steady", {1: 35, 2: 4}, days=30)
    post(loaded, "new", {1: 500}, days=14)
    for account, posts in VOLUMES.values():
        post(loaded, account, posts, days=30)

    assert checked(loaded)["volume"] == {
        "posts_not_above_usual": (f"burst {OVER.end - timedelta(days=1):%F}", "most 35, posts 36"),
        "posts_not_below_usual": (f"silent {OVER.end - timedelta(days=1):%F}", "posts 2, least 3"),
    }


def test_a_burst_is_named_twice_and_no_longer(loaded):
    post(loaded, "burst", {3: 60}, days=32)
    assert checked(loaded)["volume"] == {}

    post(loaded, "later", {2: 60}, days=32)
    assert set(checked(loaded)["volume"]) == {"posts_not_above_usual"}


def test_every_expectation_has_a_fault_and_is_explained_as_it_is():
    section = (EXPECTATIONS / "README.md").read_text(encoding="utf-8").split("\n## Warehouse\n")[1]
    faults = {**{name: set(of) for name, of in FAULTS.items()}, "volume": set(VOLUMES)}
    for name, suite in suites().items():
        part = section.split(f"\n### {name.capitalize()}\n")[1].split("\n#")[0]
        table = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", part, re.MULTILINE)
        assert table == [(rule.key, rule.severity, rule.notes) for rule in suite.rules]
        assert faults[name] == {rule.key for rule in suite.rules}


def test_what_is_on_its_way_is_no_fault(loaded):
    """Objects that S3 got less than the time of a load ago are not missed."""
    loaded.land("tweets", 4, {"n": 9}, account="late")
    now = datetime.now(UTC).replace(second=0, microsecond=0)

    key = check(loaded.lake, loaded.engine, Interval(now - timedelta(days=1), now), SETTINGS)

    report = RunReport.model_validate(loaded.lake.get_json(key))
    assert [failed for account in report.accounts for failed in account.failed_expectations] == []
    assert set(checked(loaded)["lake"]) == {"every_object_is_loaded"}


def test_the_page_s_remedies_mend_what_was_changed_by_hand(loaded):
    rows = ("loaded_as_many_rows", "holds_every_row", "rows_lie_on_their_day", "bridges_are_whole")
    faults = [*FAULTS["profiles"].values(), *(FAULTS["lake"][fault] for fault in rows)]
    for statements, _ in faults:
        plant(loaded, statements)

    loaded.ask("UPDATE dim_user SET valid_from = '-infinity' WHERE user_id = 3")
    loaded.ask("UPDATE load_object SET etag = ''")
    loaded.load()

    assert {name: found for name, found in checked(loaded).items() if found} == {}


def test_objects_and_reasons_are_told_whole(loaded):
    def names(expectation):
        what, value = checked(loaded)["lake"][expectation]
        assert what == "tweets 2026-11-02 quay"
        return value

    keys = [loaded.land("tweets", number, {"n": 3}, account="quay") for number in range(6)]
    late = [key.rpartition("/")[2] for key in keys]
    assert names("every_object_is_loaded") == ", ".join(late)

    loaded.lake.put(keys[0], b"no Parquet")
    loaded.load("tweets")
    reason = names("no_object_failed")
    assert reason.startswith(f"{late[0]}: is no Parquet file that can be read: ")
    assert reason.endswith("it is made anew from raw/. If no run makes it, delete it")


def test_counts_that_forgetting_leaves_are_no_fault(house):
    """Of what was forgotten only that it is gone stays known: its post does not."""
    house.land("tweets", 2, {"n": 2})
    gone = dict.fromkeys(("like_count", "reply_count", "retweet_count", "quote_count"))
    house.land("tweet_metrics", 4, {"n": 1, "status": "deleted", **gone})
    house.load()

    assert checked(house)["metrics"] == {}


def test_a_load_waits_while_the_lake_is_compared(loaded, monkeypatch):
    def list_while_something_lands(lake, span):
        found = list_objects(lake, span)
        loaded.land("tweets", 3, {"n": 4, "like_count": 99}, account="pier")
        with pytest.raises(adbc_driver_manager.Error, match="lock timeout"):
            load(lake, impatient, "tweets")
        return found

    def impatient():
        made = loaded.connect()
        with made.cursor() as cursor:
            cursor.execute("SET lock_timeout = 1")
        made.commit()
        return made

    monkeypatch.setattr(module, "list_objects", list_while_something_lands)

    assert {name: found for name, found in checked(loaded).items() if found} == {}
    assert load(loaded.lake, impatient, "tweets").changed == 1  # it is free again


def test_a_check_that_waits_for_a_load_too_long_says_so(loaded, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", "1ms")
    with loaded.engine.connect() as loading:
        loading.exec_driver_sql(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})")

        with pytest.raises(WarehouseBusy, match=r"load_warehouse.*clear the task 'check'"):
            check(loaded.lake, loaded.engine, OVER, SETTINGS)

        loading.exec_driver_sql(f"SELECT pg_advisory_unlock({ONE_AT_A_TIME})")
    assert list(loaded.lake.keys("validations/warehouse/")) == []


def test_a_role_that_may_only_read_is_told_which_it_takes(loaded):
    role = f"reader_of_{loaded.url.database}"
    loaded.ask(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    loaded.ask(f"REVOKE ALL ON DATABASE {loaded.url.database} FROM PUBLIC")
    loaded.ask(f"GRANT CONNECT ON DATABASE {loaded.url.database} TO {role}")
    loaded.ask(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    reader = create_engine(loaded.url.set(username=role, password="x"))

    with pytest.raises(BadConfiguration, match=r"permission denied.*the loader's role"):
        check(loaded.lake, reader, OVER, SETTINGS)

    reader.dispose()
    loaded.ask(f"DROP OWNED BY {role}")
    loaded.ask(f"DROP ROLE {role}")


def test_a_server_that_is_gone_is_named(loaded):
    gone = create_engine(loaded.url.set(database="no_such_database"))

    with pytest.raises(WarehouseUnavailable, match="no_such_database"):
        check(loaded.lake, gone, OVER, SETTINGS)


def test_a_lost_connection_is_no_finding(loaded, monkeypatch):
    monkeypatch.setitem(RELATIONS, "volume", "SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(WarehouseUnavailable, match="terminating connection"):
        check(loaded.lake, loaded.engine, OVER, SETTINGS)

    assert list(loaded.lake.keys("validations/warehouse/")) == []


def test_without_a_warehouse_nothing_is_checked(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE", raising=False)

    with pytest.raises(AirflowSkipException, match="no Airflow connection 'warehouse'"):
        steps.check()
