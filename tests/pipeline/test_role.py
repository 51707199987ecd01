"""The role of deploy/ec2 may make every call of the pipeline and of the host, and no other."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from include.connections import load_settings, open_lake
from include.interval import Interval
from include.quarantine.carry_out import carry_out
from include.quarantine.plan import make_plan
from include.quarantine.selection import parse_selection, select_open
from include.quarantine.verdicts import VERDICTS
from tests.deploy.dump import IN_PARTS, Dump, backups
from tests.deploy.ec2.role import BUCKET, GLUE, REGION, refused, unused

S3 = f"arn:aws:s3:::{BUCKET}"
OWN = f"{REGION}:123456789012"
DOCTOR = "`make doctor` looks whether the bucket and the topic are what they should be"
REASONS = {
    "s3:AbortMultipartUpload": "an upload that fails is cleared away; tests of exports and of "
    "backups let one fail",
    "s3:GetBucketVersioning": DOCTOR,
    "s3:GetBucketPublicAccessBlock": DOCTOR,
    "s3:GetEncryptionConfiguration": DOCTOR,
    "s3:GetBucketPolicy": DOCTOR,
    "sns:GetTopicAttributes": DOCTOR,
    "ecr:BatchGetImage": "`docker pull` asks the registry, which IAM judges by this name",
    "ecr:GetDownloadUrlForLayer": "`docker pull` asks the registry, which IAM judges by this name",
    "ssm:UpdateInstanceInformation": "the SSM agent of Ubuntu",
    "ssmmessages:CreateControlChannel": "the SSM agent of Ubuntu",
    "ssmmessages:CreateDataChannel": "the SSM agent of Ubuntu",
    "ssmmessages:OpenControlChannel": "the SSM agent of Ubuntu",
    "ssmmessages:OpenDataChannel": "the SSM agent of Ubuntu",
}
"""Actions that no recorded call needs and the role may all the same."""
FORGETTING = "forget_deleted; tests/pipeline/test_forget_deleted.py"
GLUE_TABLES = f"table/{GLUE}/*"
RARE = {
    ("s3:GetObject", f"{S3}/compliance/*"): FORGETTING,
    ("s3:PutObject", f"{S3}/compliance/*"): FORGETTING,
    ("s3:DeleteObject", f"{S3}/quarantine/*"): "a decision on all rows of an account; "
    "tests/include/quarantine",
    ("s3:DeleteObject", f"{S3}/data-docs/*"): "a page less in a rerun; tests/include/data_docs",
    ("s3:DeleteObject", f"{S3}/raw/*"): "a fetch that failed and then did not; "
    "tests/include/test_fetch.py",
    ("s3:GetObject", f"{S3}/compacted/*"): "what reads the lake; tests/include/catalogue",
    ("s3:DeleteObject", f"{S3}/compacted/*"): "a version a day after; tests/include/compaction",
    **{
        (f"glue:{action}", f"arn:aws:glue:{OWN}:{what}"): why
        for action, why in {
            "UpdateTable": "a column more; tests/include/catalogue",
            "DeletePartition": "a day of which nothing is left; tests/include/catalogue",
        }.items()
        for what in ("catalog", f"database/{GLUE}", GLUE_TABLES)
    },
}
"""The same, of an action that is needed elsewhere: what does it, and the test that shows it."""


def client(world, service, login="test"):
    return boto3.client(
        service,
        endpoint_url=world.s3_url,
        aws_access_key_id=login,
        aws_secret_access_key=login,
        region_name=REGION,
    )


@pytest.fixture
def stack(world, glue_database):
    """What the stack makes beside the bucket, under its names; gone afterwards."""
    topic = client(world, "sns").create_topic(Name="tweet-lake")["TopicArn"]
    client(world, "ssm").put_parameter(Name="/tweet-lake/image", Value="an-image", Type="String")
    secrets = client(world, "secretsmanager")
    names = "airflow/fernet-key", "connections/x_api", "variables/tweet_lake"
    for name in names:
        secrets.create_secret(Name=f"tweet-lake/{name}", SecretString="secret")
    yield topic
    for name in names:
        secrets.delete_secret(SecretId=f"tweet-lake/{name}", ForceDeleteWithoutRecovery=True)
    client(world, "ssm").delete_parameter(Name="/tweet-lake/image")
    client(world, "sns").delete_topic(TopicArn=topic)


def run_dag(name, at):
    from airflow.dag_processing.dagbag import DagBag

    dag = DagBag().dags[name]
    for task in dag.tasks:
        task.retries = 0
    assert dag.test(logical_date=at).state == "success"


def release_quarantine():
    """What `review_quarantine` does before and after a person's approval."""
    settings = load_settings()
    lake = open_lake(settings)
    found = select_open(lake, parse_selection(dataset="tweets"))
    asked = {"name": "a-run", "verdict": VERDICTS["release"], "why": "They are right."}
    plan = make_plan(lake, settings, found, **asked)
    lake.put_json(plan.key, plan.model_dump(mode="json"))
    carry_out(lake, settings, plan, by="admin", at=datetime(2026, 11, 2, 15, tzinfo=UTC)).check()


