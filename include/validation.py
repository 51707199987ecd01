"""Raw pages to checked rows in the lake, one account and interval at a time.

Good rows land in ``curated/``, bad ones with their reasons in ``quarantine/``, what Great
Expectations said in ``validations/``. No row disappears: that is checked before anything lands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import feather, ipc

from include.data_docs.keys import page_key
from include.data_docs.words import count_of
from include.datasets.dataset import PROBLEM, Dataset, RawPage
from include.duplicates import SeenIds
from include.errors import TweetLakeError
from include.frame_stack import with_room
from include.interval import Interval
from include.lake import Lake, account_report_key, batch_prefix, results_prefix
from include.landing import REASONS, Landing
from include.leftovers import Leftovers
from include.outcomes import Outcome
from include.page_reader import read_pages
from include.quality import Level, Quality, Verdict
from include.quarantine.decision import Decisions, read_decisions
from include.raw import Fetched, RawBatch
from include.report import AccountReport, FailedExpectation

WHOLE_ROWS = 100_000
"""Up to so many rows an account is checked in one piece: every further one costs half a second."""
PART_ROWS = 40_000
"""A larger account is checked in parts of so many rows, so that memory does not grow with it."""
_PAGES_A_DECODE = 25
_LANDED_ROWS = 25_000
"""Rows of a part that are read back at once to be landed."""
_EXAMPLES = 5
_OF_THE_FETCH = {"posts_returned", "users_returned", "requests", "unknown_fields"}
"""What an account's report takes over from its fetch."""
_EXPECTED = ("volume_min", "volume_max", "asked")
"""Parameters that are numbers of rows."""
_SEVERITIES = ("critical", "warning", "info")


class RawIncompleteError(TweetLakeError):
    """The pages of an account and interval are not all there."""

    def __init__(
        self, interval: Interval, account: str, fetched: Fetched | None, there: int
    ) -> None:
        if fetched is None:
            what = (
                "there is no fetch.json in raw/, so the fetch did not finish. Run the task "
                "'extract' of this account again; it goes on after the last stored page."
            )
        else:
            what = (
                f"{fetched.pages - there} of {count_of(fetched.pages, 'page')} in raw/ have "
                "expired or were deleted. What has landed stays as it is; it can't be made anew "
                "without them."
            )
        super().__init__(f"{account}, {interval}: {what}")


class RowsLostError(TweetLakeError):
    """The rows that would land and the duplicates are not the rows that came in: a bug."""

    def __init__(self, interval: Interval, account: str, report: AccountReport) -> None:
        super().__init__(
            f"{account}, {interval}: {report.rows_in} rows came in, but {report.curated} curated, "
            f"{report.quarantined} quarantined and {report.duplicates} duplicates are another "
            "number. Nothing was written; please report this."
        )


@with_room
def validate_batch(
    lake: Lake,
    dataset: Dataset,
    quality: Quality,
    *,
    interval: Interval,
    account: str,
    volume: tuple[int, int],
    csv: bool,
) -> AccountReport:
    """Check one account's raw pages of one interval and land every row where it belongs.

    A rerun makes the same objects and deletes what an earlier run left beyond them. Its report is
    deleted first and written last: where it is, everything it names is.

    Args:
        lake: where the raw pages lie and the rows go.
        dataset: how pages become rows.
        quality: the dataset's suite.
        interval: says which pages, and every key.
        account: username in lower case.
        volume: least and most rows that the recent past makes likely.
        csv: write a CSV file beside each curated Parquet file.

    Raises:
        RawIncompleteError: the fetch did not finish, or stored pages are gone; nothing was changed.
        UnreadablePage: a stored page is no page of rows at all.
        RowsLostError: not every row would be accounted for.
    """
    decisions = read_decisions(lake, dataset.name, interval, account)
    raw = RawBatch(lake, dataset.name, interval, account)
    while True:
        report = _validate(
            lake,
            dataset,
            quality,
            raw=raw,
            account=account,
            volume=volume,
            decisions=decisions,
            csv=csv,
        )
        latest = read_decisions(lake, dataset.name, interval, account)
        raw_now = RawBatch(lake, dataset.name, interval, account)
        if (latest, raw_now.listed) == (decisions, raw.listed):
            return report
        # Somebody decided meanwhile, or took something out of the pages, and may have landed the
        # rows already: what is there now, made without that, must not stay.
        decisions, raw = latest, raw_now


