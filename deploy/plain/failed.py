"""Tell people that a service of this host failed: ``ExecStopPost=`` of the units runs it.

By the channels and to the addresses of the settings, as other alerts. Where these can't be read or
nobody takes it, the journal says why.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

LEAST_QUIET = timedelta(hours=1)
"""A service that fails again and again does so six times a minute."""


def main(service: str) -> int:
    """Tell it, unless people know it; 1 with a sentence if nobody could be told."""
    # As for Airflow's own services: connections and Variables may be in its database.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    from include.connections import load_settings
    from include.notify import channels

    now = datetime.now(UTC)
    told = Path(os.environ["AIRFLOW_HOME"], "told", f"{service}-{os.environ['SERVICE_RESULT']}")
    try:
        settings = load_settings()
        quiet = max(LEAST_QUIET, timedelta(hours=settings.quiet_hours))
        if told.exists() and now.timestamp() - told.stat().st_mtime < quiet.total_seconds():
            return 0
        message = compose(service, os.environ, now)
        message["To"] = ", ".join(settings.alert_to)
        channels.send(message, settings).check()
    except Exception as error:  # noqa: BLE001 - whatever it is, people were not told
        print(f"Nobody was told that {service} failed: {error}", file=sys.stderr)
        return 1
    told.parent.mkdir(exist_ok=True)
    told.touch()
    return 0


def compose(service: str, systemd: Mapping[str, str], now: datetime) -> EmailMessage:
    """Say what failed, how, and where to look.

    Args:
        service: name of the unit, without ``.service``.
        systemd: what it says in a service's environment of how that ended.
        now: the wall clock.
    """
    host = systemd["TWEET_LAKE_DOMAIN"]
    how = systemd["SERVICE_RESULT"]
    if "EXIT_STATUS" in systemd:
        how += f" ({systemd['EXIT_CODE']}, {systemd['EXIT_STATUS']})"
    message = EmailMessage()
    message["Subject"] = f"[tweet-lake] {service} failed on {host}"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"{service} on {host} ended at {now:%Y-%m-%d %H:%M:%S} UTC: {how}.\n\n"
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
