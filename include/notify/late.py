"""The message about datasets that are late, and about those that are back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial

from include.data_docs.words import interval_in_words
from include.lake import Lake
from include.lateness import Late, late
from include.notify import message
from include.notify.alerts import LATE_KEY, News
from include.notify.tell import tell
from include.notify.words import names_in_words
from include.settings import Settings

KIND = "late"
"""The only kind of trouble of a dataset as a whole."""


def tell_late(
    lake: Lake, settings: Settings, *, occasion: str, now: datetime, airflow_url: str
) -> list[str]:
    """Look which datasets are late, and say what is new of it; returns their names.

    Raises:
        TweetLakeError: a channel failed, or the lake did.
    """
    grace = timedelta(minutes=settings.late_after_minutes)
    found = {one.dataset: one for one in late(lake, now, grace)}
    tell(
        lake,
        LATE_KEY,
        settings,
        judge=lambda known: known.judge(
            dict.fromkeys(found, KIND),
            interval=None,
            now=now,
            quiet=timedelta(hours=settings.quiet_hours),
            fine=known.open.keys() - found.keys(),
        ),
        compose=lambda news: compose(found, news, settings=settings, airflow_url=airflow_url),
        occasion=occasion,
        interval=None,
        now=now,
    )
    return list(found)


def compose(
    found: Mapping[str, Late], news: News, *, settings: Settings, airflow_url: str
) -> EmailMessage | None:
    """Say since when, what is there, and where to look; None where there is nothing new.

    Args:
        found: every dataset that is late now, by its name.
        news: which of them are to be told, and which are back.
        settings: whom to tell, and how long a run may take.
        airflow_url: where Airflow's pages are.
    """
    told = [found[name] for name in sorted(news.told) if name in found]
    if not (told or news.recovered):
        return None
    said = []
    if told:
        since = min(one.missing.end for one in told)
        said.append(f"{names_in_words(news.told)} late since {since:%Y-%m-%d %H:%M} UTC")
    if news.recovered:
        said.append(f"{names_in_words(news.recovered)} on time again")
    return message.compose(
        "late",
        f"[tweet-lake] {', '.join(said)}",
        settings.alert_to,
        headline=", ".join(said),
        told=told,
        still=sorted(name for name in news.still if name in found),
        recovered=sorted(news.recovered),
        missing=partial(_missing, settings.late_after_minutes),
        newest=_newest,
        airflow_url=airflow_url.rstrip("/"),
    )


def _missing(minutes: int, one: Late) -> str:
    return (
        f"No report of the run over {interval_in_words(one.missing)}, nor of a later one, "
        f"{minutes} minutes after its end."
    )


def _newest(one: Late) -> str:
    if one.newest is None:
        return "There is no report of any run."
    return f"The newest report is of the run over {interval_in_words(one.newest)}."
