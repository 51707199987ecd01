"""The message that a DAG works again whose failure was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage

from include.data_docs.words import interval_in_words
from include.interval import Interval
from include.lake import Lake
from include.notify import message
from include.notify.alerts import Alerts, News, tasks_key
from include.notify.tell import recall, tell
from include.notify.words import known_troubles, names_in_words
from include.settings import Settings


def tell_green(
    lake: Lake,
    settings: Settings,
    dag_id: str,
    interval: Interval,
    *,
    now: datetime,
    airflow_url: str,
) -> None:
    """Say that a run went through, if people were told of a failure before it.

    A run over an older interval than the failure's says nothing.

    Raises:
        TweetLakeError: a channel failed, or the lake did.
    """
    key = tasks_key(dag_id)
    occasion = _occasion(recall(lake, key), interval, now)
    if occasion is None:
        return
    tell(
        lake,
        key,
        settings,
        judge=lambda known: known.judge(
            {},
            interval=interval,
            now=now,
            quiet=timedelta(hours=settings.quiet_hours),
            fine=known.open.keys(),
        ),
        compose=lambda news: compose(
            dag_id, interval, news, recipients=settings.alert_to, airflow_url=airflow_url
        ),
        occasion=occasion,
        interval=interval,
        now=now,
    )


def _occasion(known: Alerts, interval: Interval, now: datetime) -> str | None:
    """Which message this is; None where people know of no failure.

    A run that is cleared may fail and go through again, so that its interval is no name. A retry
    goes on with the message that not every channel took.
    """
    name = f"{interval} went through"
    for occasion, sent in known.sent.items():
        if occasion.startswith(name) and sent.news.recovered:
            return occasion
    return f"{name} at {now.isoformat()}" if known.open else None


def compose(
    dag_id: str,
    interval: Interval,
    news: News,
    *,
    recipients: Sequence[str],
    airflow_url: str,
) -> EmailMessage | None:
    """Name the tasks that had failed; None where people know of none."""
    if not news.recovered:
        return None
    return message.compose(
        "green",
        f"[tweet-lake] {dag_id}: {names_in_words(news.recovered)} recovered",
        recipients,
        dag_id=dag_id,
        when=interval_in_words(interval),
        dag_url=f"{airflow_url.rstrip('/')}/dags/{dag_id}",
        tasks=known_troubles(news.recovered),
    )
