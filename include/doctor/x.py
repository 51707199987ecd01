"""X takes the token, and there is room for posts; one question, of the kind that is free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from include.connections import open_x_api
from include.doctor.finding import Finding, failed, not_checked, ok, warning
from include.doctor.patient import Patient
from include.foreign_json import parse
from include.settings import Settings
from include.spending.ledger import read_month, total
from include.x_api.errors import AccessDenied, RateLimited

NEARLY = 0.8
"""The part of a cap from which on it is worth a word."""
_SHUT_OUT = ("Client Forbidden", "SpendCap")
"""How X calls it when it gives the app nothing at all, and not only no usage."""


def token(patient: Patient) -> Iterator[Finding]:
    """X takes the token, and the month's cap has room (one call of `/2/usage/tweets`)."""
    settings = patient.settings
    # Nothing is waited for, and nothing asked twice.
    hasty = settings.model_copy(update={"rate_limit_wait_minutes": 0})
    try:
        answer = open_x_api(hasty, attempts=1).usage()
    except RateLimited as error:
        yield warning(str(error), "nothing is wrong with the token; ask again by then")
        return
    except AccessDenied as error:
        if error.at:
            patient.saw_clock("X", error.at)
        if any(word in str(error) for word in _SHUT_OUT):
            raise
        yield warning(
            str(error),
            "X may give this app posts all the same, and no usage count: the first run tells",
        )
        return
    patient.saw_clock("X", answer.at)
    yield ok("X takes the token")
    yield from _caps(answer.body, settings)


def budget(patient: Patient) -> Iterator[Finding]:
    """Today's and this month's spending, by the lake's own ledger, is below its caps."""
    settings, now = patient.settings, patient.now()
    month = read_month(patient.lake, now)
    runs = [run for day in month.days.values() for run in day.runs.values()]
    spent = {
        "usd_per_day": (total(month.day(now.date()).runs.values()).usd(settings), "today"),
        "usd_per_month": (total(runs).usd(settings), "this month"),
    }
    for name, (usd, when) in spent.items():
        cap = getattr(settings, name)
        if cap is None:
            yield ok(f"${usd:,.2f} {when}, of no cap ({name} is null)")
        elif usd < NEARLY * cap:
            yield ok(f"${usd:,.2f} {when}, of ${cap:,.2f}")
        else:
            yield warning(
                f"${usd:,.2f} of ${cap:,.2f} are spent or set aside {when}",
                f"wait for the next {name.removeprefix('usd_per_')}, or raise {name} in "
                "'tweet_lake': what can't be paid for is fetched later",
            )


def _caps(body: bytes, settings: Settings) -> Iterator[Finding]:
    try:
        told: dict[str, Any] = parse(body)["data"]
        used, cap = int(told["project_usage"]), int(told["project_cap"])
    except (KeyError, TypeError, ValueError):
        yield not_checked("X's usage report has another form than is known")
        return
    least = min(cap, settings.posts_per_month)
    said = f"{used:,} of {least:,} posts of the month are used"
    if used >= least:
        yield failed(
            said,
            "wait for the next billing month, or raise the cap (at X and, as "
            "posts_per_month, in 'tweet_lake')",
        )
    elif used >= NEARLY * least:
        yield warning(said, "raise the cap at X in time, and posts_per_month in 'tweet_lake'")
    else:
        yield ok(said)
    if cap < settings.posts_per_month:
        yield warning(
            f"X's own cap is {cap:,} posts a month, posts_per_month is "
            f"{settings.posts_per_month:,}: X would stop runs before the budget does",
            f"set posts_per_month in 'tweet_lake' to {cap}",
        )
