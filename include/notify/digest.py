"""The digest: which accounts of a run somebody has to look at, why, and where; which recovered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from hashlib import sha256

from include.data_docs.keys import item_key, page_key, page_url, part_name, run_page_key
from include.data_docs.words import (
    Nouns,
    cost_in_words,
    count_of,
    interval_in_words,
    loud,
    nouns,
    to_review,
    tone,
)
from include.interval import Interval
from include.lake import Lake
from include.notify import message
from include.notify.alerts import Alerts, News, Trouble, accounts_key
from include.notify.tell import tell
from include.notify.words import known_troubles, names_in_words
from include.outcomes import Outcome
from include.report import AccountReport, RunReport
from include.settings import Settings

_MOST_ACCOUNTS = 50
"""Told in full; mail programs cut off long mails, and the run's page has them all."""
_MOST_EXAMPLES = 3
_MOST_KNOWN = 20
"""Accounts that people know of, and those that recovered: a name each."""
_WHY = (
    "Sent by tweet-lake because something is new in trouble, recovered, or should be known. "
    "The same trouble is told again once the quiet period is over; a clean run sends nothing."
)
_ABOUT_DATA = {Outcome.LANDED, Outcome.ROWS_QUARANTINED, Outcome.BATCH_QUARANTINED}
"""Outcomes whose trouble is in the posts: an interval without posts does not end it."""


def tell_digest(
    lake: Lake, settings: Settings, report: RunReport, now: datetime
) -> EmailMessage | None:
    """Send the digest of a run, unless people know all of it; returns what was sent.

    Raises:
        TweetLakeError: a channel failed, or the lake did.
    """
    return tell(
        lake,
        accounts_key(report.dataset),
        settings,
        judge=lambda known: judge(
            known, report, now=now, quiet=timedelta(hours=settings.quiet_hours)
        ),
        compose=lambda news: compose(
            report,
            news,
            data_docs_url=settings.data_docs_url,
            recipients=settings.alert_to,
        ),
        # Run again with another outcome, an interval has something else to tell.
        occasion=f"{report.interval} {sha256(report.model_dump_json().encode()).hexdigest()[:16]}",
        interval=Interval.parse(report.interval),
        now=now,
    )


def judge(alerts: Alerts, report: RunReport, *, now: datetime, quiet: timedelta) -> News:
    """Of which accounts people are to be told."""
    trouble = {account.account: _kind(account) for account in to_review(report)}
    seen = {account.account: account for account in report.accounts}
    return alerts.judge(
        trouble,
        interval=Interval.parse(report.interval),
        now=now,
        quiet=quiet,
        fine={
            name
            for name, known in alerts.open.items()
            if name in seen and name not in trouble and (known.over or _ends(seen[name], known))
        },
        gone=alerts.open.keys() - seen.keys(),
    )


def _kind(account: AccountReport) -> str:
    """``rows quarantined: like_count_not_negative``."""
    keys = sorted({failed.key for failed in loud(account)})
    return f"{account.outcome}: {', '.join(keys)}" if keys else str(account.outcome)


def _ends(account: AccountReport, known: Trouble) -> bool:
    is_about_data = known.kind.partition(":")[0] in _ABOUT_DATA
    return account.outcome is not Outcome.EMPTY or not is_about_data


def compose(
    report: RunReport, news: News, *, data_docs_url: str, recipients: Sequence[str]
) -> EmailMessage | None:
    """The digest of a run, or None when there is nothing to look at or to know.

    ``data_docs_url`` is where ``data-docs/`` is served.
    """
    attention = [account for account in to_review(report) if account.account in news.told]
    if not (attention or news.recovered or report.remarks):
        return None
    interval, words = Interval.parse(report.interval), nouns(report.dataset)
    named = {*news.told, *news.still, *news.recovered}
    others = [account for account in report.accounts if account.account not in named]
    return message.compose(
        "digest",
        f"[tweet-lake] {report.dataset} {interval_in_words(interval)}: "
        + _headline(len(attention), news.recovered, words),
        recipients,
        report=report,
        when=interval_in_words(interval),
        interval=interval,
        headline=_headline(len(attention), news.recovered, words, of=len(report.accounts)),
        attention=attention[:_MOST_ACCOUNTS],
        all_attention=len(attention),
        still=known_troubles(news.still)[:_MOST_KNOWN],
        all_still=len(news.still),
        recovered=known_troubles(news.recovered)[:_MOST_KNOWN],
        all_recovered=len(news.recovered),
        others=sorted(Counter(account.outcome.value for account in others).items()),
        run_page=page_url(data_docs_url, run_page_key(report.dataset, interval)),
        url=partial(page_url, data_docs_url),
        item_key=item_key,
        page_key=page_key,
        part_name=part_name,
        count_of=count_of,
        figures=_figures if words.has_cost else None,
        loud=loud,
        tone=tone,
        most_examples=_MOST_EXAMPLES,
        cost=cost_in_words(report.bill) if words.has_cost else None,
        why=_WHY,
    )


def _headline(
    attention: int, recovered: Collection[str], words: Nouns, of: int | None = None
) -> str:
    """``2 accounts need attention, nasa recovered``; ``2 of 17 accounts …`` with all of them."""
    need = "needs" if attention == 1 else "need"
    who = (
        count_of(attention, words.subject)
        if of is None
        else f"{attention} of {count_of(of, words.subject)}"
    )
    said = [f"{who} {need} attention"] if attention else []
    if recovered:
        said.append(f"{names_in_words(recovered)} recovered")
    return ", ".join(said) or "something to know"


def _figures(account: AccountReport) -> str:
    """``60 fetched: 55 curated, 3 quarantined, 2 duplicates``."""
    return (
        f"{account.rows_in:,} fetched: {account.curated:,} curated, "
        f"{account.quarantined:,} quarantined, {count_of(account.duplicates, 'duplicate')}"
    )
