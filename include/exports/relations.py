"""What can be exported, and by which of its columns it is narrowed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.warehouse.models import Base
from include.warehouse.views import TWEETS_LATEST, VIEWS

USER_ID, ACCOUNT, SINCE, UNTIL = (
    f"tweet_lake.{name}" for name in ("user_id", "account", "since", "until")
)
"""PostgreSQL's settings that the values of the filters are bound to: COPY takes no parameters."""

POSTS = "posts"
"""What people call ``tweets_latest``."""
_DAYS = ("created_at", "observed_at", "created_on", "observed_on", "date_key", "day")
"""Columns that dates are about, the first that a relation has; times can use an index."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view: what a row of it is, and its columns with what they mean."""

    name: str
    description: str
    columns: Mapping[str, str]

    def on_days(self, bounds: tuple[str, ...]) -> list[str]:
        """Conditions on its days; empty where it has none.

        Args:
            bounds: ``SINCE``, ``UNTIL``, or both.
        """
        column = next((name for name in _DAYS if name in self.columns), None)
        if column is None:
            if self._is_of_posts:
                return [_of_posts(condition) for condition in _FACT_TWEET.on_days(bounds)]
            return []
        after = {
            SINCE: f"{column} >= {_value_of(SINCE)}::date",
            UNTIL: f"{column} < {_value_of(UNTIL)}::date + 1",
        }
        return [after[bound] for bound in bounds]

    def of_author(self) -> str | None:
        """The condition that it is about the account with that id; None if it can't be told."""
        if "author_id" in self.columns:
            return f"author_id = {_value_of(USER_ID)}::bigint"
        if self._is_of_posts:
            return _of_posts(f"author_id = {_value_of(USER_ID)}::bigint")
        if "user_id" in self.columns:
            return f"user_id = {_value_of(USER_ID)}::bigint"
        return self.of_lake_account()

    def of_lake_account(self) -> str | None:
        """The condition that the lake brought it under that name; None if it can't be told."""
        condition = f"lower(account) = lower({_value_of(ACCOUNT)})"
        if "account" in self.columns:
            return condition
        return _of_posts(condition) if self._is_of_posts else None

    @property
    def _is_of_posts(self) -> bool:
        return "tweet_id" in self.columns


def _value_of(setting: str) -> str:
    return f"current_setting('{setting}')"


def _of_posts(condition: str) -> str:
    return f"tweet_id IN (SELECT tweet_id FROM fact_tweet WHERE {condition})"


_VIEWS = [Relation(view.name, view.comment, view.columns) for view in VIEWS]
# SQLAlchemy's names are no plain str, which Airflow can't take for a form.
_TABLES = [
    Relation(
        str(table.name), table.comment or "", {str(c.name): c.comment or "" for c in table.columns}
    )
    for table in sorted(Base.metadata.sorted_tables, key=lambda table: table.name)
]
RELATIONS = {relation.name: relation for relation in (*_VIEWS, *_TABLES)}
"""All of them by name, views first."""
_FACT_TWEET = RELATIONS["fact_tweet"]


def relation_named(name: str) -> Relation | None:
    """The one of that name, or of ``posts``."""
    return RELATIONS.get(TWEETS_LATEST.name if name == POSTS else name)