def host_calls(world):
    """What the host asks for itself: to start, to keep logs and backups, and to pass on files."""
    s3, *others = (client(world, name, "sandbox") for name in ("s3", "sts", "ssm", "ecr"))
    sts, ssm, ecr = others
    ssm.get_parameter(Name="/tweet-lake/image")
    ecr.get_authorization_token()
    for name in ("airflow/fernet-key", "connections/x_api", "variables/tweet_lake"):
        secrets = client(world, "secretsmanager", "sandbox")
        secrets.get_secret_value(SecretId=f"tweet-lake/{name}")
    there, dump = backups(BUCKET, s3, sts), Dump(IN_PARTS)
    for about in ({"image": "an-image"}, {}):
        key = there.write(dump, about)
        assert there.about(key) == about
        there.feed(key, dump, "pg_restore")
    assert key.startswith("backups/metadata/aside/")
    assert len(there.keys()) == 1
    log = "logs/dag_id=a/attempt=1.log"
    for key in (log, "exports/posts.csv.gz"):
        s3.upload_fileobj(io.BytesIO(b"a" * IN_PARTS), BUCKET, key)
    s3.head_object(Bucket=BUCKET, Key=log)
    s3.download_fileobj(BUCKET, log, io.BytesIO())


def test_the_role_may_do_what_dags_and_the_host_ask_for_and_no_more(
    world, ingest, interval, stack, asked_of_aws
):
    """Of the DAGs those whose calls are the most; the others' own tests are judged as well."""
    alerts = {"alert_by": ["mail", "sns"], "sns_topic_arn": stack, "glue_database": GLUE}
    ingest("rail_updates", "faulty_feed", csv=True, **alerts)
    after = Interval(interval.end, interval.end + timedelta(hours=2))
    world.travel(after.end + timedelta(minutes=1))
    ingest("rail_updates", dataset="tweet_metrics", over=after, **alerts)
    run_dag("compact_lake", datetime(2026, 11, 3, 2, 30, tzinfo=UTC))
    # A rerun, by other settings, withdraws and deletes what it makes anew.
    ingest("rail_updates", "faulty_feed", **alerts, raw_days=90, quarantine_days=90)
    run_dag("compact_lake", datetime(2026, 11, 5, 2, 30, tzinfo=UTC))
    release_quarantine()
    host_calls(world)
    s3 = client(world, "s3")
    for folder in ("logs/", "backups/", "exports/"):
        for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix=folder)["Contents"]:
            s3.delete_object(Bucket=BUCKET, Key=entry["Key"])
    assert refused(asked_of_aws) == []
    spare = {call for call in unused(asked_of_aws) if call[0] not in REASONS}
    assert spare == RARE.keys()
