"""The release's stack, and the release itself: the AWS CLI against a local AWS, docker stood in."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
import yaml
from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse

from tests.host_tools import host_tool

REPOSITORY = Path(__file__).parents[3]
TEMPLATE = REPOSITORY / "deploy" / "ec2" / "release.yaml"
COMPOSE = REPOSITORY / "deploy" / "host" / "compose.yaml"
POSTGRES = f"postgres@sha256:{'a' * 64}"
GITHUB = "token.actions.githubusercontent.com"

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS..IAM..OIDCProvider")  # moto's

HOST_STACK = """
Parameters:
  Image: {Type: String}
  Size: {Type: String, Default: t3.medium}
Resources:
  ImageParameter:
    Type: AWS::SSM::Parameter
    Properties: {Name: /tweet-lake/image, Type: String, Value: !Ref Image}
  Host:
    Type: AWS::EC2::Instance
    Properties: {ImageId: ami-12c6146b, InstanceType: !Ref Size}
Outputs:
  HostId: {Value: !Ref Host}
"""


class Cloud:
    """A region of a local AWS, with clients for it."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.endpoint = endpoint
        self.region = region

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def create(self, stack: str, template: str, **parameters: str) -> dict[str, str]:
        """Creates a stack and answers with its outputs."""
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=stack,
            TemplateBody=template,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
        (made,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in made["Outputs"]}


_regions = itertools.cycle(boto3.Session().get_available_regions("ecr"))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(endpoint):
    return Cloud(endpoint, next(_regions))


@pytest.fixture(scope="module")
def template():
    from cfnlint.decode.cfn_yaml import load

    return load(str(TEMPLATE))


@pytest.fixture
def release_stack(cloud):
    body = TEMPLATE.read_text("utf-8")
    made = cloud.create("tweet-lake-release", body, Repository="octo/lake")
    assert made["ImageRepository"] == (
        f"123456789012.dkr.ecr.{cloud.region}.amazonaws.com/tweet-lake"
    )
    return made


def statements(cloud: Cloud, output: str) -> dict[str, dict[str, Any]]:
    document = cloud.client("iam").get_role_policy(
        RoleName=output.rsplit("/", 1)[1], PolicyName="release"
    )["PolicyDocument"]  # as Python would write it: moto's way
    return {each["Sid"]: each for each in yaml.safe_load(document)["Statement"]}


def test_only_jobs_of_one_environment_of_one_repository_may_take_the_role(cloud, release_stack):
    role = cloud.client("iam").get_role(RoleName=release_stack["DeployRole"].rsplit("/", 1)[1])
    (trust,) = role["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{GITHUB}"}
    assert trust["Condition"] == {
        "StringEquals": {
            f"{GITHUB}:aud": "sts.amazonaws.com",
            f"{GITHUB}:sub": "repo:octo/lake:environment:production",
        }
    }


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("octo/lake", True),
        ("octo-org@12/my.lake_1@345", True),
        ("octo/*", False),
        ("*", False),
        ("octo@12/lake", False),
        ("octo/lake:environment:other", False),
    ],
)
def test_a_repository_is_named_as_the_subject_of_its_tokens(template, name, fits):
    pattern = template["Parameters"]["Repository"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, name)) is fits


def test_the_page_about_releases_names_what_the_stack_asks_for(template):
    page = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
    (overrides,) = re.findall(r"release\.yaml .+ --parameter-overrides (.+)", page)
    asked = template["Parameters"]
    for name, value in (each.split("=") for each in overrides.split()):
        allowed = asked[name].get("AllowedValues") or [value]
        assert value in allowed
        assert re.fullmatch(asked[name].get("AllowedPattern", ".*"), value)
    required = {name for name, each in asked.items() if "Default" not in each}
    assert required <= {each.split("=")[0] for each in overrides.split()}
    assert re.findall(r"`([A-Za-z]+)=exists`", page) == ["Registry", "GitHubProvider"]


def test_the_role_may_change_the_image_and_nothing_else(cloud, release_stack):
    granted = statements(cloud, release_stack["DeployRole"])
    here = f"{cloud.region}:123456789012"
    assert granted["PushAndReadImages"]["Resource"] == f"arn:aws:ecr:{here}:repository/tweet-lake"
    assert granted["ChangeHostStack"]["Resource"] == (
        f"arn:aws:cloudformation:{here}:stack/tweet-lake/*"
    )
    assert granted["NameImage"]["Resource"] == f"arn:aws:ssm:{here}:parameter/tweet-lake/image"
    assert granted["SendUpgradeToHost"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-name": "tweet-lake"}
    }
    everywhere = {sid for sid, each in granted.items() if each["Resource"] == "*"}
    assert everywhere == {"LogInToRegistry", "ReadHowItWent", "ReadWhatParametersName"}
    actions = [
        action
        for each in granted.values()
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    ]
    assert not [action for action in actions if "*" in action or action.startswith("iam:")]


