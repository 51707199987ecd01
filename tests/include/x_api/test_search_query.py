from __future__ import annotations

import pytest

from include.x_api.search_query import check_query
from sandbox.search_query import parse as read_as_x_does


@pytest.mark.parametrize(
    "query",
    [
        "from:nasa has:media",
        'from:nasa (launch OR "mars rover" OR #Artemis) -is:reply -is:retweet',
        '"half past 12:30" lang:en',
        "(grumpy cat) OR (#meme has:links)",
        "cat -(dog OR -bird)",
        "noon 12:30 $SPCE @nasa",
        'url:"https://example.org/a (b)" -from:nasa',
        "conversation_id:1334987486343299072",
        '"and" or-chids',
        'nasa has:"media" -is:nullcast',
        "in_reply_to_status_id:20",
        "min_something_new:10 nasa",
    ],
)
def test_what_x_takes_is_let_through(query: str) -> None:
    check_query(query)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "a term is missing"),
        ("x" * 513, "513 characters long, X takes 512"),
        ("has:media lang:en", "at least one term that stands alone"),
        ("-from:nasa", "at least one term that stands alone"),
        ("form:nasa", "no operator 'form'; did you mean 'from'"),
        ("nasa has:medai", "no operator 'has:medai'; did you mean 'has:media'"),
        ("nasa https://nasa.gov", "no operator 'https'.*in quotation marks"),
        ("nasa is:nullcast", "only as -is:nullcast"),
        ("-(from:nasa)", "at least one term that stands alone"),
        ("-(cat (dog OR bird)) has:media", "at least one term that stands alone"),
        ("from: nasa", "'from:' has no value"),
        ('nasa url:""', "has no value"),
        ("nasa OR", "a term is missing beside OR"),
        ("OR nasa", "a term is missing beside OR"),
        ("nasa () launch", "a term is missing .* between parentheses"),
        ("(nasa", "parentheses do not match"),
        ("nasa) launch", "parentheses do not match"),
        ("nasa) (launch", "parentheses do not match"),
        ('nasa "launch', "a quotation mark has no second one"),
        ("nasa and esa", "'and' is ambiguous"),
        ("nasa or esa", "OR is written in capitals"),
    ],
)
def test_what_x_refuses_is_said_before(query: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_query(query)


@pytest.mark.parametrize("query", ["from:nasa has:media", "(a OR b) -is:retweet lang:en", "-a b"])
def test_the_sandbox_takes_what_is_let_through(query: str) -> None:
    check_query(query)
    read_as_x_does(query)
