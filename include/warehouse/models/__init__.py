"""The tables of the warehouse, each in the file of its subject."""

from include.warehouse.models.base import Base
from include.warehouse.models.bridges import (
    BridgeTweetHashtag,
    BridgeTweetMention,
    BridgeTweetReference,
    BridgeTweetUrl,
)
from include.warehouse.models.dimensions import DimDate, DimHashtag, DimUser
from include.warehouse.models.facts import FactTweet, FactTweetMetrics, FactUserMetrics
from include.warehouse.models.ledger import LoadMark, LoadObject

__all__ = [
    "Base",
    "BridgeTweetHashtag",
    "BridgeTweetMention",
    "BridgeTweetReference",
    "BridgeTweetUrl",
    "DimDate",
    "DimHashtag",
    "DimUser",
    "FactTweet",
    "FactTweetMetrics",
    "FactUserMetrics",
    "LoadMark",
    "LoadObject",
]
