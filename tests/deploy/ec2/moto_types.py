"""What moto's CloudFormation knows nothing of, or little: made with the template's own properties.

Moto drops kinds of resources that it does not know from a stack, and keeps two properties of a
bucket. Here each of ours is made by a call of its service to the same server, so that a stack in
moto has all that the template says. Left out, by moto itself: WaitCondition and its handle.
"""

# ruff: noqa: ARG003 - moto asks for these arguments
from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, ClassVar

import boto3
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

endpoint = ""
"""Where moto listens; the fixture of the tests says."""
_KINDS: dict[str, type] = {}


@contextmanager
def known() -> Iterator[None]:
    """Have moto make them, for as long as that lasts: other tests have stacks of less."""
    kinds = parsing.get_model_map()
    before = dict(kinds)
    kinds.update(_KINDS)
    yield
    kinds.clear()
    kinds.update(before)


def client(service: str, region: str) -> Any:
    return _client(service, region, endpoint)


@lru_cache
def _client(service: str, region: str, url: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class Made(CloudFormationModel):
    """A resource that was made by ``make``; what a template asks about it is in ``about``."""

    kind: ClassVar[str] = ""

    def __init__(self, physical: str, about: dict[str, str]) -> None:
        self.physical_resource_id = physical
        self.about = about

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    def get_cfn_attribute(self, name: str) -> str:
        return self.about[name]

    @classmethod
    def create_from_cloudformation_json(cls, name, cloudformation_json, account_id, region, **_):
        return cls.make(cloudformation_json["Properties"], region)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        return cls.change(original_resource, cloudformation_json["Properties"], region_name)

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name, cloudformation_json, account_id, region
    ):
        if "Retain" not in cloudformation_json.get("DeletionPolicy", ""):
            cls.unmake(resource_name, cloudformation_json["Properties"], region)

    @classmethod
    def change(cls, there, wanted, region):
        return cls.make(wanted, region)  # these calls of AWS's replace what was there

    @classmethod
    def unmake(cls, name, properties, region):
        raise NotImplementedError(cls.kind)


def of_kind(kind: str) -> Any:
    """A direct subclass of moto's class, as its registry wants: of what CloudFormation calls so."""

    def register(cls: type[Made]) -> type[Made]:
        named = {
            "cloudformation_type": staticmethod(lambda: kind),
            "cloudformation_name_type": staticmethod(lambda: ""),
        }
        _KINDS[kind] = type(cls.__name__, (cls,), {**named, "kind": kind})
        return cls

    return register


@of_kind("AWS::SecretsManager::Secret")
class Secret(Made):
    @classmethod
    def make(cls, wanted, region):
        secrets = client("secretsmanager", region)
        text = wanted.get("SecretString")
        if how := wanted.get("GenerateSecretString"):
            text = secrets.get_random_password(
                PasswordLength=how["PasswordLength"], ExcludePunctuation=how["ExcludePunctuation"]
            )["RandomPassword"]
            if "SecretStringTemplate" in how:
                known = json.loads(how["SecretStringTemplate"])
                text = json.dumps({**known, how["GenerateStringKey"]: text})
        made = secrets.create_secret(
            Name=wanted["Name"], Description=wanted["Description"], SecretString=text
        )
        return cls(made["ARN"], {})

    @classmethod
    def change(cls, there, wanted, region):
        if "SecretString" in wanted:
            client("secretsmanager", region).put_secret_value(
                SecretId=there.physical_resource_id, SecretString=wanted["SecretString"]
            )
        return there

    @classmethod
    def unmake(cls, name, properties, region):
        client("secretsmanager", region).delete_secret(
            SecretId=name, ForceDeleteWithoutRecovery=True
        )


@of_kind("AWS::SecretsManager::SecretTargetAttachment")
class Attachment(Made):
    @classmethod
    def make(cls, wanted, region):
        secrets, name = client("secretsmanager", region), wanted["SecretId"]
        (found,) = client("rds", region).describe_db_instances(
            DBInstanceIdentifier=wanted["TargetId"]
        )["DBInstances"]
        known = {
            **json.loads(secrets.get_secret_value(SecretId=name)["SecretString"]),
            "engine": found["Engine"],
            "host": found["Endpoint"]["Address"],
            "port": found["Endpoint"]["Port"],
            "dbname": found["DBName"],
        }
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps(known))
        return cls(name, {})

    @classmethod
    def unmake(cls, name, properties, region):
        """The secret goes with its own resource."""


@of_kind("AWS::S3::Bucket")
class Bucket(Made):
    @classmethod
    def make(cls, wanted, region):
        name = wanted["BucketName"]
        where = {"LocationConstraint": region}
        client("s3", region).create_bucket(Bucket=name, CreateBucketConfiguration=where)
        there = cls(name, {"Arn": f"arn:aws:s3:::{name}"})
        return cls.change(there, wanted, region)

    @classmethod
    def change(cls, there, wanted, region):
        s3, name = client("s3", region), there.physical_resource_id
        s3.put_bucket_versioning(
            Bucket=name, VersioningConfiguration=wanted["VersioningConfiguration"]
        )
        rules = [
            {
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                "BucketKeyEnabled": rule["BucketKeyEnabled"],
            }
            for rule in wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        ]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
        s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration=wanted["PublicAccessBlockConfiguration"],
        )
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=wanted["OwnershipControls"])
        told = [lifecycle(rule) for rule in wanted["LifecycleConfiguration"]["Rules"] if rule]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": told})
        return there

    @classmethod
    def unmake(cls, name, properties, region):
        client("s3", region).delete_bucket(Bucket=name)


