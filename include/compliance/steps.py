"""The steps of the DAG ``forget_deleted``: each opens its connections and calls what is beside it.

A step takes and returns keys, never ids.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime

from airflow.sdk import AssetAlias, get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from include.assets import FORGOTTEN
from include.compaction.steps import compact_forgotten
from include.compliance import ask as asking
from include.compliance.keys import found_key, record_key
from include.compliance.record import Record, read_record
from include.compliance.subject import Found
from include.connections import load_settings, open_lake, open_x_api
from include.context import airflow_url, current_interval
from include.lake import Lake

log = logging.getLogger(__name__)

GONE = AssetAlias("gone")
"""Stands for what is announced only if anything went."""


def ask() -> str:
    """Ask which of the lake's ids have to go; returns the key of the answer."""
    settings, day = load_settings(), _day()
    lake = open_lake(settings)
    lake.check()
    found = asking.ask(lake, open_x_api(settings), day)
    log.info("%d posts and %d users, by %s", len(found.posts), len(found.users), found.source)
    return found_key(day)


def forget(key: str) -> str:
    """Take out what was found, or with the parameter ``dry_run`` say what would go.

    Returns:
        The key of the record.
    """
    from include.compliance.forget import forget as take_out  # Great Expectations is slow to import

    settings = load_settings()
    lake = open_lake(settings)
    found = Found.model_validate_json(lake.get(key))
    record = take_out(
        lake, settings, _day(), found, dry_run=_is_dry_run(), airflow_url=airflow_url()
    )
    return record.key


def compact() -> dict[str, int]:
    """Let Glue show the days again of which something went; returns how many of each dataset."""
    settings = load_settings()
    done = _of_this_run(open_lake(settings))
    if done is None or done.dry_run:
        raise AirflowSkipException("nothing went: there is nothing to compact")
    return compact_forgotten(settings)


def announce() -> None:
    """Tell the warehouse that something has left the lake, whether or not all of it could."""
    done = _of_this_run(open_lake(load_settings()))
    if done is None or not done.begun:
        raise AirflowSkipException("nothing went: nobody has to know")
    get_current_context()["outlet_events"][GONE].add(FORGOTTEN)


def record(key: str) -> str:
    """Say in the record that all of it is done; returns its key."""
    lake = open_lake(load_settings())
    _stored(lake, key).model_copy(update={"finished": True}).write(lake)
    return key


def notify(key: str) -> str:
    """Tell how many went, if any did; returns the subject."""
    from include.notify.forgotten import tell_forgotten

    settings = load_settings()
    lake = open_lake(settings)
    done = _stored(lake, key)
    if done.dry_run or not (done.posts or done.users):
        raise AirflowSkipException("nothing went: nobody is told")
    message = tell_forgotten(lake, settings, done, datetime.now(UTC))
    if message is None:
        raise AirflowSkipException("it was told before")
    return str(message["subject"])


def _day() -> date:
    """The day on which the run began."""
    return current_interval().end.date()


def _is_dry_run() -> bool:
    return bool(get_current_context()["params"]["dry_run"])


def _of_this_run(lake: Lake) -> Record | None:
    """The record, which a ``forget`` that failed has not handed on; None where it began nothing."""
    return read_record(lake, record_key(_day(), dry_run=_is_dry_run()))


def _stored(lake: Lake, key: str) -> Record:
    found = read_record(lake, key)
    if found is None:
        raise FileNotFoundError(f"s3://{lake.bucket}/{key} is not there; clear 'forget'")
    return found
