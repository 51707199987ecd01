"""What a person may set: one JSON object in the Airflow Variable ``tweet_lake``."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from include.errors import BadConfiguration
from include.x_api.fields import EXPANSIONS, KNOWN_EXPANSIONS

VARIABLE = "tweet_lake"

Channel = Literal["mail", "sns"]
"""A way by which alerts reach people."""

_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_Days = Annotated[int, Field(ge=1)] | None
"""How many days something is kept; None for ever."""
_Address = Annotated[
    str, StringConstraints(pattern=r"^[^@\s,;:<>()\[\]\"\\]+@[^@\s,;:<>()\[\]\"\\]+$")
]


def _known_expansion(name: str) -> str:
    if name not in KNOWN_EXPANSIONS:
        raise ValueError(f"{name!r} is no expansion; X has {', '.join(KNOWN_EXPANSIONS)}")
    return name


_Expansion = Annotated[str, AfterValidator(_known_expansion)]


def _each_once(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    if len(set(channels)) < len(channels):
        raise ValueError("name each channel once")
    return channels


def _standard_topic(arn: str) -> str:
    if not _TOPIC.fullmatch(arn):
        raise ValueError(
            f"{arn!r} is not the ARN of a standard topic, like "
            "arn:aws:sns:eu-central-1:123456789012:tweet-lake (FIFO topics can't be used)"
        )
    return arn


class Settings(BaseModel):
    """Settings of the lake; every key is documented in ``docs/settings.md``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """S3 bucket that holds the lake."""
    data_docs_url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
    """Where ``data-docs/`` is served, for the links in alerts."""
    alert_by: Annotated[tuple[Channel, ...], Field(min_length=1), AfterValidator(_each_once)] = (
        "mail",
    )
    """The channels by which alerts go out."""
    alert_to: Annotated[tuple[_Address, ...], Field(validate_default=True)] = ()
    """Who gets alerts by mail."""
    sns_topic_arn: Annotated[
        Annotated[str, AfterValidator(_standard_topic)] | None, Field(validate_default=True)
    ] = None
    """The Amazon SNS topic that alerts are published to."""
    quiet_hours: Annotated[int, Field(ge=0, le=168)] = 24
    """How long nobody is told again of the same trouble."""
    late_after_minutes: Annotated[int, Field(ge=15, le=1440)] = 90
    """How long after the end of an interval its run has to have left a report."""
    csv: bool = False
    """Write a CSV file beside each curated Parquet file."""
    page_size: Annotated[int, Field(ge=5, le=100)] = 100
    """Posts asked for in one request."""
    expansions: tuple[_Expansion, ...] = tuple(EXPANSIONS)
    """What X is to send along with posts; it may charge for it."""
    validation_tasks: Annotated[int, Field(ge=1, le=100)] = 8
    """Among how many tasks the accounts of a run are divided for validation."""
    rate_limit_wait_minutes: Annotated[int, Field(ge=0, le=60)] = 16
    """How long a task waits for a rate limit before it gives its slot back."""
    history_days: Annotated[int, Field(ge=1, le=90)] = 7
    """The recent past against which an account's volume is compared."""
    refresh_hours: Annotated[int, Field(ge=0, le=168)] = 24
    """How long the metrics of a post are taken down in every run."""
    refresh_days: tuple[Annotated[int, Field(ge=1, le=365)], ...] = (3, 7, 30)
    """Ages of a post at which they are taken down once more."""
    look_back_days: Annotated[int, Field(ge=1, le=30)] = 7
    """How far back what was missed is made up for by itself."""
    post_read_usd: Annotated[float, Field(ge=0)] = 0.005
    """Price of one post that X returns, in US dollars."""
    user_read_usd: Annotated[float, Field(ge=0)] = 0.010
    """Price of one user that X returns, in US dollars."""
    usd_per_run: Annotated[float, Field(gt=0)] | None = None
    """Most that one run may cost."""
    usd_per_day: Annotated[float, Field(gt=0)] | None = 20.0
    """Most that all runs may cost on one UTC day."""
    usd_per_month: Annotated[float, Field(gt=0)] | None = 300.0
    """Most that all runs may cost in one calendar month."""
    posts_per_month: Annotated[int, Field(gt=0)] = 3_000_000
    """Most posts that X returns in a calendar month: its own cap."""
    glue_database: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,255}$")] | None = None
    """Database of the Glue Data Catalog in which the datasets are tables."""
    lake_formation_tags: dict[str, str] = {}
    """Lake Formation tags of that database and its tables."""
    raw_days: _Days = None
    """How long X's answers are kept."""
    quarantine_days: _Days = None
    """How long quarantined rows are kept."""
    validations_days: _Days = None
    """How long results and reports are kept."""
    data_docs_days: _Days = None
    """How long pages of Data Docs are kept."""
    noncurrent_days: _Days = None
    """How long old versions are kept in a bucket with versioning."""

    @model_validator(mode="after")
    def _keeps_what_runs_look_at(self) -> Settings:
        least = {
            "raw_days": ("look_back_days", "history_days", "refresh_days"),
            "quarantine_days": ("look_back_days",),
            "validations_days": ("look_back_days", "history_days"),
            "data_docs_days": ("look_back_days",),
        }
        for name, others in least.items():
            kept = getattr(self, name)
            for other in others:
                value = getattr(self, other)
                needed = max(value, default=0) if isinstance(value, tuple) else value
                if kept is not None and kept <= needed:
                    raise ValueError(
                        f"{name} is {kept}, but runs look back {needed} days ({other}); "
                        f"keep it {needed + 1} days or longer, or null for ever"
                    )
        kept, raw = self.validations_days, self.raw_days
        if kept is not None and (raw is None or kept < raw):
            raise ValueError(
                f"validations_days is {kept}, but raw_days is {'null' if raw is None else raw}: "
                "what is made anew from the raw pages, to release or forget rows, goes into the "
                "reports of its run; keep these as long as the pages"
            )
        kept = self.quarantine_days
        if self.raw_days is not None and (kept is None or kept > self.raw_days):
            raise ValueError(
                f"quarantine_days is {'null' if kept is None else kept}, but raw_days is "
                f"{self.raw_days}: rows are released from the raw pages; keep these as long"
            )
        return self

    @field_validator("alert_to")
    @classmethod
    def _needed_by_mail(cls, addresses: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not addresses and "mail" in info.data.get("alert_by", ()):
            raise ValueError("name at least one address, as \"mail\" is in 'alert_by'")
        return addresses

    @field_validator("sns_topic_arn")
    @classmethod
    def _needed_by_sns(cls, topic: str | None, info: ValidationInfo) -> str | None:
        if topic is None and "sns" in info.data.get("alert_by", ()):
            raise ValueError("name the topic, as \"sns\" is in 'alert_by'")
        return topic

    @field_validator("lake_formation_tags")
    @classmethod
    def _put_on_a_database(cls, tags: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if tags and info.data.get("glue_database", "") is None:
            raise ValueError(
                "there is nothing to put them on: name a 'glue_database', or drop them"
            )
        return tags


def parse_settings(text: str) -> Settings:
    """Read settings from JSON.

    Raises:
        BadConfiguration: names the key and what is wrong with it.
    """
    try:
        return Settings.model_validate_json(text, strict=True)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'the whole value'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise BadConfiguration(
            f"the Airflow Variable '{VARIABLE}' is not right: {faults}. Every key is explained in "
            "docs/settings.md."
        ) from error
