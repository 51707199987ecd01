"""Taking out of the lake what has to go: as if X had never shown it, and its intervals were rerun.

The raw zone is the memory. So each run is made anew from pages in which marks stand for what has
to go, and these pages are stored last: until then a retry finds the run, and does it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from include.compaction.compact import purge
from include.compliance.foreseen import Foreseen
from include.compliance.keys import record_key
from include.compliance.page import Page, Why
from include.compliance.record import Record, read_record
from include.compliance.subject import Found, Subject
from include.compliance.traces import Batch, traces
from include.errors import RawPagesGone
from include.failures import Failures
from include.interval import Interval
from include.lake import Lake, answered_at, curated_key, day_of, packed, unpacked
from include.raw import RawBatch
from include.report import AccountReport
from include.rerun import Reruns
from include.settings import Settings
from include.spending.ledger import run_name

_Held = dict[str, list[str]]
"""Objects of one run in which something was found, by account."""


def forget(
    lake: Lake,
    settings: Settings,
    day: date,
    found: Found,
    *,
    dry_run: bool,
    airflow_url: str | None = None,
) -> Record:
    """Take out what was found, with a record of it; a retry takes out the rest.

    Args:
        lake: where all of it lies.
        settings: how runs are made anew.
        day: under which the record lies.
        found: what has to go.
        dry_run: write the record, which then names the objects, and nothing else.
        airflow_url: where Airflow's UI is, for the pages that are published anew.

    Raises:
        RawPagesGone: the pages of some rows that have to go are not there; the others are gone.
        ExceptionGroup: several runs could not be made anew; the others are.
    """
    earlier = None if dry_run else read_record(lake, record_key(day, dry_run=False))
    if earlier is not None:
        # Of what is gone already nobody can tell any more what went with it.
        found = found.model_copy(update={"posts": {**earlier.posts, **found.posts}})
    held, keys = traces(lake, found)
    if earlier is not None and not keys:
        return earlier
    record = Record.of(day, held, keys, dry_run=dry_run).after(earlier)
    record.write(lake)
    if not dry_run:
        every = found.model_copy(update={"posts": {**found.posts, **record.posts}})
        _Forgetting(lake, settings, every, record, airflow_url).go_through(keys)
    return record


class _Forgetting:
    """The runs that hold something, one after the other."""

    def __init__(
        self,
        lake: Lake,
        settings: Settings,
        found: Found,
        record: Record,
        airflow_url: str | None,
    ) -> None:
        self._lake = lake
        self._found = found
        self._record = record
        self._reruns = Reruns(lake, settings, airflow_url)

    def go_through(self, keys: Sequence[str]) -> None:
        """Oldest first: the volumes of a run are compared with those of the runs before it."""
        runs: dict[tuple[Interval, str], _Held] = defaultdict(lambda: defaultdict(list))
        for key in keys:
            batch = Batch.of(key)
            if batch is None:
                self._store(self._changed([key], self._found.why))
            else:
                runs[batch.interval, batch.dataset][batch.account].append(key)
        failures = Failures()
        for interval, dataset in sorted(runs):
            with failures.kept(f"forgetting in {dataset} of {interval}"):
                self._make_anew(interval, dataset, runs[interval, dataset])
        failures.tell()

    def _make_anew(self, interval: Interval, dataset: str, held: _Held) -> None:
        days = {interval.day, *(day_of(key) for keys in held.values() for key in keys)}
        self._purge(dataset, days)  # a retry may not find every day any more
        pages: dict[str, bytes] = {}
        fetched, lost = [], []
        for account, keys in sorted(held.items()):
            raw = RawBatch(self._lake, dataset, interval, account)
            done = raw.fetched()
            owner = None if done is None else done.author_id
            pages |= self._changed(raw.page_keys, self._why(owner))
            if done is not None and not raw.lacks_pages(done):
                fetched.append(account)
            elif not all(key.startswith("raw/") for key in keys):
                lost.append(account)

        def land(lake: Lake) -> Mapping[str, AccountReport]:
            new = self._reruns.validate(lake, dataset, interval, fetched)
            for account, report in new.items():
                self._delete_unknown(dataset, interval, report, held[account])
            self._purge(dataset, days)  # of what was compacted meanwhile
            return new

        if fetched:
            self._begin()
        foreseen = Foreseen(self._lake, pages)
        new = land(foreseen)
        self._reruns.report(dataset, interval, new.keys())
        self._store(pages)
        if foreseen.is_overtaken():
            # A rerun that had read the pages before landed once more what had to go. One that is
            # not over yet sees that they changed, and lands anew: validate_batch looks.
            self._reruns.report(dataset, interval, land(self._lake).keys())
        if lost:
            raise RawPagesGone(run_name(dataset, interval), lost)

    def _begin(self) -> None:
        """Say in the record that something goes, before it does: whoever is told reads it there."""
        if not self._record.begun:
            self._record = self._record.model_copy(update={"begun": True})
            self._record.write(self._lake)

    def _delete_unknown(
        self, dataset: str, interval: Interval, report: AccountReport, found: Sequence[str]
    ) -> None:
        """Delete rows on other days than the interval's of which no report told."""
        landed = (key for key in found if key.startswith("curated/"))
        for day in {day_of(key) for key in landed}:
            for suffix in ("parquet", "csv"):
                key = curated_key(dataset, interval, report.account, day, suffix)
                if key not in report.keys and self._lake.find(key) is not None:
                    self._lake.delete(key)

    def _purge(self, dataset: str, days: Collection[date]) -> None:
        """Leave no compacted file with what the days held; the next compaction makes new ones."""
        for day in sorted(days):
            purge(self._lake, dataset, day)

    def _why(self, owner: str | None) -> Why:
        theirs = self._found.users.get(owner or "")

        def why(subject: Subject) -> str | None:
            return self._found.why(subject) or (theirs if subject.kind == "posts" else None)

        return why

    def _changed(self, keys: Collection[str], why: Why) -> dict[str, bytes]:
        """Those of the pages in which marks have to be, with the marks, gzipped."""
        pages = {}
        for key in keys:
            stored = self._lake.get(key)
            body = Page(key, unpacked(stored)).without(why)
            if body is not None:
                pages[key] = packed(body, answered_at(stored))
        return pages

    def _store(self, pages: dict[str, bytes]) -> None:
        for key, page in pages.items():
            self._lake.put(key, page, "application/gzip")