def _validate(
    lake: Lake,
    dataset: Dataset,
    quality: Quality,
    *,
    raw: RawBatch,
    account: str,
    volume: tuple[int, int],
    decisions: Decisions,
    csv: bool,
) -> AccountReport:
    interval, fetched = raw.interval, raw.fetched()
    if fetched is None or raw.lacks_pages(fetched):
        raise RawIncompleteError(interval, account, fetched, len(raw.page_keys))
    leftovers = Leftovers(lake, dataset, interval, account)
    leftovers.withdraw_report()
    wanted = raw.wanted()
    is_silent = fetched.outcome is Outcome.EMPTY
    parameters = {
        # Without rows there is nothing that these could be asked of.
        "interval_start": None if is_silent else interval.start,
        "interval_end": None if is_silent else interval.end,
        "author_id": None if is_silent else fetched.author_id,
        "volume_min": volume[0],
        "volume_max": volume[1],
        "asked": None if wanted is None else len(wanted.names),
    }
    batch = _Batch(
        lake,
        dataset,
        quality,
        interval=interval,
        account=account,
        parameters=parameters,
        decisions=decisions,
    )
    if fetched.outcome == "fetched":
        is_large = fetched.posts_returned > WHOLE_ROWS
        report = batch.run(raw.page_keys, PART_ROWS if is_large else WHOLE_ROWS, csv=csv)
    elif is_silent and volume[0] > 0:
        report = batch.say_silent(fetched.detail)
    else:
        report = AccountReport(account=account, outcome=fetched.outcome, detail=fetched.detail)
    report = _with_rest(report, fetched)
    report = report.model_copy(update={name: getattr(fetched, name) for name in _OF_THE_FETCH})
    leftovers.delete(report)
    leftovers.withdraw_days(report)
    lake.put_json(
        account_report_key(dataset.name, interval, account), report.model_dump(mode="json")
    )
    return report


def _with_rest(report: AccountReport, fetched: Fetched) -> AccountReport:
    """The report, with what the fetch has to say beyond the rows."""
    outcome = report.outcome
    if fetched.partial and outcome in {Outcome.LANDED, Outcome.EMPTY}:
        outcome = Outcome.PARTIAL
    own = report.detail if outcome is report.outcome else ""
    detail = " ".join(dict.fromkeys(filter(None, [own, fetched.partial, fetched.lacks])))
    return report.model_copy(update={"outcome": outcome, "detail": detail})


