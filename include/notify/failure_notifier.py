"""What Airflow calls when a task failed for good."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

from include.errors import RunFailedError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.interval import Interval
    from include.notify.failure import TaskFailure

log = logging.getLogger(__name__)


class TaskFailureAlert(BaseNotifier):
    """Tell of a task that failed for good, as its ``on_failure_callback``.

    A :class:`RunFailedError` tells nothing: what failed has told of itself. Nor does a task that
    was told to fail of the same kind of error within the quiet period; where the lake can't say
    so, everybody is told.

    DAG files import this module, so that everything else is imported when a task has failed.
    """

    def notify(self, context: Context) -> None:
        """Compose and send the alert.

        Raises:
            BadConfiguration: settings or a connection are not right.
            TweetLakeError: a channel failed; the others were tried.
        """
        if isinstance(context.get("exception"), RunFailedError):
            return
        from datetime import UTC, datetime, timedelta

        from include.connections import load_settings, open_lake
        from include.notify.alerts import tasks_key
        from include.notify.channels import send
        from include.notify.failure import compose
        from include.notify.tell import recall, tell

        settings, failure, interval = load_settings(), _failure(context), _interval(context)
        message, now = compose(failure, recipients=settings.alert_to), datetime.now(UTC)
        key = tasks_key(failure.dag_id)
        try:
            lake = open_lake(settings)
            recall(lake, key)
        except Exception:
            log.exception("The lake can't say what people know: they are told")
            send(message, settings).check()
            return
        tell(
            lake,
            key,
            settings,
            judge=lambda known: known.judge(
                {failure.task_id: failure.error_type},
                interval=interval,
                now=now,
                quiet=timedelta(hours=settings.quiet_hours),
            ),
            compose=lambda news: message if news.told else None,
            occasion=None,
            interval=interval,
            now=now,
        )


def _failure(context: Context) -> TaskFailure:
    from airflow.sdk.log import redact  # type: ignore[attr-defined]

    from include.notify.failure import TaskFailure

    ti, error = context["ti"], context.get("exception")
    mapped = ti.map_index is not None and ti.map_index >= 0
    return TaskFailure(
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        map_label=(ti.rendered_map_index or str(ti.map_index)) if mapped else None,
        interval=_when(context),
        try_number=ti.try_number,
        most_tries=ti.max_tries + 1,
        error_type=type(error).__name__ if isinstance(error, BaseException) else "no exception",
        error_message=str(redact(str(error or ""))),
        log_url=ti.log_url,
    )


def _when(context: Context) -> str | None:
    """In words; an interval that may itself be why the task failed is told as it is."""
    from include.data_docs.words import interval_in_words

    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if not (start and end):
        run_id = context.get("run_id")
        return f"run {run_id}" if run_id else None
    interval = _interval(context)
    return interval_in_words(interval) if interval else f"{start.isoformat()} – {end.isoformat()}"


def _interval(context: Context) -> Interval | None:
    from include.interval import Interval

    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    try:
        return Interval(start, end) if start and end else None
    except ValueError:
        return None
