from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from include.data_docs.history import (
    HistoryUnreadable,
    Month,
    RunSummary,
    month_key,
    read_month,
    record,
)
from include.errors import LakeUnavailable
from include.lake import Lake


def summary(hour: int, curated: int = 1) -> RunSummary:
    return RunSummary(
        interval=f"20261120T{hour:02}00Z_20261120T{hour + 1:02}00Z",
        accounts=1,
        attention=0,
        failed=0,
        rows_in=curated,
        curated=curated,
        quarantined=0,
        duplicates=0,
    )


def test_runs_are_listed_newest_first_whatever_order_they_came_in(lake: Lake) -> None:
    for hour in (4, 0, 8):
        record(lake, "tweets", "2026-11", summary(hour))

    hours = [run.interval[9:11] for run in read_month(lake, "tweets", "2026-11").runs]
    assert hours == ["08", "04", "00"]


def test_a_rerun_takes_its_own_place_and_no_other(lake: Lake) -> None:
    record(lake, "tweets", "2026-11", summary(0, curated=1))
    record(lake, "tweets", "2026-11", summary(4, curated=2))
    record(lake, "tweets", "2026-11", summary(0, curated=3))

    assert read_month(lake, "tweets", "2026-11").runs == [summary(4, 2), summary(0, 3)]


def test_a_run_that_is_overtaken_loses_nobodys_entry(lake: Lake) -> None:
    key = month_key("tweets", "2026-11")
    others = iter([summary(4), summary(8)])

    def overtake(params: dict[str, Any], **_event: Any) -> None:
        conditional = params.keys() & {"IfMatch", "IfNoneMatch"}
        if conditional and (other := next(others, None)):
            lake.put(key, read_month(lake, "tweets", "2026-11").with_run(other).to_bytes())

    events = lake.client.meta.events
    events.register("provide-client-params.s3.PutObject", overtake, unique_id="overtake")
    try:
        record(lake, "tweets", "2026-11", summary(0))
    finally:
        events.unregister("provide-client-params.s3.PutObject", unique_id="overtake")

    runs = read_month(lake, "tweets", "2026-11").runs
    assert runs == [summary(8), summary(4), summary(0)]


def test_runs_of_a_backfill_record_themselves_at_once(lake: Lake) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda hour: record(lake, "tweets", "2026-11", summary(hour)), range(8)))

    assert len(read_month(lake, "tweets", "2026-11").runs) == 8


def test_a_month_without_runs_is_empty(lake: Lake) -> None:
    assert read_month(lake, "tweets", "2026-11") == Month(runs=[])


def test_a_damaged_list_is_named_and_left_alone(lake: Lake) -> None:
    key = month_key("tweets", "2026-11")
    lake.put(key, b"{]")

    with pytest.raises(HistoryUnreadable, match=rf"s3://{lake.bucket}/{key} .* delete it"):
        record(lake, "tweets", "2026-11", summary(0))
    assert lake.get(key) == b"{]"


def test_a_missing_bucket_is_named(lake: Lake) -> None:
    with pytest.raises(LakeUnavailable, match="s3://no-such-bucket/"):
        record(Lake(lake.client, "no-such-bucket"), "tweets", "2026-11", summary(0))