def test_images_are_scanned_and_a_tag_keeps_its_image(cloud, release_stack, template):
    (images,) = cloud.client("ecr").describe_repositories()["repositories"]
    assert images["repositoryUri"] == release_stack["ImageRepository"]
    assert images["imageTagMutability"] == "IMMUTABLE"
    # moto leaves these two out of what it creates.
    asked = template["Resources"]["Images"]["Properties"]
    assert asked["ImageScanningConfiguration"] == {"ScanOnPush": True}
    rules = json.loads(asked["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert [rule["selection"]["countNumber"] for rule in rules] == [7, 30]


def test_whoever_may_send_the_upgrade_can_put_nothing_into_it(template):
    content = template["Resources"]["Upgrade"]["Properties"]["Content"]
    assert "parameters" not in content
    (step,) = content["mainSteps"]
    assert step["inputs"]["runCommand"] == ["/usr/local/bin/tweet-lake upgrade"]


def test_an_upgrade_that_goes_back_is_waited_for(template):
    resources = template["Resources"]
    (step,) = resources["Upgrade"]["Properties"]["Content"]["mainSteps"]
    limit = int(step["inputs"]["timeoutSeconds"])
    waits = re.findall(r"for _ in {1\.\.(\d+)}", (REPOSITORY / "deploy/ec2/release").read_text())
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/release.yaml").read_text())
    job = workflow["jobs"]["deploy"]
    (session,) = [
        s["with"]["role-duration-seconds"] for s in job["steps"] if "aws" in s.get("uses", "")
    ]
    # A scheduler that waits for its tasks, twice until all is healthy, and as long for all else.
    assert limit >= 2 * (600 + 2 * 600)
    assert limit < int(waits[0]) * 10 < job["timeout-minutes"] * 60 < session
    assert session == resources["DeployRole"]["Properties"]["MaxSessionDuration"]


@pytest.fixture
def release(cloud, tmp_path):
    """Runs deploy/ec2/release; docker is a stand-in that notes how it was called."""
    aws = host_tool("aws")
    # What moto lists of a change set is what differs in the template, which is never anything.
    (tmp_path / "changes").write_text("AWS::SSM::Parameter\tModify\tImageParameter\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, body in {
        "aws": f'''
            if [ "$2" = describe-change-set ]; then cat "{tmp_path}/changes"; exit; fi
            exec "{aws}" --endpoint-url "{cloud.endpoint}" "$@"''',
        "docker": f"""
            [ "$1" = login ] && cat > /dev/null
            [ "$1" = build ] && set -- "$BUILDX_NO_DEFAULT_ATTESTATIONS" "$@"
            printf "%s\\n" "$*" >> "{tmp_path}/docker"
            [ "$1" = inspect ] && printf "mirror/{POSTGRES}\\n{POSTGRES}\\n" || true""",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [REPOSITORY / "deploy" / "ec2" / "release", *arguments],
            env={
                "HOME": str(tmp_path),
                "PATH": f"{programs}:{os.environ['PATH']}",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": cloud.region,
            },
            input="",
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def put(cloud: Cloud, version: str) -> str:
    """Pushes a release's image, which ECR scans; answers with its digest."""
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": kind,
        "config": {"digest": f"sha256:{version}"},
        "layers": [],
    }
    ecr = cloud.client("ecr")
    pushed = ecr.put_image(
        repositoryName="tweet-lake", imageManifest=json.dumps(manifest), imageTag=version
    )["image"]["imageId"]
    ecr.start_image_scan(repositoryName="tweet-lake", imageId=pushed)
    return pushed["imageDigest"]


def make_critical(cloud: Cloud, digest: str) -> None:
    """Lets the scan of an image find something critical; without, one finding is high."""
    result = {
        "repositoryName": "tweet-lake",
        "imageId": {"imageDigest": digest},
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {"findingSeverityCounts": {"CRITICAL": 1, "HIGH": 2}},
    }
    requests.post(
        f"{cloud.endpoint}/moto-api/static/ecr/scan-finding-results",
        json={"results": [result] * 2, "region": cloud.region},
        timeout=10,
    ).raise_for_status()


def running(cloud: Cloud) -> str:
    return cloud.client("ssm").get_parameter(Name="/tweet-lake/image")["Parameter"]["Value"]


def test_a_release_is_deployed_by_digest_and_the_host_told(cloud, release_stack, release):
    host = cloud.create("tweet-lake", HOST_STACK, Image="old", Size="t3.large")
    digest = put(cloud, "v1.2.3")
    done = release("deploy", "v1.2.3")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "v1.2.3 runs on the host of tweet-lake"
    assert running(cloud) == f"{release_stack['ImageRepository']}@{digest}"
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName="tweet-lake")["Stacks"]
    assert {"ParameterKey": "Size", "ParameterValue": "t3.large"} in stack["Parameters"]
    (sent,) = cloud.client("ssm").list_commands()["Commands"]
    assert sent["DocumentName"] == release_stack["UpgradeDocument"]
    assert sent["InstanceIds"] == [host["HostId"]]


def test_what_ecr_finds_critical_is_not_deployed(cloud, release_stack, release):
    cloud.create("tweet-lake", HOST_STACK, Image="old")
    make_critical(cloud, put(cloud, "v1.2.3"))
    done = release("deploy", "v1.2.3")
    assert done.returncode == 1
    assert "ECR knows 1 critical weaknesses of v1.2.3" in done.stderr
    assert running(cloud) == "old"


def test_more_findings_than_ecr_tells_at_once_are_read(cloud, release_stack, release, monkeypatch):
    cloud.create("tweet-lake", HOST_STACK, Image="old")
    put(cloud, "v1.2.3")

    def paged(self):
        one = {"name": "CVE-2026-1", "severity": "LOW"}
        asked = self._get_param("nextToken")
        found = {"findings": [one] * (1 if asked else 100), "findingSeverityCounts": {"LOW": 101}}
        page = {"imageScanFindings": found, "imageScanStatus": {"status": "COMPLETE"}}
        return ActionResult(page if asked else {**page, "nextToken": "more"})

    monkeypatch.setattr(ECRResponse, "describe_image_scan_findings", paged)
    done = release("deploy", "v1.2.3")
    assert done.returncode == 0, done.stderr


def test_a_release_that_would_change_more_than_the_image_is_refused(
    cloud, release_stack, release, tmp_path
):
    cloud.create("tweet-lake", HOST_STACK, Image="old")
    put(cloud, "v1.2.3")
    with (tmp_path / "changes").open("a") as changes:
        changes.write("AWS::EC2::Instance\tModify\tHost\n")
    done = release("deploy", "v1.2.3")
    assert done.returncode == 1
    assert "would change more than its image, so nothing was changed" in done.stderr
    assert "AWS::EC2::Instance\tModify\tHost\n" in done.stderr
    assert "ImageParameter" not in done.stderr
    assert running(cloud) == "old"
    assert (
        cloud.client("cloudformation").list_change_sets(StackName="tweet-lake")["Summaries"] == []
    )


def test_a_release_is_pushed_once(cloud, release_stack, release, tmp_path):
    uri = release_stack["ImageRepository"]
    assert release("push", "v1.2.3").returncode == 0
    login, pull, inspect, build, push = (tmp_path / "docker").read_text().splitlines()
    assert login == f"login --username AWS --password-stdin {uri.split('/')[0]}"
    (postgres,) = re.findall(r"image: (postgres:\S+)", COMPOSE.read_text("utf-8"))
    assert pull == f"pull --quiet --platform linux/amd64 {postgres}"
    assert inspect == f'inspect --format {{{{join .RepoDigests "\\n"}}}} {postgres}'
    assert build == (
        "1 build --platform linux/amd64 --file deploy/host/Dockerfile "
        f"--build-arg POSTGRES_IMAGE={POSTGRES} --tag {uri}:v1.2.3 ."
    )
    assert push == f"push --quiet {uri}:v1.2.3"
    (tmp_path / "docker").unlink()
    digest = put(cloud, "v1.2.3")
    assert release("push", "v1.2.3").stdout == f"v1.2.3 was pushed before: {uri}@{digest}\n"
    assert not (tmp_path / "docker").exists()


def test_what_is_missing_is_named_with_its_remedy(cloud, release):
    assert "Create the stack tweet-lake-release" in release("push", "v1.2.3").stderr
    cloud.create("tweet-lake-release", TEMPLATE.read_text("utf-8"), Repository="octo/lake")
    assert "make push VERSION=v1.2.3" in release("deploy", "v1.2.3").stderr
    assert "VERSION is 'latest'" in release("push", "latest").stderr