class _Batch:
    """One account's rows of one interval on their way through the checks."""

    def __init__(
        self,
        lake: Lake,
        dataset: Dataset,
        quality: Quality,
        *,
        interval: Interval,
        account: str,
        parameters: Mapping[str, Any],
        decisions: Decisions,
    ) -> None:
        self._lake = lake
        self._dataset = dataset
        self._quality = quality
        self._interval = interval
        self._account = account
        self._parameters = parameters
        self._decisions = decisions
        self._rows_in = 0
        self._duplicates = 0
        self._forgotten = 0
        self._results: dict[str, dict[str, Any]] = {}
        """What Great Expectations said, by the key under which it will lie."""
        self._failed: dict[str, FailedExpectation] = {}

    def run(self, page_keys: Sequence[str], rows_at_once: int, *, csv: bool) -> AccountReport:
        """Check and land every row of the pages."""
        with TemporaryDirectory(prefix="tweet-lake-") as folder:
            landing = Landing(Path(folder), self._dataset, self._decisions, csv=csv)
            for rows in self._checked(self._chunks(page_keys, rows_at_once), Path(folder)):
                landing.add(rows, self._batch_reasons)
            report = self._report(landing)
            if report.rows_in != report.curated + report.quarantined + report.duplicates:
                raise RowsLostError(self._interval, self._account, report)
            for key, result in self._results.items():
                self._lake.put_json(key, result)
            curated_keys = landing.land(self._lake, self._interval, self._account)
        report = report.model_copy(update={"curated_keys": curated_keys})
        if report.quarantine_prefix is not None:
            self._lake.put_json(
                f"{report.quarantine_prefix}report.json",
                {
                    "dataset": self._dataset.name,
                    "interval": self._interval.name,
                    **report.model_dump(mode="json", exclude=_OF_THE_FETCH),
                },
            )
        return report

    def say_silent(self, detail: str) -> AccountReport:
        """Check a batch without rows: an account that falls silent fails only about its volume."""
        self._ask(self._dataset.check_frame(self._dataset.decode([])), "batch")
        for key, result in self._results.items():
            self._lake.put_json(key, result)
        return AccountReport(
            account=self._account,
            outcome=Outcome.EMPTY,
            detail=detail,
            failed_expectations=list(self._failed.values()),
            validation_keys=list(self._results),
            data_docs_keys=[page_key(key) for key in self._results],
        )

    def _chunks(
        self, page_keys: Sequence[str], rows_at_once: int
    ) -> Iterator[tuple[pa.Table, bool]]:
        """Decoded rows without duplicates, a chunk at a time, and whether it is the last."""
        seen = SeenIds()
        tables: list[pa.Table] = []
        pages: list[RawPage] = []
        for number, page in enumerate(read_pages(self._lake, page_keys), start=1):
            is_last = number == len(page_keys)
            self._forgotten += page.items.forgotten
            pages.append(page)
            if len(pages) == _PAGES_A_DECODE or is_last:
                tables.append(self._dataset.decode(pages))
                pages.clear()
            if is_last or sum(map(len, tables)) >= rows_at_once:
                # Nothing here may keep a chunk alive while the next one is decoded.
                yield self._first_copies(tables, seen), is_last

    def _first_copies(self, tables: list[pa.Table], seen: SeenIds) -> pa.Table:
        ids = pa.chunked_array([c for t in tables for c in t[self._dataset.id_column].chunks])
        new = seen.add(ids)
        self._rows_in += len(new)
        self._duplicates += len(new) - int(new.sum())
        kept, start = [], 0
        while tables:  # piece by piece: a second copy of all rows costs time and memory
            piece = tables.pop(0)
            of_piece = new[start : start + len(piece)]
            start += len(piece)
            kept.append(piece if of_piece.all() else piece.take(np.flatnonzero(of_piece)))
        return pa.concat_tables(kept)

    def _checked(self, chunks: Iterator[tuple[pa.Table, bool]], folder: Path) -> Iterator[pa.Table]:
        """The rows with their reasons, once it is known what is wrong with the batch itself."""
        parts: list[Path] = []
        for rows, is_last in chunks:
            if is_last and not parts:
                if len(rows):
                    verdict = self._ask(self._dataset.check_frame(rows), "all")
                    yield _marked(rows, verdict, self._dataset.schema)
                return
            if len(rows):
                parts.append(folder / f"part-{len(parts) + 1:04d}")
                self._check_part(rows, parts[-1])
            del rows  # before the next chunk is decoded
            pa.default_memory_pool().release_unused()
        frames = [pd.read_feather(part.with_suffix(".frame")) for part in parts]
        self._ask(pd.concat(frames, ignore_index=True), "batch")
        for part in parts:
            with ipc.open_file(part.with_suffix(".rows")) as file:
                for number in range(file.num_record_batches):
                    yield pa.Table.from_batches([file.get_batch(number)])

    def _check_part(self, rows: pa.Table, part: Path) -> None:
        """Check one chunk of many; put aside its rows, and what of them concerns the batch."""
        frame = self._dataset.check_frame(rows)
        verdict = self._ask(frame, "row", f"-{part.name}")
        marked = _marked(rows, verdict, self._dataset.schema)
        feather.write_feather(
            marked, part.with_suffix(".rows"), compression="lz4", chunksize=_LANDED_ROWS
        )
        frame["row"] += self._rows_in
        frame[list(self._quality.batch_columns)].to_feather(part.with_suffix(".frame"))

    def _ask(self, frame: pd.DataFrame, level: Level, part: str = "") -> Verdict:
        """Check a frame; keep what the report needs of the answer."""
        verdict = self._quality.check(
            frame,
            asset=f"{self._dataset.name}/{self._account}",
            run_name=self._interval.name,
            run_time=self._interval.end,
            parameters=self._without_forgotten,
            level=level,
        )
        prefix = results_prefix(self._dataset.name, self._interval, self._account)
        self._results[f"{prefix}{part}.json"] = verdict.result
        for failed in verdict.failed:
            known = self._failed.get(failed.key)
            self._failed[failed.key] = failed if known is None else _together(known, failed)
        return verdict

    @property
    def _without_forgotten(self) -> dict[str, Any]:
        """The suite's parameters; what had to go is missing from no count that is expected."""
        counts = {
            name: max(count - self._forgotten, 0)
            for name in _EXPECTED
            if (count := self._parameters[name]) is not None
        }
        return {**self._parameters, **counts}

    @property
    def _batch_reasons(self) -> list[str]:
        """Why the batch as a whole can't be trusted; empty if it can."""
        return [
            failed.key
            for failed in self._failed.values()
            if (failed.level, failed.severity) == ("batch", "critical")
        ]

    def _report(self, landing: Landing) -> AccountReport:
        prefix = batch_prefix("quarantine", self._dataset.name, self._interval, self._account)
        total = landing.quarantined + landing.curated
        is_open = landing.quarantined > landing.discarded
        if is_open and self._batch_reasons and not landing.curated:
            outcome = Outcome.BATCH_QUARANTINED
            detail = f"Nothing of it has landed: {', '.join(self._batch_reasons)}."
        elif is_open:
            outcome = Outcome.ROWS_QUARANTINED
            detail = (
                f"{landing.quarantined} of {total} rows are in quarantine, the rest has landed."
            )
        elif landing.curated:
            outcome, detail = Outcome.LANDED, ""
        elif landing.discarded:
            outcome, detail = Outcome.EMPTY, "All that was fetched has been discarded."
        else:
            outcome, detail = Outcome.EMPTY, "The stored pages hold no rows."
        return AccountReport(
            account=self._account,
            outcome=outcome,
            detail=detail,
            rows_in=self._rows_in,
            curated=landing.curated,
            quarantined=landing.quarantined,
            duplicates=self._duplicates,
            released=landing.released,
            discarded=landing.discarded,
            reasons=dict(sorted(landing.reasons.items())),
            failed_expectations=sorted(
                self._failed.values(), key=lambda failed: _SEVERITIES.index(failed.severity)
            ),
            quarantine_prefix=prefix if landing.quarantined else None,
            validation_keys=list(self._results),
            data_docs_keys=[page_key(key) for key in self._results],
        )


