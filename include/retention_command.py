"""The bucket's lifecycle rules, from the settings: ``python -m include.retention_command``.

Reads the Airflow connection ``aws_default`` and the Variable ``tweet_lake`` from the environment,
as a task does.
"""

from __future__ import annotations

import sys

from include.connections import load_settings, open_lake
from include.errors import TweetLakeError
from include.retention import apply, rules


def main() -> int:
    """Write the rules and print them; 2 if a setting is wrong or S3 refuses."""
    try:
        settings = load_settings()
        is_new = apply(open_lake(settings), settings)
    except TweetLakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{'written' if is_new else 'unchanged'}: s3://{settings.bucket}\n")
    for rule in rules(settings):
        action = rule.get("Expiration") or rule["NoncurrentVersionExpiration"]
        (days,) = action.values()
        kind = "" if "Expiration" in rule else " (old versions)"
        sys.stdout.write(f"  {rule['Filter']['Prefix']}{kind}  {days} days\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
