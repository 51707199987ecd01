"""Tell people that a service of this host failed; ``tweet-lake-failed@.service`` runs it.

By the channels and to the addresses of the settings, as other alerts. Where these can't be read or
somebody does not take it, the journal says why.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

LEAST_QUIET = timedelta(hours=1)
"""A service that fails again and again does so six times a minute."""


def main(instance: str) -> int:
    """Tell it, unless people know it.

    Args:
        instance: ``tweet-lake-scheduler:oom-kill``: a service, and what systemd says of its end.

    Returns:
        1 if somebody could not be told; a sentence on standard error says why.
    """
    service, _, result = instance.partition(":")
    # As for Airflow's own services: connections and Variables may be in its database.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    from include.connections import load_settings
    from include.notify import channels

    now = datetime.now(UTC)
    # In memory: a full disk is among the troubles.
    told = Path(os.environ["RUNTIME_DIRECTORY"], instance)
    who = "Nobody"
    try:
        settings = load_settings()
        quiet = max(LEAST_QUIET, timedelta(hours=settings.quiet_hours))
        if told.exists() and now.timestamp() - told.stat().st_mtime < quiet.total_seconds():
            return 0
        message = compose(service, result, os.environ["TWEET_LAKE_DOMAIN"], now)
        message["To"] = ", ".join(settings.alert_to)
        done = channels.send(message, settings)
        if done.taken:
            who = "Not everybody"
            told.touch()
        done.check()
    except Exception as error:  # noqa: BLE001 - whatever it is, people were not told
        print(f"{who} was told that {service} failed: {error}", file=sys.stderr)
        return 1
    return 0


def compose(service: str, result: str, host: str, now: datetime) -> EmailMessage:
    """Say what failed, how, and where to look."""
    message = EmailMessage()
    message["Subject"] = f"[tweet-lake] {service} failed on {host}"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"{service} on {host} ended at {now:%Y-%m-%d %H:%M:%S} UTC: {result}.\n\n"
        f"What it said:   journalctl --unit={service} --since=-1h\n"
        "What runs now:  systemctl status 'tweet-lake-*'\n\n"
        "Airflow's four services are started again after ten seconds, as often as it takes. The\n"
        "backup is made the next night, or by: systemctl start tweet-lake-backup. Where the\n"
        "migration failed nothing runs until: systemctl start tweet-lake.target\n\n"
        "The same is not told again for a while.\n"
    )
    return message


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
