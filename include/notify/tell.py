"""Telling what is new, once: read what people know, send the rest, remember that they know it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage

from pydantic import ValidationError

from include.errors import BadConfiguration
from include.interval import Interval
from include.lake import Lake
from include.notify import channels
from include.notify.alerts import Alerts, News, Sent
from include.settings import Settings


def tell(
    lake: Lake,
    key: str,
    settings: Settings,
    *,
    judge: Callable[[Alerts], News],
    compose: Callable[[News], EmailMessage | None],
    occasion: str | None,
    interval: Interval | None,
    now: datetime,
) -> EmailMessage | None:
    """Send what is new by every channel, and remember it.

    What at least one channel took counts as told. Tried again on the same occasion, the same news
    goes to the channels that lack it, and to no other.

    Args:
        lake: keeps the memory.
        key: of the memory in the lake.
        settings: channels, addresses and the quiet period.
        judge: what is new to people who know this much.
        compose: a message of it; None where there is nothing to say.
        occasion: names this look: a retry, or a task that is cleared, gives the same. None where
            neither can be.
        interval: what was looked at; None where the look was at the present.
        now: the wall clock.

    Returns:
        The message, or None where nothing was sent.

    Raises:
        TweetLakeError: a channel failed, as :meth:`Delivery.check` says; or the lake did.
    """
    body = lake.find(key)
    alerts = _parse(key, body)
    before = alerts.sent.get(occasion) if occasion else None
    if before and set(settings.alert_by) <= set(before.channels):
        return None
    news = before.news if before else judge(alerts)
    message = compose(news)
    delivery = None
    if message is not None:
        delivery = channels.send(message, settings, before.channels if before else ())

    def remember(body: bytes | None) -> bytes:
        known = _parse(key, body)
        if before is None:
            quiet = timedelta(hours=settings.quiet_hours)
            known = known.after(news, interval=interval, now=now, quiet=quiet)
        if delivery is not None and occasion is not None:
            # Only a retry asks for the news, and only where a channel lacks it.
            told = news if set(settings.alert_by) - set(delivery.taken) else News()
            sent = Sent(at=now, channels=sorted(delivery.taken), news=told)
            known = known.having_sent(occasion, sent)
        return known.model_dump_json(indent=1, exclude_defaults=True).encode()

    # Where no channel took it, nobody was told.
    if (delivery is None and remember(body) != body) or (delivery and delivery.taken):
        lake.update(key, remember)
    if delivery is not None:
        delivery.check()
    return message


def recall(lake: Lake, key: str) -> Alerts:
    """What people know, by the lake.

    Raises:
        BadConfiguration: the object is damaged.
    """
    return _parse(key, lake.find(key))


def _parse(key: str, body: bytes | None) -> Alerts:
    if body is None:
        return Alerts()
    try:
        return Alerts.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "the whole"
        raise BadConfiguration(
            f"{key} does not say what people were told ({place}: {fault['msg']}). Delete it; they "
            "are then told anew of what is in trouble"
        ) from error
