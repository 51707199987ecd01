"""Run the sandbox until it is told to stop: `python -m sandbox`."""

import argparse
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path

from sandbox.limits import RATE_LIMITS
from sandbox.world import World


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 only inside a container")
    parser.add_argument("--x-port", type=int, default=8900)
    parser.add_argument("--s3-port", type=int, default=8901)
    parser.add_argument("--smtp-port", type=int, default=8902)
    parser.add_argument("--directory", type=Path, default=Path(".local/sandbox"))
    parser.add_argument("--bucket", default="tweet-lake")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--now", type=datetime.fromisoformat, help="freeze the X API's clock here")
    parser.add_argument(
        "--limit-factor", type=int, default=1, help="multiplies X's rate limits, for load tests"
    )
    parser.add_argument(
        "--compliance-polls", type=int, default=1, help="GETs that find a job in progress"
    )
    parser.add_argument("--username", action="append", default=[], help="an extra account")
    return parser.parse_args()


def main() -> None:
    """Start the world, say where it is, wait for SIGTERM or SIGINT, stop it."""
    arguments = _arguments()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    world = World(
        arguments.directory,
        arguments.now,
        seed=arguments.seed,
        extra_usernames=arguments.username,
        bucket=arguments.bucket,
        rate_limits={e: n * arguments.limit_factor for e, n in RATE_LIMITS.items()},
        compliance_polls=arguments.compliance_polls,
        host=arguments.host,
        x_port=arguments.x_port,
        s3_port=arguments.s3_port,
        smtp_port=arguments.smtp_port,
    )
    try:
        world.start()
    except OSError as error:
        sys.exit(f"sandbox: {error}")
    try:
        lines = (
            f"X API  {world.x_url}",
            f"S3     {world.s3_url}  bucket {world.bucket}",
            f"SMTP   {world.smtp_host}:{world.smtp_port}  mails in {world.smtp.folder}",
            "sandbox is ready",
        )
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        stop.wait()
    finally:
        world.stop()


if __name__ == "__main__":
    main()
