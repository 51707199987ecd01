"""What people were told: the memory that keeps the same trouble from being told again and again.

One small object for each kind of alert, ``alerts/…``. What is in trouble is a *subject*: an account
of a dataset, a task of a DAG, a dataset that is late. Its *kind* of trouble is a line of text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from include.interval import Interval

_MOST_SENT = 30
"""Messages that are remembered: more than are tried again at a time."""
_JITTER = timedelta(minutes=30)
"""A daily run that is faster than yesterday's still tells again after 24 hours."""
_RECOVERED = "recovered"
"""A recovery is remembered as a kind: it has its quiet period as well."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Trouble(_Frozen):
    """A subject in trouble."""

    kind: str
    since: str | None
    """The interval in which this kind of trouble was seen first; None where it had none."""
    told: datetime
    """When people were told last."""
    over: bool = False
    """Whether the subject is fine again, which people hear once the quiet period is over."""


class News(_Frozen):
    """What there is to tell."""

    told: dict[str, str] = {}
    """Subjects to tell of, with their kind of trouble."""
    still: dict[str, Trouble] = {}
    """Subjects in trouble of which people know."""
    quiet: dict[str, str] = {}
    """Those that were found in trouble just now, with its kind; people know it."""
    recovered: dict[str, Trouble] = {}
    """Subjects that are fine again; people were told of the trouble."""
    held: list[str] = []
    """Subjects that are fine again, as people heard of them within the quiet period."""
    gone: list[str] = []
    """Subjects that nobody asks for any more."""


class Sent(_Frozen):
    """A message that went out, by all channels or by some."""

    at: datetime
    channels: list[str]
    """Those that have taken it."""
    news: News
    """What it told, so that a retry tells the same to the others."""


class Alerts(_Frozen):
    """All that is remembered of one kind of alert."""

    newest: str | None = None
    """The newest interval that was judged; an older one can't end trouble."""
    open: dict[str, Trouble] = {}
    told: dict[str, dict[str, datetime]] = {}
    """When people were told, by subject and kind; for the quiet period only."""
    past: dict[str, dict[str, datetime]] = {}
    """The same of older intervals."""
    sent: dict[str, Sent] = {}
    """The last messages, by occasion."""

    def is_past(self, interval: Interval | None) -> bool:
        """Whether a newer interval was judged already."""
        return (
            interval is not None
            and self.newest is not None
            and interval < Interval.parse(self.newest)
        )

    def judge(
        self,
        trouble: Mapping[str, str],
        *,
        interval: Interval | None,
        now: datetime,
        quiet: timedelta,
        fine: Collection[str] = (),
        gone: Collection[str] = (),
    ) -> News:
        """What is to be told of a look at some subjects.

        Args:
            trouble: the kind of trouble of each subject that is in some.
            interval: what was looked at; None where the look was at the present.
            now: the wall clock: the quiet period is about people.
            quiet: how long nobody is told again of the same trouble.
            fine: subjects without trouble; what is in no argument stays as it is.
            gone: subjects that are to be forgotten.
        """
        is_past = self.is_past(interval)
        told = {
            subject: kind
            for subject, kind in trouble.items()
            if not any(
                _is_recent(at, now, quiet) for at in self._told(subject, kind, is_past=is_past)
            )
        }
        if is_past:
            return News(told=told)
        known_kinds = {s: kind for s, kind in trouble.items() if s not in told}
        name = interval.name if interval else None
        held = [
            subject
            for subject in self.open
            if subject in fine
            and any(_is_recent(at, now, quiet) for at in self._told(subject, _RECOVERED))
        ]
        return News(
            told=told,
            still={
                subject: known
                for subject, known in self.open.items()
                if not (subject in told or subject in fine or subject in gone)
            }
            | {
                s: self._in_trouble(s, kind, name, self._last(s, kind, now))
                for s, kind in known_kinds.items()
            },
            quiet=known_kinds,
            recovered={s: t for s, t in self.open.items() if s in fine and s not in held},
            held=held,
            gone=[subject for subject in self.open if subject in gone],
        )

    def _told(self, subject: str, kind: str, *, is_past: bool = False) -> list[datetime]:
        """When people were told of this; what they know of the past is no news of today."""
        known = self.open.get(subject)
        memories = [self.told, self.past] if is_past else [self.told]
        times = [memory[subject][kind] for memory in memories if kind in memory.get(subject, {})]
        return [*times, known.told] if known and known.kind == kind else times

    def _last(self, subject: str, kind: str, now: datetime) -> datetime:
        """When people were told of this last; now, where another run ended it meanwhile."""
        return max(self._told(subject, kind), default=now)

    def _in_trouble(self, subject: str, kind: str, interval: str | None, told: datetime) -> Trouble:
        """The subject in a kind of trouble, and when that was told last."""
        before = self.open.get(subject)
        since = before.since if before and before.kind == kind else interval
        return Trouble(kind=kind, since=since, told=told)

    def after(
        self, news: News, *, interval: Interval | None, now: datetime, quiet: timedelta
    ) -> Alerts:
        """What is to be remembered once the news is told."""
        told = {subject: {kind: now} for subject, kind in news.told.items()}
        if self.is_past(interval):
            return self.model_copy(update={"past": _recent(self.past, told, now, quiet)})
        told |= {subject: {_RECOVERED: now} for subject in news.recovered}
        name = interval.name if interval else None
        known = {s: t for s, t in self.open.items() if s not in {*news.recovered, *news.gone}}
        for subject in known.keys() & news.held:
            known[subject] = known[subject].model_copy(update={"over": True})
        for subject, kind in news.quiet.items():
            known[subject] = self._in_trouble(subject, kind, name, self._last(subject, kind, now))
        for subject, kind in news.told.items():
            known[subject] = self._in_trouble(subject, kind, name, now)
        return self.model_copy(
            update={
                "newest": name or self.newest,
                "open": known,
                "told": _recent(self.told, told, now, quiet),
                "past": _recent(self.past, {}, now, quiet),
            }
        )

    def having_sent(self, occasion: str, message: Sent) -> Alerts:
        """The same, with one more message."""
        sent = {**self.sent, occasion: message}
        newest = sorted(sent, key=lambda one: sent[one].at)[-_MOST_SENT:]
        return self.model_copy(update={"sent": {one: sent[one] for one in newest}})


def _recent(
    memory: Mapping[str, Mapping[str, datetime]],
    told: Mapping[str, Mapping[str, datetime]],
    now: datetime,
    quiet: timedelta,
) -> dict[str, dict[str, datetime]]:
    """A memory with what is told now, without what is older than the quiet period."""
    subjects = {s: {**memory.get(s, {}), **told.get(s, {})} for s in {**memory, **told}}
    recent = {
        subject: {kind: at for kind, at in kinds.items() if _is_recent(at, now, quiet)}
        for subject, kinds in subjects.items()
    }
    return {subject: kinds for subject, kinds in recent.items() if kinds}


def _is_recent(told: datetime, now: datetime, quiet: timedelta) -> bool:
    return now - told < quiet - _JITTER


def accounts_key(dataset: str) -> str:
    """``alerts/accounts/tweets.json``: accounts of a dataset that need attention."""
    return f"alerts/accounts/{dataset}.json"


def tasks_key(dag_id: str) -> str:
    """``alerts/tasks/ingest_tweets.json``: tasks of a DAG that failed for good."""
    return f"alerts/tasks/{dag_id}.json"


LATE_KEY = "alerts/late.json"
"""Datasets that are late."""
FORGOTTEN_KEY = "alerts/forgotten.json"
"""Which days' forgetting was told."""
