"""The stack in moto: made, changed and deleted; where moto falls short, moto_types.py says how."""

from __future__ import annotations

import json
import subprocess
import sys
from ast import literal_eval
from operator import itemgetter
from pathlib import Path

import pytest

from include.accounts import parse_accounts
from include.lake import Lake
from include.retention import ID_PREFIX, apply, rules
from include.settings import parse_settings
from tests.deploy.ec2 import role
from tests.deploy.ec2.conftest import REGION, REGISTRY
from tests.host_tools import host_tool

REPOSITORY = Path(__file__).parents[3]
PLACEHOLDER = "replace-me"


def secret(cloud, name):
    found = cloud.client("secretsmanager").get_secret_value(SecretId=f"tweet-lake/{name}")
    return found["SecretString"]


def instance(cloud, host):
    (found,) = cloud.client("ec2").describe_instances(InstanceIds=[host])["Reservations"]
    return found["Instances"][0]


def test_cfn_lint_has_nothing_to_say():
    lint = Path(sys.executable).with_name("cfn-lint")
    template = REPOSITORY / "deploy" / "ec2" / "stack.yaml"
    done = subprocess.run([lint, template], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_stack_is_made_changed_and_deleted_and_the_bucket_stays(cloud):
    made = cloud.deploy()
    assert made["Url"] == "https://lake.example.org"
    assert instance(cloud, made["HostId"])["InstanceType"] == "t3.medium"

    changed = cloud.deploy(Image=f"{REGISTRY}/tweet-lake:1.1.0", InstanceType="t3.large")
    assert changed == made, "nothing was replaced"
    assert instance(cloud, made["HostId"])["InstanceType"] == "t3.large"
    image = cloud.client("ssm").get_parameter(Name="/tweet-lake/image")["Parameter"]["Value"]
    assert image == f"{REGISTRY}/tweet-lake:1.1.0"

    cloud.delete()
    assert cloud.client("secretsmanager").list_secrets()["SecretList"] == []
    assert instance(cloud, made["HostId"])["State"]["Name"] == "terminated"
    assert made["BucketOfTheLake"] in cloud.buckets()


def test_the_bucket_is_encrypted_versioned_private_and_for_tls_only(cloud):
    s3, bucket = cloud.client("s3"), cloud.deploy()["BucketOfTheLake"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    public = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert list(public.values()) == [True] * 4


def test_the_bucket_s_policy_denies_everybody_without_tls_which_moto_does_not_enforce(cloud):
    bucket = cloud.deploy()["BucketOfTheLake"]
    policy = json.loads(cloud.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == (
        "Deny",
        "*",
        "s3:*",
    )
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]


@pytest.mark.parametrize("days", ["", "90"])
def test_compact_lake_finds_nothing_to_change_in_the_lifecycle_rules(cloud, days):
    bucket = cloud.deploy(KeepDays=days)["BucketOfTheLake"]
    settings = parse_settings(secret(cloud, "variables/tweet_lake"))
    s3 = cloud.client("s3")
    told = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    ours = [rule for rule in told if rule["ID"].startswith(ID_PREFIX)]
    assert sorted(ours, key=itemgetter("ID")) == sorted(rules(settings), key=itemgetter("ID"))
    assert apply(Lake(s3, bucket), settings) is False
    others = {rule["Filter"]["Prefix"] for rule in told if rule not in ours}
    assert others == {"backups/", "logs/", ""}


@pytest.mark.parametrize(
    ("parameters", "by", "to"),
    [
        ({}, ("mail",), ("data-team@example.org",)),
        (
            {"AlertBy": "both", "AlertTo": "a@example.org,b@example.org"},
            ("mail", "sns"),
            ("a@example.org", "b@example.org"),
        ),
        ({"AlertBy": "sns", "AlertTo": "", "GlueDatabase": ""}, ("sns",), ()),
    ],
)
def test_the_variables_are_what_the_pipeline_takes(cloud, parameters, by, to):
    made = cloud.deploy(**parameters)
    settings = parse_settings(secret(cloud, "variables/tweet_lake"))
    assert (settings.bucket, settings.alert_by, settings.alert_to) == (
        made["BucketOfTheLake"], by, to,
    )  # fmt: skip
    assert settings.data_docs_url == f"{made['Url']}/data-docs"
    assert settings.sns_topic_arn == made["TopicOfAlarms"]
    assert settings.glue_database == (parameters.get("GlueDatabase", "tweet_lake") or None)
    accounts = parse_accounts(secret(cloud, "variables/x_accounts"), "the stack")
    assert [account.name for account in accounts] == ["nasa", "esa"]


def test_what_a_person_fills_says_so_and_the_rest_is_made_up(cloud):
    cloud.deploy()
    x_api = json.loads(secret(cloud, "connections/x_api"))
    assert (x_api["host"], x_api["password"]) == ("https://api.x.com", PLACEHOLDER)
    assert json.loads(secret(cloud, "connections/smtp_default"))["password"] == PLACEHOLDER
    names = "fernet-key", "api-secret-key", "jwt-secret", "admin", "database"
    made_up = {secret(cloud, f"airflow/{name}") for name in names}
    assert len(made_up) == len(names)
    assert all(len(text) >= 24 and PLACEHOLDER not in text for text in made_up)


def test_the_host_has_one_door_and_its_metadata_take_a_token(cloud):
    host = instance(cloud, cloud.deploy()["HostId"])
    ec2 = cloud.client("ec2")
    (interface,) = host["NetworkInterfaces"]
    doors = [group["GroupId"] for group in interface["Groups"]]
    (door,) = ec2.describe_security_groups(GroupIds=doors)["SecurityGroups"]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in door["IpPermissions"]] == [(443, 443)]
    assert host["MetadataOptions"]["HttpTokens"] == "required"
    assert host["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    (disk,) = ec2.describe_volumes(
        Filters=[{"Name": "attachment.instance-id", "Values": [host["InstanceId"]]}]
    )["Volumes"]
    assert (disk["Encrypted"], disk["Size"], disk["VolumeType"]) == (True, 30, "gp3")


def test_alarms_bring_the_host_back_and_tell_the_topic(cloud):
    made = cloud.deploy()
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    acts = {alarm["MetricName"]: alarm["AlarmActions"] for alarm in alarms}
    automate = "arn:aws:automate:eu-central-1:ec2"
    assert acts == {
        "StatusCheckFailed_System": [f"{automate}:recover", made["TopicOfAlarms"]],
        "StatusCheckFailed_Instance": [f"{automate}:reboot", made["TopicOfAlarms"]],
    }


def test_in_rds_the_metadata_are_private_encrypted_and_want_tls(cloud):
    cloud.deploy(Database="rds", SecondSubnetId=cloud.second_subnet())
    rds = cloud.client("rds")
    (found,) = rds.describe_db_instances()["DBInstances"]
    assert (found["StorageEncrypted"], found["PubliclyAccessible"]) == (True, False)
    group = found["DBParameterGroups"][0]["DBParameterGroupName"]
    told = rds.describe_db_parameters(DBParameterGroupName=group)["Parameters"]
    assert {p["ParameterName"]: p["ParameterValue"] for p in told} == {"rds.force_ssl": "1"}
    login = json.loads(secret(cloud, "airflow/database"))
    assert (login["username"], login["dbname"], login["port"]) == ("airflow", "airflow", 5432)
    assert login["host"] == found["Endpoint"]["Address"]


def test_lake_formation_knows_the_bucket_where_it_is_wanted(cloud):
    made = cloud.deploy(LakeFormation="on")
    formation = cloud.client("lakeformation")
    (place,) = formation.list_resources()["ResourceInfoList"]
    assert place["ResourceArn"] == f"arn:aws:s3:::{made['BucketOfTheLake']}"
    granted = formation.list_permissions()["PrincipalResourcePermissions"]
    assert {tuple(one["Permissions"]) for one in granted} == {
        ("DATA_LOCATION_ACCESS",), ("CREATE_TABLE", "DESCRIBE"),
    }  # fmt: skip


def test_cloud_init_takes_the_user_data_and_it_fits(cloud, tmp_path):
    text = cloud.user_data(cloud.deploy()["HostId"])
    assert len(text.encode()) < 16 * 1024
    file = tmp_path / "user-data.yaml"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [host_tool("cloud-init"), "schema", "--config-file", file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_host_knows_what_its_commands_ask_for(cloud):
    import yaml

    made = cloud.deploy(Tls="internal", Domain="")
    config = yaml.safe_load(cloud.user_data(made["HostId"]))
    files = {file["path"]: file["content"] for file in config["write_files"]}
    known = dict(line.split("=", 1) for line in files["/etc/tweet-lake/host.env"].splitlines())
    assert known == {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "TWEET_LAKE_BUCKET": made["BucketOfTheLake"],
        "TWEET_LAKE_DATABASE": "local",
        "TWEET_LAKE_DOMAIN": "tweet-lake.internal",
        "TWEET_LAKE_IMAGE_PARAMETER": "/tweet-lake/image",
        "TWEET_LAKE_SECRETS_PREFIX": "tweet-lake",
        "TWEET_LAKE_TLS": "internal",
        "TWEET_LAKE_TOPIC": made["TopicOfAlarms"],
    }
    assert config["runcmd"] == [["/opt/tweet-lake/install"]]


def test_the_role_of_the_stack_is_the_one_that_calls_are_judged_by(cloud):
    own = "judged-lake"  # others of this process may have the usual name
    cloud.deploy(BucketName=own)
    iam = cloud.client("iam")
    (made,) = iam.list_roles()["Roles"]
    found = []
    for name in iam.list_role_policies(RoleName=made["RoleName"])["PolicyNames"]:
        policy = iam.get_role_policy(RoleName=made["RoleName"], PolicyName=name)["PolicyDocument"]
        # Moto keeps one that is a resource of its own as the text of a dict.
        found += (literal_eval(policy) if isinstance(policy, str) else policy)["Statement"]
    told = json.loads(json.dumps(found).replace(REGION, role.REGION).replace(own, role.BUCKET))
    assert sorted(told, key=itemgetter("Sid")) == sorted(role.statements(), key=itemgetter("Sid"))
