"""What moto's CloudFormation knows nothing of, or little: made with the template's own properties.

Moto drops kinds of resources that it does not know from a stack, keeps two properties of a
bucket, and looks at the condition of a resource once. Here each of ours is made by a call of its
service to the same server, so that a stack in moto has all that the template says.
"""

# ruff: noqa: ARG003 - moto asks for these arguments
from __future__ import annotations

import itertools
import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import lru_cache
from typing import Any, ClassVar
from unittest import mock

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
    with (
        mock.patch.object(parsing, "NULL_MODELS", []),
        mock.patch.object(parsing.ResourceMap, "build_resource_diff", _difference),
        mock.patch.object(parsing.ResourceMap, "update", _update),
    ):
        yield
    kinds.clear()
    kinds.update(before)


_difference_of_templates = parsing.ResourceMap.build_resource_diff
_update_of_the_rest = parsing.ResourceMap.update


def _difference(self, template, parameters=None):
    """Moto's, with what a changed condition takes away or adds."""
    after = copy(self)
    after._parsed_resources = dict(self._parsed_resources)
    after.input_parameters = {**self.input_parameters, **(parameters or {})}
    after.load_parameters()
    after.load_conditions()
    found = _difference_of_templates(self, template, parameters)
    for name, resource in template["Resources"].items():
        condition = resource.get("Condition")
        if condition and name in self._resource_json_map:
            was, will = (m.lazy_condition_map[condition] for m in (self, after))
            if not (was and will) and name in found["Modify"]:
                found["Modify"].remove(name)
            if was is not will:
                found["Add" if will else "Remove"].append(name)
    return found


def _update(self, template, parameters=None):
    gone = _difference(self, template, parameters)["Remove"]
    before = {name: self._parsed_resources.get(name) for name in gone}
    _update_of_the_rest(self, template, parameters)
    for name, resource in before.items():
        if self._parsed_resources.get(name) is resource:
            self._parsed_resources.pop(name, None)


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


_signals = itertools.count(1)


@of_kind("AWS::CloudFormation::WaitConditionHandle")
class Signal(Made):
    @classmethod
    def make(cls, wanted, region):
        return cls(f"https://cloudformation.example/signal-{next(_signals)}", {})

    @classmethod
    def unmake(cls, name, properties, region):
        """Nobody waits at it any more."""


@of_kind("AWS::CloudFormation::WaitCondition")
class Wait(Signal):
    """It does not wait: no host starts in moto."""


@of_kind("AWS::EC2::NetworkInterface")
class Interface(Made):
    """Moto has one without its groups."""

    @classmethod
    def make(cls, wanted, region):
        asked = {**wanted, "Groups": wanted["GroupSet"]}
        del asked["GroupSet"]
        made = client("ec2", region).create_network_interface(**asked)
        return cls(made["NetworkInterface"]["NetworkInterfaceId"], {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("ec2", region).delete_network_interface(NetworkInterfaceId=name)


@of_kind("AWS::EC2::EIPAssociation")
class AddressOfInterface(Made):
    @classmethod
    def make(cls, wanted, region):
        return cls(client("ec2", region).associate_address(**wanted)["AssociationId"], {})

    @classmethod
    def unmake(cls, name, properties, region):
        client("ec2", region).disassociate_address(AssociationId=name)


@of_kind("AWS::EC2::Instance")
class Instance(Made):
    """Moto has one, without its door, its metadata's options, and without any update."""

    @classmethod
    def make(cls, wanted, region):
        (interface,) = wanted["NetworkInterfaces"]
        (found,) = client("ec2", region).describe_network_interfaces(
            NetworkInterfaceIds=[interface["NetworkInterfaceId"]]
        )["NetworkInterfaces"]
        if held := found.get("Attachment"):  # moto lets it go on forever
            before = client("ec2", region).describe_instances(InstanceIds=[held["InstanceId"]])
            (state,) = [each["State"]["Name"] for each in before["Reservations"][0]["Instances"]]
            assert state == "terminated", "AWS has one host at an interface at most"
        assert "Association" in found, "the host begins without a way out"
        asked = {
            **wanted,
            "NetworkInterfaces": [{**interface, "DeviceIndex": int(interface["DeviceIndex"])}],
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
