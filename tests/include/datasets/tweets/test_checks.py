from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from include.datasets.dataset import RawPage
from include.datasets.tweets.checks import check_frame
from include.datasets.tweets.decode import decode


def frame(*posts: dict[str, Any]) -> pd.DataFrame:
    return check_frame(decode([RawPage("k", json.dumps({"data": posts}).encode())]))


def test_every_row_has_its_number_and_no_cell_is_a_list() -> None:
    found = frame({"id": "1"}, {"id": "2"}, {"id": "3"})
    assert found["row"].tolist() == [0, 1, 2]
    assert not any(isinstance(cell, list) for cell in found.to_numpy().ravel())


def test_lists_are_counted() -> None:
    found = frame(
        {
            "entities": {"hashtags": [{"tag": "a"}, {"tag": "b"}], "urls": [{"url": "u"}]},
            "attachments": {"media_keys": ["3_1"]},
            "referenced_tweets": [{"type": "quoted", "id": "1"}, {"type": "replied_to", "id": "2"}],
            "edit_history_tweet_ids": ["1", "2", "3"],
        },
        {},
    )
    counts = found[
        [
            "hashtag_count",
            "mention_count",
            "url_count",
            "media_count",
            "reference_count",
            "edit_count",
        ]
    ]
    assert counts.to_numpy().tolist() == [[2, 0, 1, 1, 2, 3], [0] * 6]


@pytest.mark.parametrize(
    "posts",
    [[], [{}], [{"public_metrics": {"like_count": 1}, "lang": "en", "possibly_sensitive": True}]],
    ids=["no rows", "only nulls", "values"],
)
def test_types_do_not_depend_on_what_is_there(posts: list[dict[str, Any]]) -> None:
    found = frame(*posts)
    types = {name: str(found[name].dtype) for name in ("row", "text", "lang", "like_count")}
    assert types == {"row": "int64", "text": "str", "lang": "str", "like_count": "float64"}
    assert str(found["created_at"].dtype) == "datetime64[us, UTC]"
    assert str(found["is_possibly_sensitive"].dtype) == "boolean"
    assert str(found["hashtag_count"].dtype) == "int64"


def test_nul_and_emoji_reach_the_checks() -> None:
    assert frame({"text": "a\x00\U0001f30a"})["text"][0] == "a\x00\U0001f30a"
