"""The endpoints of compliance jobs, and the storage that their signed URLs lead to."""

from typing import Any

import orjson
from fastapi import Request, Response

from sandbox.compliance import ComplianceJobs, Job, JobStatus
from sandbox.field_names import JOB_FIELDS
from sandbox.parameters import Parameters
from sandbox.problems import RefusalError, blank, conflict, invalid_request
from sandbox.vocabulary import select

_KINDS = frozenset({"tweets", "users"})
_STATUSES = frozenset({"created", "in_progress", "failed", "complete"})
_LONGEST_NAME = 64
_FIELDS = "compliance_job.fields"


class ComplianceApi:
    """Answers about jobs; a request brings the moment, and a POST or PUT its body."""

    def __init__(self, jobs: ComplianceJobs) -> None:
        """Take the jobs."""
        self._jobs = jobs

    def create(self, request: Request) -> dict[str, Any]:
        """POST /2/compliance/jobs."""
        fields = _fields(Parameters(request.query_params, (_FIELDS,)))
        order, now = _order(request.state.body), request.state.now
        if self._jobs.running(order["type"], now):
            raise RefusalError(409, conflict(f"A job of type {order['type']} is not over yet."))
        base_url = str(request.base_url).rstrip("/")
        resumable = order.get("resumable", False)
        name = order.get("name")
        job = self._jobs.create(order["type"], name, now, base_url, resumable=resumable)
        return {"data": select(job.wire(now), fields)}

    def listed(self, request: Request) -> dict[str, Any]:
        """GET /2/compliance/jobs."""
        parameters = Parameters(request.query_params, ("type", "status", _FIELDS))
        parameters.required("type")
        (kind,) = parameters.choices("type", _KINDS, most=1)
        statuses, now = parameters.choices("status", _STATUSES, most=1), request.state.now
        fields = _fields(parameters)
        jobs = [
            select(self._jobs.poll(job, now), fields)
            for job in self._jobs.newest_first(kind)
            if not statuses or job.status(now) in statuses
        ]
        return ({"data": jobs} if jobs else {}) | {"meta": {"result_count": len(jobs)}}

    def one(self, request: Request) -> dict[str, Any]:
        """GET /2/compliance/jobs/{id}."""
        fields = _fields(Parameters(request.query_params, (_FIELDS,)))
        job = self._jobs.find(request.path_params["id"])
        if job is None:
            raise RefusalError(404, blank(404, "Not Found"))
        return {"data": select(self._jobs.poll(job, request.state.now), fields)}

    def upload(self, request: Request) -> Response:
        """PUT of ids to the storage."""
        job = self._jobs.find(request.path_params["id"])
        refusal = _storage_refusal(request, job, "submission")
        if job is None or refusal:
            return refusal or _xml(403, "SignatureDoesNotMatch")
        if request.headers.get("content-type") != "text/plain":  # the header is signed
            return _xml(403, "SignatureDoesNotMatch")
        if request.state.now >= job.upload_expires:
            return _xml(400, "ExpiredToken")
        self._jobs.upload(job, request.state.body, request.state.now)
        return Response(status_code=200)

    def download(self, request: Request) -> Response:
        """GET of a result from the storage."""
        job = self._jobs.find(request.path_params["id"])
        refusal = _storage_refusal(request, job, "delivery")
        if job is None or refusal:
            return refusal or _xml(403, "SignatureDoesNotMatch")
        if request.state.now >= job.download_expires:
            return _xml(400, "ExpiredToken")
        if job.status(request.state.now) is not JobStatus.COMPLETE:
            return _xml(404, "NoSuchKey")
        return Response(job.result, media_type="application/octet-stream")


def _storage_refusal(request: Request, job: Job | None, action: str) -> Response | None:
    """Refuse two ways of proving oneself at once, as storage services do, and a wrong one."""
    if "authorization" in request.headers:
        return _xml(400, "InvalidArgument")
    signature = request.query_params.get("X-Goog-Signature")
    if job is None or signature != job.signature(action):
        return _xml(403, "SignatureDoesNotMatch")
    return None


def _xml(status: int, code: str) -> Response:
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"
    return Response(body, status, media_type="application/xml")


def _fields(parameters: Parameters) -> frozenset[str]:
    asked = parameters.fields("compliance_job")
    return asked | {"id"} if asked else JOB_FIELDS


def _order(body: bytes) -> dict[str, Any]:
    """Return the body of a POST, checked; raise the 400 that X would answer."""
    try:
        order = orjson.loads(body)
    except orjson.JSONDecodeError:
        order = None
    if not isinstance(order, dict):
        raise invalid_request("body", "", "The request body is not a JSON object")
    name = order.get("name", "")
    kind = order.get("type")
    wrong = {
        "type": not isinstance(kind, str) or kind not in _KINDS,
        "name": not isinstance(name, str) or len(name) > _LONGEST_NAME,
        "resumable": not isinstance(order.get("resumable", False), bool),
    } | {key: True for key in order if key not in {"type", "name", "resumable"}}
    for key, is_wrong in wrong.items():
        if is_wrong:
            value = str(order.get(key, ""))
            raise invalid_request(key, value, f"The `{key}` field value [{value}] is not valid")
    return order