def _marked(rows: pa.Table, verdict: Verdict, schema: pa.Schema) -> pa.Table:
    """The rows with a column ``reasons``: why each may not be curated, empty if it may.

    The suite decides; what it lets pass without an id, a day or another column that is never
    null, or with a decode problem, can't be curated all the same.
    """
    reasons = {row: list(keys) for row, keys in verdict.bad_rows.items()}
    for name in schema.names:
        if not schema.field(name).nullable and rows[name].null_count:
            for row in np.flatnonzero(rows[name].is_null()):
                reasons.setdefault(int(row), [f"{name}_missing"])
    for row in np.flatnonzero(rows[PROBLEM].is_valid()):
        reasons.setdefault(int(row), [PROBLEM])
    column = [reasons.get(row, []) for row in range(len(rows))]
    return rows.append_column(REASONS, pa.array(column, pa.list_(pa.string())))


def _together(first: FailedExpectation, second: FailedExpectation) -> FailedExpectation:
    """The same expectation in two parts of a batch, as one: what is worse counts."""
    worse, other = sorted(
        (first, second), key=lambda part: (part.level != "batch", _SEVERITIES.index(part.severity))
    )
    total = first.unexpected_count + second.unexpected_count
    return worse.model_copy(
        update={
            "unexpected_count": 0 if worse.level == "batch" else total,
            "observed": worse.observed or other.observed,
            "examples": [*first.examples, *second.examples][:_EXAMPLES],
        }
    )
