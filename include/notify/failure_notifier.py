"""What Airflow calls when a task failed for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

from include.errors import RunFailedError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.notify.failure import TaskFailure


class TaskFailureMail(BaseNotifier):
    """Mail ``alert_to`` of the settings, as a task's ``on_failure_callback``.

    A :class:`RunFailedError` sends nothing: what failed has told of itself.
    DAG files import this module, so that everything else is imported when a task has failed.
    """

    def notify(self, context: Context) -> None:
        """Compose and send the mail.

        Raises:
            BadConfiguration: settings or mail connection are not right.
            MailNotSent: the mail server refused it or could not be reached.
        """
        if isinstance(context.get("exception"), RunFailedError):
            return
        from include.connections import load_settings
        from include.notify.failure import compose
        from include.notify.mail import send

        send(compose(_failure(context), recipients=load_settings().alert_to))


def _failure(context: Context) -> TaskFailure:
    from airflow.sdk.log import redact  # type: ignore[attr-defined]

    from include.notify.failure import TaskFailure

    ti, error = context["ti"], context.get("exception")
    mapped = ti.map_index is not None and ti.map_index >= 0
    return TaskFailure(
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        map_label=(ti.rendered_map_index or str(ti.map_index)) if mapped else None,
        interval=_interval(context),
        try_number=ti.try_number,
        most_tries=ti.max_tries + 1,
        error_type=type(error).__name__ if isinstance(error, BaseException) else "no exception",
        error_message=str(redact(str(error or ""))),
        log_url=ti.log_url,
    )


def _interval(context: Context) -> str | None:
    """In words; an interval that may itself be why the task failed is told as it is."""
    from include.data_docs.words import interval_in_words
    from include.interval import Interval

    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if not (start and end):
        run_id = context.get("run_id")
        return f"run {run_id}" if run_id else None
    try:
        return interval_in_words(Interval(start, end))
    except ValueError:
        return f"{start.isoformat()} – {end.isoformat()}"
