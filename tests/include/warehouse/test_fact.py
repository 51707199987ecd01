"""A row that several objects hold is that of the latest of them, whatever was loaded when."""

from __future__ import annotations


def test_a_row_that_is_handed_down_goes_to_the_latest_that_has_it(house):
    """Two of three that hold it are made anew, the latest without it: the third has it now."""
    house.land("tweets", 2, {"n": 1, "like_count": 2}, {"n": 9})
    house.land("tweets", 3, {"n": 1, "like_count": 3})
    house.land("tweets", 4, {"n": 1, "like_count": 4}, {"n": 7})
    house.load("tweets")
    house.land("tweets", 2, {"n": 1, "like_count": 2}, {"n": 9}, {"n": 8})
    house.land("tweets", 4, {"n": 7})

    house.load("tweets")

    assert house.ask("SELECT like_count FROM fact_tweet WHERE tweet_id % 10 = 1") == [3]
    assert house.ask("SELECT shadowed FROM load_object ORDER BY key") == [1, 0, 0]
