"""The query parameters of a request, checked as X checks them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sandbox.field_names import (
    JOB_FIELDS,
    MEDIA_DEFAULTS,
    MEDIA_FIELDS,
    PLACE_DEFAULTS,
    PLACE_FIELDS,
    POLL_DEFAULTS,
    POLL_FIELDS,
    POST_DEFAULTS,
    POST_FIELDS,
    USAGE_FIELDS,
    USER_DEFAULTS,
    USER_FIELDS,
)
from sandbox.problems import invalid_request
from sandbox.vocabulary import classic_expansion, classic_field

_FIELDS = {
    "tweet.fields": POST_FIELDS,
    "post.fields": POST_FIELDS,
    "user.fields": USER_FIELDS,
    "media.fields": MEDIA_FIELDS,
    "place.fields": PLACE_FIELDS,
    "poll.fields": POLL_FIELDS,
    "usage.fields": USAGE_FIELDS,
    "compliance_job.fields": JOB_FIELDS,
}
USER_OBJECTS = ("tweet.fields", "post.fields", "user.fields", "expansions")
POST_OBJECTS = (*USER_OBJECTS, "media.fields", "place.fields", "poll.fields")
_DEFAULTS = {
    "post": POST_DEFAULTS,
    "user": USER_DEFAULTS,
    "media": MEDIA_DEFAULTS,
    "place": PLACE_DEFAULTS,
    "poll": POLL_DEFAULTS,
}
FIRST_DAY = datetime(2010, 11, 6, tzinfo=UTC)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_ID = re.compile(r"[0-9]{1,19}")
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")
MAX_LISTED = 100


class Parameters:
    """Reads checked values out of a query; every method raises the 400 that X would answer."""

    def __init__(self, query: Mapping[str, str], allowed: tuple[str, ...]) -> None:
        """Refuse a parameter that the endpoint does not have."""
        self._query = query
        self._fields: dict[str, frozenset[str]] = {}
        for name in query:
            if name not in allowed:
                known = ",".join(allowed)
                msg = f"The query parameter [{name}] is not one of [{known}]"
                raise invalid_request(name, query[name], msg)

    def text(self, name: str) -> str | None:
        """Return a parameter as it came, None where it was not given."""
        return self._query.get(name)

    def required(self, name: str) -> str:
        """Return a parameter that must not be missing or empty."""
        value = self._query.get(name, "")
        if not value:
            msg = f"The `{name}` query parameter can not be empty"
            raise invalid_request(name, value, msg)
        return value

    def number(self, name: str, low: int, high: int, default: int) -> int:
        """Return a whole number between low and high."""
        value = self._query.get(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            msg = f"The `{name}` query parameter value [{value}] is not between {low} and {high}"
            raise invalid_request(name, value, msg)
        return int(value)

    def time(self, name: str) -> datetime | None:
        """Return a time, which must be RFC 3339 in UTC and after X's first day."""
        value = self._query.get(name)
        if value is None:
            return None
        try:
            time = datetime.fromisoformat(value) if _TIME.fullmatch(value) else None
        except ValueError:
            time = None
        if time is None:
            msg = f"The `{name}` query parameter value [{value}] is not a valid RFC 3339 time"
            raise invalid_request(name, value, msg)
        if time < FIRST_DAY:
            msg = f"Invalid '{name}':'{value}'. '{name}' must be on or after {FIRST_DAY:%FT%TZ}"
            raise invalid_request(name, value, msg)
        return time

    def interval(
        self, now: datetime, lag: timedelta, earliest: datetime | None = None
    ) -> tuple[datetime, datetime]:
        """Return start_time and end_time; the end must lie `lag` in the past."""
        latest = now - lag
        start, end = self.time("start_time"), self.time("end_time")
        if end is not None and end > latest:
            value = self._query["end_time"]
            seconds = lag.seconds
            msg = f"Invalid 'end_time':'{value}'. 'end_time' must be a minimum of {seconds} seconds"
            raise invalid_request("end_time", value, f"{msg} prior to the request time.")
        if start is not None and start >= (end or latest):
            value = self._query["start_time"]
            msg = f"Invalid 'start_time':'{value}'. 'start_time' must be before 'end_time'"
            raise invalid_request("start_time", value, msg)
        if start is not None and earliest is not None and start < earliest:
            value = self._query["start_time"]
            msg = f"Invalid 'start_time':'{value}'. 'start_time' must be on or after "
            raise invalid_request("start_time", value, f"{msg}{earliest:%Y-%m-%dT%H:%MZ}.")
        return start or earliest or FIRST_DAY, end or latest

    def identifier(self, name: str) -> int | None:
        """Return a post id."""
        value = self._query.get(name)
        if value is None:
            return None
        return number_of(name, value)

    def id_range(self) -> tuple[int | None, int | None]:
        """Return since_id and until_id, both exclusive."""
        since, until = self.identifier("since_id"), self.identifier("until_id")
        if since is not None and until is not None and since >= until:
            msg = f"'since_id' must be less than 'until_id': {since} and {until}"
            raise invalid_request("since_id", str(since), msg)
        return since, until

    def listed(self, name: str) -> list[str]:
        """Return a list of 1 to 100 ids or usernames."""
        values = self.required(name).split(",")
        if len(values) > MAX_LISTED:
            msg = f"size must be between 1 and {MAX_LISTED}, got {len(values)}"
            raise invalid_request(name, self._query[name], f"{name}: {msg}")
        for value in values:
            if name == "usernames" and not _USERNAME.fullmatch(value):
                msg = f"The `{name}` query parameter value [{value}] does not match "
                raise invalid_request(name, value, f"{msg}^[A-Za-z0-9_]{{1,15}}$")
            if name == "ids":
                number_of(name, value)
        return list(dict.fromkeys(values))

    def choices(self, name: str, known: frozenset[str], most: int | None = None) -> frozenset[str]:
        """Return a list of at most so many, in which every entry must be known and come once."""
        value = self._query.get(name)
        if value is None:
            return frozenset()
        chosen = value.split(",")
        for entry in chosen:
            if entry not in known:
                options = ",".join(sorted(known))
                msg = f"The `{name}` query parameter value [{entry}] is not one of [{options}]"
                raise invalid_request(name, entry, msg)
        if len(set(chosen)) < len(chosen) or len(chosen) > (most or len(chosen)):
            msg = f"The `{name}` query parameter has an entry twice, or too many"
            raise invalid_request(name, value, msg)
        return frozenset(chosen)

    def expansions(self, known: frozenset[str]) -> frozenset[str]:
        """Return the expansions asked for, in the classic vocabulary."""
        value = self._query.get("expansions")
        if value is None:
            return frozenset()
        chosen = frozenset(classic_expansion(entry) for entry in value.split(","))
        if unknown := chosen - known:
            options = ",".join(sorted(known))
            bad = min(unknown)
            msg = f"The `expansions` query parameter value [{bad}] is not one of [{options}]"
            raise invalid_request("expansions", bad, msg)
        return chosen

    def fields(self, kind: str) -> frozenset[str]:
        """Return the fields of a kind of object (post, user …): what was asked and what always is.

        A post's may be asked for as tweet.fields or post.fields, in either vocabulary.
        """
        if kind in self._fields:
            return self._fields[kind]
        asked = set(_DEFAULTS.get(kind, ()))
        for name in ("tweet.fields", "post.fields") if kind == "post" else (f"{kind}.fields",):
            for entry in filter(None, self._query.get(name, "").split(",")):
                classic = classic_field(entry)
                if classic not in _FIELDS[name]:
                    options = ",".join(sorted(_FIELDS[name]))
                    msg = f"The `{name}` query parameter value [{entry}] is not one of [{options}]"
                    raise invalid_request(name, entry, msg)
                asked.add(classic)
        self._fields[kind] = frozenset(asked)
        return self._fields[kind]


def number_of(name: str, value: str) -> int:
    """Return the number in an id of 1 to 19 digits; raise the 400 for anything else."""
    if not _ID.fullmatch(value):
        msg = f"The `{name}` query parameter value [{value}] is not valid"
        raise invalid_request(name, value, msg)
    return int(value)
