"""A post's counts as X sends them, and what X says of a post that it does not show."""

from __future__ import annotations

from include.datasets.wire import ABSENT, Metrics, Text, Wire, Withheld


class Post(Wire):
    """What a snapshot needs of a post."""

    id: str = ABSENT
    author_id: Text = None
    created_at: Text = None
    withheld: Withheld | None = None
    public_metrics: Metrics = ABSENT


class Problem(Wire):
    """One item of ``errors``: where it says that a post is gone, the row is a tombstone."""

    resource_id: Text = None
    value: Text = None
    resource_type: Text = None
    type: Text = None
    detail: Text = None