def lifecycle(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of CloudFormation's as S3's API has it."""
    told = {"ID": rule["Id"], "Filter": {"Prefix": rule["Prefix"]}, "Status": rule["Status"]}
    if "ExpirationInDays" in rule:
        told["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "ExpiredObjectDeleteMarker" in rule:
        told["Expiration"] = {"ExpiredObjectDeleteMarker": rule["ExpiredObjectDeleteMarker"]}
    same = "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"
    told |= {
        name: {key: int(value) for key, value in rule[name].items()}
        for name in same
        if name in rule
    }
    known = {"Id", "Prefix", "Status", "ExpirationInDays", "ExpiredObjectDeleteMarker", *same}
    assert rule.keys() <= known, rule
    return told


@of_kind("AWS::S3::BucketPolicy")
class BucketPolicy(Made):
    @classmethod
    def make(cls, wanted, region):
        policy = json.dumps(wanted["PolicyDocument"])
        client("s3", region).put_bucket_policy(Bucket=wanted["Bucket"], Policy=policy)
        return cls(wanted["Bucket"], {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("s3", region).delete_bucket_policy(Bucket=name)


@of_kind("AWS::Glue::Database")
class GlueDatabase(Made):
    @classmethod
    def make(cls, wanted, region):
        client("glue", region).create_database(**wanted)
        return cls(wanted["DatabaseInput"]["Name"], {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("glue", region).delete_database(Name=name)


@of_kind("AWS::LakeFormation::Resource")
class LakeLocation(Made):
    @classmethod
    def make(cls, wanted, region):
        client("lakeformation", region).register_resource(
            ResourceArn=wanted["ResourceArn"],
            UseServiceLinkedRole=wanted["UseServiceLinkedRole"],
        )
        return cls(wanted["ResourceArn"], {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("lakeformation", region).deregister_resource(ResourceArn=name)


@of_kind("AWS::LakeFormation::PrincipalPermissions")
class LakePermissions(Made):
    @classmethod
    def make(cls, wanted, region):
        client("lakeformation", region).grant_permissions(**wanted)
        return cls(json.dumps(wanted["Resource"]), {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("lakeformation", region).revoke_permissions(**properties)


@of_kind("AWS::CloudWatch::Alarm")
class Alarm(Made):
    @classmethod
    def make(cls, wanted, region):
        client("cloudwatch", region).put_metric_alarm(**wanted)
        return cls(wanted["AlarmName"], {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("cloudwatch", region).delete_alarms(AlarmNames=[name])


@of_kind("AWS::EC2::Instance")
class Instance(Made):
    """Moto has one, without its door, its metadata's options, and without any update."""

    @classmethod
    def make(cls, wanted, region):
        asked = {
            **wanted,
            "UserData": b64decode(wanted["UserData"]).decode(),
            "IamInstanceProfile": {"Name": wanted["IamInstanceProfile"]},
            "TagSpecifications": [{"ResourceType": "instance", "Tags": wanted["Tags"]}],
        }
        del asked["Tags"]
        (made,) = client("ec2", region).run_instances(MinCount=1, MaxCount=1, **asked)["Instances"]
        return cls(made["InstanceId"], {})

    @classmethod
    def change(cls, there, wanted, region):
        ec2, found = client("ec2", region), [there.physical_resource_id]
        ec2.stop_instances(InstanceIds=found)
        ec2.modify_instance_attribute(
            InstanceId=found[0], InstanceType={"Value": wanted["InstanceType"]}
        )
        ec2.start_instances(InstanceIds=found)
        return there

    @classmethod
    def unmake(cls, name, properties, region):
        client("ec2", region).terminate_instances(InstanceIds=[name])


@of_kind("AWS::RDS::DBParameterGroup")
class DatabaseParameters(Made):
    """Moto has one that its own RDS::DBInstance can't be given."""

    @classmethod
    def make(cls, wanted, region):
        rds, name = client("rds", region), f"parameters-{wanted['Family']}"
        rds.create_db_parameter_group(
            DBParameterGroupName=name,
            DBParameterGroupFamily=wanted["Family"],
            Description=wanted["Description"],
        )
        rds.modify_db_parameter_group(
            DBParameterGroupName=name,
            Parameters=[
                {"ParameterName": key, "ParameterValue": value, "ApplyMethod": "immediate"}
                for key, value in wanted["Parameters"].items()
            ],
        )
        return cls(name, {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("rds", region).delete_db_parameter_group(DBParameterGroupName=name)


@of_kind("AWS::RDS::DBInstance")
class Database(Made):
    @classmethod
    def make(cls, wanted, region):
        asked = {
            **wanted,
            "DBInstanceIdentifier": "metadata",
            "AllocatedStorage": int(wanted["AllocatedStorage"]),
            "VpcSecurityGroupIds": wanted["VPCSecurityGroups"],
        }
        del asked["VPCSecurityGroups"]
        client("rds", region).create_db_instance(**asked)
        return cls("metadata", {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("rds", region).delete_db_instance(
            DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=f"last-of-{name}"
        )

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name, cloudformation_json, account_id, region
    ):
        assert cloudformation_json["DeletionPolicy"] == "Snapshot"
        cls.unmake(resource_name, cloudformation_json["Properties"], region)


@of_kind("AWS::RDS::DBSubnetGroup")
class DatabaseSubnets(Made):
    """Moto has one that its own RDS::DBInstance can't be given."""

    @classmethod
    def make(cls, wanted, region):
        client("rds", region).create_db_subnet_group(DBSubnetGroupName="metadata", **wanted)
        return cls("metadata", {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("rds", region).delete_db_subnet_group(DBSubnetGroupName=name)
