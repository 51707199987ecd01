"""A command over the lake of `make up`, or over the one that `.env` names.

``python -m sandbox.command include.gaps_command --since 2026-11-01``
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from urllib.parse import urlsplit

from dotenv import dotenv_values

from sandbox import host
from sandbox.airflow_home import REPOSITORY, AirflowHome
from sandbox.world import World


def main() -> int:
    """Run the command; 2 if neither lake is there."""
    own = {k: v for k, v in dotenv_values(REPOSITORY / ".env").items() if v is not None}
    if host.running() and host.READY.exists():
        facts = json.loads(host.READY.read_text(encoding="utf-8"))
        world = World(host.DIRECTORY / "world", smtp_port=facts["smtp_port"])
        world.s3_url, world.x_url = facts["s3"], facts["x_api"]
        home = AirflowHome(
            host.DIRECTORY / "airflow",
            host.world_of(world, facts["warehouse"]),
            port=urlsplit(facts["airflow"]).port,
        )
        environment = home.environment
    elif "AIRFLOW_VAR_TWEET_LAKE" in own:
        environment = own
    else:
        sys.stderr.write(
            "There is no lake to look at: start one with `make up`, or name yours in .env "
            '(README, "With real keys").\n'
        )
        return 2
    os.environ.update({**environment, "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING"})
    command = import_module(sys.argv[1])  # Airflow reads the environment when it is imported
    return int(command.main(sys.argv[2:]))


if __name__ == "__main__":
    sys.exit(main())
