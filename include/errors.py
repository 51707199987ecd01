"""Errors by what can be done about them; ``dag_defaults.py`` maps them to Airflow's retries."""

from __future__ import annotations

from collections.abc import Sequence


class TweetLakeError(Exception):
    """Anything that this project raises on purpose; the message names the thing and the remedy."""


class BadConfiguration(TweetLakeError):
    """A person has to change something first: a retry can't help."""


class LakeUnavailable(TweetLakeError):
    """S3 refused or could not be reached."""

    def __init__(self, bucket: str, key: str | None, cause: Exception) -> None:
        place = f"s3://{bucket}/{key or ''}"
        super().__init__(
            f"{place}: {cause}. Check that the bucket exists, that the Airflow connection "
            "'aws_default' points to its endpoint and that its credentials may use it."
        )


class GlueUnavailable(TweetLakeError):
    """The Glue Data Catalog or Lake Formation refused or could not be reached."""

    def __init__(self, database: str, cause: Exception | str) -> None:
        super().__init__(
            f"Glue database '{database}': {cause}. Check that the credentials of the Airflow "
            "connection 'aws_default' may change it, and its region_name; or set glue_database to "
            "null (docs/settings.md)"
        )


class WarehouseUnavailable(TweetLakeError):
    """The warehouse's server could not be reached, refused the login, or was lost."""

    def __init__(self, place: str, cause: BaseException) -> None:
        said = " ".join(str(cause).split())
        super().__init__(
            f"{place}: {said}. Check that the server runs and lets this machine in, and host, "
            "port, database, login and password of the Airflow connection 'warehouse'"
        )


class WarehouseBusy(TweetLakeError):
    """A load, or another check, went on for longer than was waited."""

    def __init__(self, place: str, patience: str) -> None:
        super().__init__(
            f"{place} was being loaded, or checked, for {patience}, and is checked when nothing "
            "else goes on. See how far load_warehouse is in its log, and clear the task 'check' "
            "once it is done"
        )


class LakeBusy(TweetLakeError):
    """Others kept changing an object that several runs write."""

    def __init__(self, bucket: str, key: str, times: int) -> None:
        super().__init__(
            f"s3://{bucket}/{key} was changed by others {times} times in a row; "
            "clear the task once fewer runs are active"
        )


class LakeChanged(TweetLakeError):
    """What was about to be read is not there any more as it was listed."""

    def __init__(self, bucket: str, key: str) -> None:
        super().__init__(
            f"s3://{bucket}/{key} was replaced or deleted since it was listed: a run landed rows "
            "there, or something was forgotten. Ask again: a new look at the lake finds what is "
            "there now"
        )


class ForeignObject(TweetLakeError):
    """Something lies in the lake that no run wrote."""

    def __init__(self, key: str, reason: object) -> None:
        super().__init__(
            f"{key} is not of this project: {reason}. Move it out of the lake's folders, or delete "
            "it; rows of it may not be read as the lake's"
        )


class RowsUnreadable(TweetLakeError):
    """An object of rows is not what a run landed."""

    def __init__(self, key: str, reason: object) -> None:
        super().__init__(
            f"{key} is no Parquet file that can be read: {reason}. Clear 'validate' of its run: it "
            "is made anew from raw/. If no run makes it, delete it"
        )


class EntryUnreadable(TweetLakeError):
    """A day's entry in the catalogue is not what was written there."""

    def __init__(self, bucket: str, key: str) -> None:
        super().__init__(
            f"s3://{bucket}/{key} is no entry of the catalogue: somebody changed it, or a newer "
            "version of this project wrote it. Delete it: the day is then read from its small "
            "objects, and 'compact_lake' makes it anew"
        )


class RawPagesGone(TweetLakeError):
    """Rows have to go that can't be made anew without them."""

    def __init__(self, run: str, accounts: Sequence[str]) -> None:
        super().__init__(
            f"{run}: {', '.join(accounts)} in curated/ or quarantine/ hold what X has hidden, but "
            "raw/ has no complete fetch to make them anew from. Delete these objects, or clear "
            "'extract' of the run with its downstream tasks"
        )


class RunIncompleteError(TweetLakeError):
    """Something that the run's report promises is not in the lake."""


class RunFailedError(TweetLakeError):
    """Accounts or tasks failed; the digest, or the task's own mail, has told of it."""
