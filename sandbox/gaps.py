"""`make gaps`: what is missing in the lake of `make up`, or in the one that `.env` names."""

from __future__ import annotations

import json
import os
import sys

from dotenv import dotenv_values

from sandbox import host
from sandbox.airflow_home import REPOSITORY
from sandbox.world import World


def main() -> int:
    """Print the gaps; 2 if neither lake is there."""
    own = {k: v for k, v in dotenv_values(REPOSITORY / ".env").items() if v is not None}
    if host.READY.exists():
        facts = json.loads(host.READY.read_text(encoding="utf-8"))
        world = World(host.DIRECTORY / "world")
        world.s3_url, world.x_url = facts["s3"], facts["x_api"]
        environment = host.world_of(world)
    elif "AIRFLOW_VAR_TWEET_LAKE" in own:
        environment = own
    else:
        sys.stderr.write(
            "There is no lake to look at: start one with `make up`, or name yours in .env "
            '(README, "With real keys").\n'
        )
        return 2
    os.environ.update(environment)
    from include.gaps_command import main as print_gaps  # reads the environment on import

    return print_gaps(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
