"""What the lake itself has seen to be gone, where X's compliance jobs do not tell."""

from __future__ import annotations

import json

from include.compliance.holdings import bodies, read_rows
from include.datasets.tweet_metrics.decode import VISIBLE
from include.lake import Lake
from include.lookup import known_accounts, known_key
from include.outcomes import Outcome
from include.report import AccountReport, RunReport

WITHHELD = "withheld"
_HIDDEN = {Outcome.SUSPENDED, Outcome.PROTECTED}
"""Not deleted: an account that X does not know by its name may have another name now."""


def gone_posts(lake: Lake) -> dict[str, str]:
    """Posts that were not visible to all when ``tweet_metrics`` last saw them, with the reason."""
    gone: dict[str, str] = {}
    columns = ["tweet_id", "status", "withheld_country_codes"]
    for key, body in bodies(lake, lake.keys("curated/tweet_metrics/")):
        for row in read_rows(key, body, columns):
            is_withheld = row["status"] == VISIBLE and row["withheld_country_codes"]
            gone[row["tweet_id"]] = WITHHELD if is_withheld else row["status"]
    return {post: status for post, status in gone.items() if status != VISIBLE}


def hidden_users(lake: Lake) -> dict[str, str]:
    """Accounts that the newest run of ``ingest_tweets`` found suspended or protected, by id."""
    hidden = {
        account.account: account.outcome.value
        for account in _newest_accounts(lake)
        if account.outcome in _HIDDEN
    }
    return {
        str(json.loads(lake.get(known_key(name)))["user_id"]): hidden[name]
        for name in sorted(hidden.keys() & known_accounts(lake))
    }


def _newest_accounts(lake: Lake) -> list[AccountReport]:
    for day in sorted(lake.folders("validations/tweets/"), reverse=True):
        runs = list(lake.keys(f"{day}run/"))
        if runs:
            return RunReport.model_validate_json(lake.get(runs[-1])).accounts
    return []
