"""The environment of a task or command whose lake is one that a test has made."""

from __future__ import annotations

import json
from typing import Any


def task_environment(s3: Any, bucket: str) -> dict[str, str]:
    """Settings and AWS connection that lead to a bucket of the client's server."""
    settings = {
        "bucket": bucket,
        "alert_to": ["data-team@example.org"],
        "data_docs_url": "http://docs.example.org",
    }
    connection = {
        "conn_type": "aws",
        "login": "test",
        "password": "test",
        "extra": {"endpoint_url": s3.meta.endpoint_url, "region_name": "us-east-1"},
    }
    return {
        "AIRFLOW_VAR_TWEET_LAKE": json.dumps(settings),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
    }
