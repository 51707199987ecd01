"""The mail about a task that failed for good."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from include.notify import message

_LONGEST_ERROR = 1000
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/%=-]{8,}"), r"\1 ***"),
    (re.compile(r"://[^/\s@]+@"), "://***@"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:password|passwd|secret|token|api[_-]?key|authorization)[\w-]*"
            r"[\"']?\s*[:=]\s*[\"']?)(?!\*\*\*|bearer |basic )[^\s\"',;&)}]+"
        ),
        r"\1***",
    ),
)


@dataclass(frozen=True, kw_only=True)
class TaskFailure:
    """A task that Airflow won't try again."""

    dag_id: str
    task_id: str
    map_label: str | None
    """Which one of a mapped task, as the grid names it."""
    interval: str | None
    """The run's data interval in words, or the run's name where it has none."""
    try_number: int
    most_tries: int
    error_type: str
    error_message: str
    log_url: str

    @property
    def name(self) -> str:
        """``ingest_tweets.validate [nasa +3]``."""
        label = f" [{self.map_label}]" if self.map_label else ""
        return f"{self.dag_id}.{self.task_id}{label}"


def compose(failure: TaskFailure, *, recipients: Sequence[str]) -> EmailMessage:
    """Say which task failed, over which interval, why, and where its log is."""
    when = f" {failure.interval}" if failure.interval else ""
    text = without_secrets(failure.error_message)
    if len(text) > _LONGEST_ERROR:
        text = f"{text[:_LONGEST_ERROR]} … (the log has it all)"
    return message.compose(
        "failure",
        f"[tweet-lake] {failure.name} failed:{when or ' no data interval'}",
        recipients,
        failure=failure,
        error_lines=text.splitlines() or ["(no message)"],
    )


def without_secrets(text: str) -> str:
    """Replace what looks like a token, a password or a URL's credentials by ``***``."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text
