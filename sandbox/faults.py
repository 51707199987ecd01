"""Faults on demand: what to answer instead of, or to do to, an honest answer."""

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sandbox.malformed import MALFORMATIONS

FAULTS: dict[str, str] = {
    "rate_limit": "429 Too Many Requests; `x-rate-limit-reset` is `reset_in` seconds ahead",
    "rate_limit_no_header": "429 with code 88 and without any `x-rate-limit-*` header",
    "monthly_cap": "429 UsageCapExceeded, thousands of requests remaining: waiting never helps",
    "credits_depleted": "402 CreditsDepleted: out of money",
    "unauthorized": "401, as with a wrong token",
    "forbidden": "403 client-not-enrolled",
    "spending_limit": "403 SpendCapReached until `reset_date`, with the problem type of `credits`",
    "unavailable_html": "503 with an HTML page",
    "unavailable_text": "503 with a line of plain text",
    "slow": "the honest answer, `seconds` late",
    "cut": "half of the honest answer, then the connection is closed",
    "broken_json": "200, JSON that stops in the middle",
    "not_json_200": "200 with an HTML page",
    "not_found_timeline": "404 as on 2025-09-10, when every timeline seemed gone",
    "empty_answer": "200 without data, errors or includes: only `meta` with a count of 0",
    "errors_only": "200 with an `errors` list (resource-unavailable) and no `data`",
    "redirect": "302 to the same path at another host, `location`",
    "malformed_post": "the first post is spoilt as `malformation` of malformed.py says",
    "unknown_fields": "the honest answer with keys that nobody has documented in posts, users, "
    "metrics and at the top",
    "other_vocabulary": "the honest answer in the other of the two vocabularies",
    "usage_drift": "`/2/usage/tweets` tells `percent` % more than was counted; "
    "no other request is struck",
}
"""Name of the fault, and what the caller sees."""


@dataclass(slots=True)
class Fault:
    """One order: what (`fault`), where (`path`), how often (`times`, None for ever).

    `path` is a regular expression, searched in path and query of a request, and in the username
    whose timeline it asks for. The first `after` requests that match are answered honestly.
    """

    fault: str
    path: str = ""
    times: int | None = 1
    after: int = 0
    seconds: float = 1.0
    reset_in: int = 1
    malformation: str = "count_as_string"
    percent: float = 10.0
    location: str = "https://elsewhere.invalid"

    def __post_init__(self) -> None:
        """Raise ValueError for an unknown name, or a value that makes no sense."""
        if self.fault not in FAULTS:
            msg = f"unknown fault {self.fault!r}; known: {', '.join(FAULTS)}"
            raise ValueError(msg)
        if self.malformation not in MALFORMATIONS:
            known = ", ".join(MALFORMATIONS)
            msg = f"unknown malformation {self.malformation!r}; known: {known}"
            raise ValueError(msg)
        if isinstance(self.percent, bool) or not isinstance(self.percent, int | float):
            msg = f"percent {self.percent!r} is not a number"
            raise ValueError(msg)  # noqa: TRY004 - a wrong order is a ValueError, whatever is wrong
        if not str(self.location).startswith(("http://", "https://")):
            msg = f"location {self.location!r} is not an http or https URL"
            raise ValueError(msg)
        if self.fault == "usage_drift" and not self.path:
            self.path = "^/2/usage/tweets"
        try:
            re.compile(self.path)
        except re.error as error:
            msg = f"path {self.path!r} is not a regular expression: {error}"
            raise ValueError(msg) from error


class Faults:
    """The faults that are ordered, in order; the first that matches is used."""

    def __init__(self) -> None:
        """Start without faults."""
        self._orders: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: str, path: str = "", **options: Any) -> None:
        """Order a fault; options are the fields of `Fault`."""
        self.extend([{"fault": fault, "path": path, **options}])

    def extend(self, orders: Iterable[Mapping[str, Any]]) -> None:
        """Order several faults, or none of them: ValueError names what is wrong with one."""
        known = {field.name for field in fields(Fault)}
        new = []
        for order in orders:
            if unknown := set(order) - known:
                msg = f"unknown key {min(unknown)!r}; known: {', '.join(sorted(known))}"
                raise ValueError(msg)
            if "fault" not in order:
                msg = "the key 'fault' is missing"
                raise ValueError(msg)
            new.append(Fault(**order))
        with self._lock:
            self._orders.extend(new)

    def clear(self) -> None:
        """Forget all orders."""
        with self._lock:
            self._orders.clear()

    def strike(self, subjects: Iterable[str]) -> Fault | None:
        """Return the fault that this request gets, and count it; None for an honest answer."""
        subjects = tuple(subjects)
        with self._lock:
            for order in self._orders:
                if order.times == 0 or not any(re.search(order.path, s) for s in subjects):
                    continue
                if order.after > 0:
                    order.after -= 1
                    continue
                if order.times is not None:
                    order.times -= 1
                return order
        return None
