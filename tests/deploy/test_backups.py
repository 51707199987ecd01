"""What the backups of both ways ask of S3; what becomes of them is in `command` and `plain`."""

from __future__ import annotations

import tempfile

import boto3
import pytest

from tests.deploy.dump import IN_PARTS, Dump, backups


@pytest.mark.parametrize("size", [1000, IN_PARTS])
def test_whose_the_bucket_has_to_be_is_said_with_every_request(s3, size):
    """Moto has no eye for it: S3 refuses by this header a stranger's bucket that lets us in."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    endpoint, bucket = s3.meta.endpoint_url, f"whose-bucket-{size}"
    client, sts = (session.client(name, endpoint_url=endpoint) for name in ("s3", "sts"))
    client.create_bucket(Bucket=bucket)
    asked = []
    client.meta.events.register("before-send.s3", lambda request, **_: asked.append(request))

    there, dump = backups(bucket, client, sts), Dump(size)
    kept, aside = there.write(dump, {"image": "1"}), there.write(dump, {})
    assert there.keys() == [kept]
    assert there.about(kept) == {"image": "1"}
    with tempfile.TemporaryFile() as output:
        there.feed(aside, dump, "pg_restore", output=output)
        output.seek(0)
        assert int(output.read()) == size

    sent = {(request.method, "?uploads" in request.url) for request in asked}
    assert sent >= {("PUT", False), ("GET", False), ("HEAD", False)}
    assert (("POST", True) in sent) == (size == IN_PARTS)
    account = sts.get_caller_identity()["Account"].encode()
    assert {request.headers.get("x-amz-expected-bucket-owner") for request in asked} == {account}
