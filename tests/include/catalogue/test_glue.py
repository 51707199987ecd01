"""Tables of a real Glue protocol, kept as the catalogue is."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import boto3
import pyarrow as pa
import pytest
from botocore.config import Config

from include.catalogue.glue import Glue, glue_type
from include.compaction.compact import compact, purge
from include.datasets import dataset_named, dataset_names
from include.errors import BadConfiguration, GlueUnavailable
from tests.include.landed_rows import interval, land, row

DAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 5, 2, 30, tzinfo=UTC)
_numbers = itertools.count()


@pytest.fixture
def glue(s3):
    return glue_at(s3.meta.endpoint_url, f"lake_{next(_numbers)}")


def glue_at(url, database, **tags):
    def client(service):
        return boto3.client(
            service,
            endpoint_url=url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}),
        )

    return Glue(client("glue"), client("lakeformation"), database, tags)


def landed(lake, day, *numbers):
    over = interval(6 * day)
    return land(lake, "tweets", over, "nasa", [row("tweets", n, over, "nasa") for n in numbers])


def partitions(glue, dataset="tweets"):
    answer = glue.client.get_partitions(DatabaseName=glue.database, TableName=dataset)
    return {p["Values"][0]: p["StorageDescriptor"]["Location"] for p in answer["Partitions"]}


@pytest.mark.parametrize("dataset", dataset_names())
def test_a_table_has_the_dataset_s_columns_with_their_descriptions(lake, glue, dataset):
    glue.keep(lake, dataset)
    table = glue.client.get_table(DatabaseName=glue.database, Name=dataset)["Table"]
    columns = table["StorageDescriptor"]["Columns"]
    assert [column["Name"] for column in columns] == [
        "account",
        "accounts",
        *dataset_named(dataset).curated_schema.names,
    ]
    assert all(0 < len(column["Comment"]) <= 255 for column in columns)  # Glue's limit
    assert [key["Name"] for key in table["PartitionKeys"]] == ["dt"]
    assert table["StorageDescriptor"]["Location"] == f"s3://{lake.bucket}/compacted/{dataset}/"
    types = {column["Name"]: column["Type"] for column in columns}
    assert types["raw_position"] == "int"
    if dataset == "tweets":
        assert types["created_at"] == "timestamp"
        assert types["hashtags"] == "array<string>"
        assert types["mentions"] == "array<struct<username:string,user_id:string>>"
        assert types["is_reply"] == "boolean"


def test_a_type_that_athena_does_not_read_is_refused():
    with pytest.raises(TypeError, match=r"no type for timestamp\[ns"):
        glue_type(pa.timestamp("ns", "UTC"))


def test_partitions_follow_the_catalogue(lake, glue):
    landed(lake, 0, 1)
    landed(lake, 1, 2)
    first = compact(lake, "tweets", DAY, NOW)
    second = compact(lake, "tweets", DAY + timedelta(days=1), NOW)
    assert glue.keep(lake, "tweets") == 2
    assert partitions(glue) == {
        "2026-11-02": f"s3://{lake.bucket}/{first.prefix}",
        "2026-11-03": f"s3://{lake.bucket}/{second.prefix}",
    }
    assert glue.keep(lake, "tweets") == 0
    key = landed(lake, 0, 1, 3)
    moved = compact(lake, "tweets", DAY, NOW)
    assert glue.keep(lake, "tweets") == 1
    assert partitions(glue)["2026-11-02"] == f"s3://{lake.bucket}/{moved.prefix}"
    lake.delete(key)
    compact(lake, "tweets", DAY, NOW)
    assert glue.keep(lake, "tweets") == 1
    assert list(partitions(glue)) == ["2026-11-03"]


def test_a_day_of_which_nothing_is_left_is_not_shown(lake, glue):
    key = landed(lake, 0, 1)
    landed(lake, 1, 2)
    for number in (0, 1):
        compact(lake, "tweets", DAY + timedelta(days=number), NOW)
    assert glue.days("tweets") == set()
    glue.keep(lake, "tweets")
    assert glue.days("tweets") == {DAY, DAY + timedelta(days=1)}
    for number in (0, 1):
        purge(lake, "tweets", DAY + timedelta(days=number))
    lake.delete(key)
    assert glue.keep(lake, "tweets") == 1
    assert glue.days("tweets") == {DAY + timedelta(days=1)}  # which has to be compacted


def test_whatever_another_made_right_before_is_there(lake, glue):
    """The tasks of three datasets begin at once."""
    made = []

    def create(**_):
        made.append(glue.client)
        other = glue_at(glue.client.meta.endpoint_url, glue.database)
        other.client.create_database(DatabaseInput={"Name": glue.database})

    glue.client.meta.events.register_first("before-call.glue.CreateDatabase", create)
    glue.keep(lake, "tweets")
    assert len(made) == 1
    assert glue.days("tweets") == set()


def test_a_partition_that_glue_refuses_is_named(lake, glue):
    landed(lake, 0, 1)
    compact(lake, "tweets", DAY, NOW)

    def create(**_):
        glue_at(glue.client.meta.endpoint_url, glue.database).keep(lake, "tweets")

    glue.client.meta.events.register_first("before-call.glue.BatchCreatePartition", create)
    with pytest.raises(GlueUnavailable, match="refused: 2026-11-02: Partition already exists"):
        glue.keep(lake, "tweets")


def test_more_partitions_than_one_call_takes(lake, glue):
    for day in range(103):
        manifest = {
            "dataset": "tweets",
            "day": (DAY + timedelta(days=day)).isoformat(),
            "sources": "s",
            "objects": 1,
            "version": "v",
            "files": [{"key": "k", "rows": 1, "bytes": 1}],
        }
        lake.put_json(f"catalogue/tweets/dt={manifest['day']}.json", manifest)
    assert glue.keep(lake, "tweets") == 103
    assert len(partitions(glue)) == 103


def test_a_new_column_reaches_the_table_and_its_partitions(lake, glue):
    landed(lake, 0, 1)
    compact(lake, "tweets", DAY, NOW)
    glue.keep(lake, "tweets")
    table = glue.client.get_table(DatabaseName=glue.database, Name="tweets")["Table"]
    old = {k: table[k] for k in ("Name", "StorageDescriptor", "PartitionKeys", "Parameters")}
    old["StorageDescriptor"]["Columns"].pop()
    glue.client.update_table(DatabaseName=glue.database, TableInput=old)
    glue.client.update_partition(
        DatabaseName=glue.database,
        TableName="tweets",
        PartitionValueList=["2026-11-02"],
        PartitionInput={"Values": ["2026-11-02"], "StorageDescriptor": old["StorageDescriptor"]},
    )
    assert glue.keep(lake, "tweets") == 1
    wanted = ["account", "accounts", *dataset_named("tweets").curated_schema.names]
    name = {"DatabaseName": glue.database}
    table = glue.client.get_table(**name, Name="tweets")["Table"]
    (partition,) = glue.client.get_partitions(**name, TableName="tweets")["Partitions"]
    for found in (table, partition):
        assert [column["Name"] for column in found["StorageDescriptor"]["Columns"]] == wanted


def test_database_and_tables_carry_the_tags(lake, s3):
    glue = glue_at(s3.meta.endpoint_url, f"lake_{next(_numbers)}", domain="social")
    glue.lake_formation.create_lf_tag(TagKey="domain", TagValues=["social", "weather"])
    glue.keep(lake, "tweets")
    tags = glue.lake_formation.get_resource_lf_tags
    database = tags(Resource={"Database": {"Name": glue.database}})["LFTagOnDatabase"]
    named = {"Table": {"DatabaseName": glue.database, "Name": "tweets"}}
    table = tags(Resource=named)["LFTagsOnTable"]
    assert [(tag["TagKey"], tag["TagValues"]) for tag in (*database, *table)] == [
        ("domain", ["social"])
    ] * 2


def test_a_tag_that_lake_formation_does_not_know_is_named(lake, s3):
    glue = glue_at(s3.meta.endpoint_url, f"lake_{next(_numbers)}", no_such_tag="x")
    with pytest.raises(BadConfiguration, match=r"lake_formation_tags: no_such_tag: .*not exist"):
        glue.keep(lake, "tweets")


def test_a_glue_that_can_not_be_reached_is_named_with_the_remedy(lake):
    glue = glue_at("http://127.0.0.1:9", "lake")
    with pytest.raises(GlueUnavailable, match=r"'lake'.*aws_default.*glue_database"):
        glue.keep(lake, "tweets")
