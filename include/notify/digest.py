"""The digest: which accounts of a run somebody has to look at, why, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from email.message import EmailMessage
from functools import partial

from include.data_docs.keys import page_key, page_url, part_name, run_page_key
from include.data_docs.words import (
    cost_in_words,
    count_of,
    interval_in_words,
    loud,
    to_review,
    tone,
)
from include.interval import Interval
from include.notify import message
from include.report import RunReport

_MOST_ACCOUNTS = 50
"""Told in full; mail programs cut off long mails, and the run's page has them all."""
_MOST_EXAMPLES = 3
_REMARKS = "something to know"


def compose(
    report: RunReport, *, bucket: str, data_docs_url: str, recipients: Sequence[str]
) -> EmailMessage | None:
    """The digest of a run, or None when nobody has to look at anything or to know of it.

    ``data_docs_url`` is where ``data-docs/`` is served.
    """
    attention = to_review(report)
    if not attention and not report.remarks:
        return None
    interval = Interval.parse(report.interval)
    told = {account.account for account in attention}
    others = [account for account in report.accounts if account.account not in told]
    need = "needs" if len(attention) == 1 else "need"
    return message.compose(
        "digest",
        f"[tweet-lake] {report.dataset} {interval_in_words(interval)}: "
        + (f"{count_of(len(attention), 'account')} {need} attention" if attention else _REMARKS),
        recipients,
        report=report,
        when=interval_in_words(interval),
        bucket=bucket,
        need=need,
        attention=attention[:_MOST_ACCOUNTS],
        all_attention=len(attention),
        others=sorted(Counter(account.outcome.value for account in others).items()),
        all_others=len(others),
        run_page=page_url(data_docs_url, run_page_key(report.dataset, interval)),
        url=partial(page_url, data_docs_url),
        page_key=page_key,
        part_name=part_name,
        count_of=count_of,
        loud=loud,
        tone=tone,
        most_examples=_MOST_EXAMPLES,
        cost=cost_in_words(report.bill),
    )
