"""Compliance jobs through the client, against the sandbox's and its storage."""

import logging
from dataclasses import replace

import pytest

from include.x_api import errors
from include.x_api.client import XApi
from include.x_api.compliance_job import read_job, read_jobs, read_result

TOKEN = "sandbox-token"
POST = "2123687520217596160"


@pytest.fixture
def api(world):
    return XApi(world.x_url, TOKEN, sleep=lambda _: None)


def test_a_job_runs_from_ids_to_redactions(world, api):
    from sandbox.cast import CAST

    suspended = next(a.user_id for a in CAST if a.username == "shuttered_shop")
    job = api.submit_compliance_job("users", "a name")
    assert (job.name, job.status) == ("a name", "created")
    api.upload(job, f"{suspended}\n{CAST[0].user_id}\n".encode())
    statuses = [api.compliance_job(job.job_id).status for _ in range(2)]
    assert statuses == ["in_progress", "complete"]
    (found,) = read_result(api.download(job))
    assert (found.resource_id, found.reason) == (suspended, "suspended")
    assert api.compliance_jobs("users") == [api.compliance_job(job.job_id)]
    assert api.compliance_jobs("tweets") == []


def test_a_second_job_of_a_kind_has_a_name_of_its_own(api):
    api.submit_compliance_job("tweets", "one")
    with pytest.raises(errors.JobUnderWay, match="409 on /2/compliance/jobs"):
        api.submit_compliance_job("tweets", "two")


@pytest.mark.parametrize("fault", ["unavailable_text", "cut"])
def test_a_storage_that_falters_is_asked_again(world, api, fault):
    job = api.submit_compliance_job("tweets", "one")
    world.faults.add("unavailable_text", path="/submission", times=2)
    api.upload(job, b"17")
    api.compliance_job(job.job_id)
    world.faults.add(fault, path="/delivery", times=2)
    assert api.download(job) == b""


def test_a_storage_that_refuses_is_named_without_its_signature(world, api, caplog):
    caplog.set_level(logging.DEBUG)
    job = api.submit_compliance_job("tweets", "one")
    with pytest.raises(errors.XUnavailable, match=r"GET .*/delivery with 404") as refused:
        api.download(job)
    nobody = replace(job, upload_url=job.upload_url.replace(world.x_url, "http://127.0.0.1:9"))
    with pytest.raises(errors.XUnavailable, match=r"PUT .*/submission") as cut:
        api.upload(nobody, b"17")
    signature = job.download_url.rpartition("=")[2]
    for place in (refused.exconly(), cut.exconly(), repr(job), caplog.text):
        assert "X-Goog-Signature" not in place
        assert signature not in place
    assert cut.value.__suppress_context__


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'{"data": []}', b'{"data": {"id": "17", "status": "created"}}']
)
def test_a_job_without_meaning_is_no_job(body):
    with pytest.raises(errors.XUnavailable):
        read_job(body)


def test_no_jobs_are_an_empty_list():
    assert read_jobs(b'{"meta": {"result_count": 0}}') == []


@pytest.mark.parametrize("line", [b"{", b'{"id": 17, "reason": "deleted"}', b'{"id": "17"}'])
def test_a_line_that_cannot_be_read_is_not_left_out(line):
    good = b'{"id": "1", "action": "delete", "reason": "deleted"}\n\n'
    assert [r.resource_id for r in read_result(good)] == ["1"]
    with pytest.raises(errors.XUnavailable):
        read_result(good + line)
