"""Profiles of the configured accounts, a hundred a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from include.accounts import Account, begun
from include.listed import Listed
from include.source import Planning
from include.x_api.fields import USER_FIELDS

if TYPE_CHECKING:
    from include.x_api.answer import Answer
    from include.x_api.client import XApi  # tweepy is slow to import


class Profiles(Listed):
    """Asks for every account that has begun; a search has no profile."""

    kind = "users"
    dataset = "users"
    share = 1.0  # they are few, and what is left out of a day can't be had later

    def wanted(self, planning: Planning) -> list[str]:
        """Usernames as they are configured."""
        accounts = begun(planning.accounts, planning.interval)
        return [account.username for account in accounts if isinstance(account, Account)]

    def paid(self, planning: Planning, names: Sequence[str]) -> set[str]:
        """Those whom a run of today has looked up."""
        charged = planning.purse.users_charged()
        return {name for name in names if name.lower() in charged}

    def ask(self, api: XApi, names: Sequence[str]) -> Answer:
        """``GET /2/users/by``."""
        return api.users_by(names, fields=USER_FIELDS)
