import boto3
import pytest

from include.errors import LakeChanged, LakeUnavailable
from include.lake import Lake


def test_objects_read_back(lake):
    lake.put_json("a/b.json", {"é": 1})
    lake.put_page("a/page.json.gz", b'{"data": []}')
    assert lake.get_json("a/b.json") == {"é": 1}
    assert lake.get_page("a/page.json.gz") == b'{"data": []}'
    assert list(lake.keys("a/")) == ["a/b.json", "a/page.json.gz"]
    assert list(lake.folders("")) == ["a/"]
    assert lake.find("a/none") is None


def test_an_object_is_read_as_it_was_listed_or_not_at_all(lake):
    lake.put("a", b"0123456789")
    (entry,) = lake.entries("a")
    assert (entry.key, entry.size) == ("a", 10)
    assert lake.get_listed("a", entry.etag) == b"0123456789"
    lake.put("a", b"changed")
    for key in ("a", "gone"):
        with pytest.raises(LakeChanged, match=f"{lake.bucket}/{key} was replaced or deleted"):
            lake.get_listed(key, entry.etag)


def test_equal_values_are_equal_bytes(lake):
    lake.put_json("one", {"a": 1, "b": 2})
    lake.put_json("two", {"b": 2, "a": 1})
    lake.put_page("one.gz", b"{}" * 1000)
    lake.put_page("two.gz", b"{}" * 1000)
    assert lake.get("one") == lake.get("two")
    assert lake.get("one.gz") == lake.get("two.gz")


def test_more_than_a_thousand_keys_are_listed(lake):
    for number in range(1003):
        lake.put(f"many/{number:04d}", b"")
    assert sum(1 for _ in lake.keys("many/")) == 1003


@pytest.mark.parametrize(
    "use",
    [
        lambda lake: lake.check(),
        lambda lake: lake.put("k", b""),
        lambda lake: lake.get("k"),
        lambda lake: list(lake.keys("k")),
        lambda lake: lake.delete("k"),
    ],
)
def test_a_missing_bucket_is_named_with_the_remedy(s3, use):
    with pytest.raises(LakeUnavailable, match=r"s3://no-such-bucket/.*aws_default"):
        use(Lake(s3, "no-such-bucket"))


def test_an_unreachable_s3_is_named_with_the_remedy():
    client = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    with pytest.raises(LakeUnavailable, match=r"s3://lake/.*aws_default"):
        Lake(client, "lake").check()
