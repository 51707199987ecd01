from __future__ import annotations

from typing import Any

import pytest

from include.notify.failure import TaskFailure, compose, without_secrets


def failure(**changes: Any) -> TaskFailure:
    told: dict[str, Any] = {
        "dag_id": "ingest_tweets",
        "task_id": "validate",
        "map_label": "nasa +3",
        "interval": "2026-11-20 00:00–04:00 UTC",
        "try_number": 4,
        "most_tries": 4,
        "error_type": "LakeUnavailable",
        "error_message": "s3://tweet-lake/: refused",
        "log_url": "http://airflow.example/dags/ingest_tweets/runs/r/tasks/validate/mapped/3",
    }
    return TaskFailure(**(told | changes))


def test_the_mail_tells_which_task_over_which_interval_and_where_its_log_is() -> None:
    mail = compose(failure(), recipients=["one@example.org"])
    plain, html = (part.get_content() for part in mail.iter_parts())

    assert mail["Subject"] == (
        "[tweet-lake] ingest_tweets.validate [nasa +3] failed: 2026-11-20 00:00–04:00 UTC"
    )
    for part in (plain, html):
        for fact in (
            "ingest_tweets.validate [nasa +3]",
            "2026-11-20 00:00–04:00 UTC",
            "4 of at most 4",
            "LakeUnavailable",
            "s3://tweet-lake/: refused",
            failure().log_url,
        ):
            assert fact in part


def test_a_run_without_interval_and_a_task_without_map_are_told_too() -> None:
    mail = compose(failure(interval=None, map_label=None), recipients=["one@example.org"])

    assert mail["Subject"] == "[tweet-lake] ingest_tweets.validate failed: no data interval"


def test_an_errors_lines_stay_lines_and_its_markup_stays_text() -> None:
    error = "first\nsecond <script>alert(1)</script>"
    mail = compose(failure(error_message=error), recipients=["one@example.org"])
    plain, html = (part.get_content() for part in mail.iter_parts())

    assert "    first\n    second <script>" in plain
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_label_can_not_add_a_header() -> None:
    mail = compose(failure(map_label="x\r\nBcc: spy@example.org"), recipients=["one@example.org"])

    assert mail["Bcc"] is None


def test_a_long_error_is_cut() -> None:
    mail = compose(failure(error_message="x" * 100_000), recipients=["one@example.org"])

    assert len(mail.as_bytes()) < 20_000


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer S3CRETS3CRET%3D",
        "{'Authorization': 'Bearer S3CRETS3CRET'}",
        "http://user:S3CRETS3CRET@host/path",
        "postgresql+psycopg2://airflow:S3CRETS3CRET@db:5432/airflow",
        "password=S3CRETS3CRET",
        '"client_secret": "S3CRETS3CRET"',
        "https://x.example/?access_token=S3CRETS3CRET&page=2",
        "AWS_SECRET_ACCESS_KEY=S3CRETS3CRET",
        "x-api-key: S3CRETS3CRET",
    ],
)
def test_what_looks_like_a_secret_is_left_out(text: str) -> None:
    mail = compose(failure(error_message=f"call failed: {text}"), recipients=["one@example.org"])

    assert "S3CRET" not in without_secrets(text)
    for part in mail.iter_parts():
        assert "S3CRET" not in part.get_content()
        assert "call failed" in part.get_content()


@pytest.mark.parametrize(
    "text",
    [
        "account nasa: like_count: 1.5 is not a whole number",
        "pagination_token 7140dibdnow9c7btw is gone; 3 tokens left",
        "s3://tweet-lake/raw/tweets/dt=2026-11-20/: refused",
        "the mail went to one@example.org",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text
