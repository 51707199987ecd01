import pytest

from sandbox.cast import CAST
from sandbox.posts import Post
from sandbox.search_query import QueryError, parse


def post(text: str, **body: object) -> Post:
    return Post(1, CAST[0], {"text": text, **body})


TEXT = "The night ferry waits for fog &amp; rain. #tide"


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("ferry fog", True),
        ("FERRY", True),
        ("fer", False),
        ("ferry snow", False),
        ("snow OR fog", True),
        ("ferry (snow OR hail)", False),
        ("ferry (snow OR (fog rain))", True),
        ('"night ferry"', True),
        ('"ferry night"', False),
        ("ferry -fog", False),
        ('ferry -"fog bank"', True),
        ("ferry -(snow OR hail)", True),
        ("tide", True),
        ("snow fog OR ferry", True),
        ("from:harbour_news fog", True),
        ("from:HARBOUR_NEWS fog", True),
        ("from:city_weather fog", False),
        ("fog -from:harbour_news", False),
        ("fog is:retweet", False),
        ("fog -is:retweet -is:reply", True),
        ("fog has:media", False),
        ("fog -has:links", True),
    ],
)
def test_queries(query: str, *, matches: bool):
    assert parse(query).matches(post(TEXT)) is matches


def test_operators_look_at_the_post():
    reply = post("hello", referenced_tweets=[{"type": "replied_to", "id": "1"}], lang="und")
    assert parse("hello is:reply").matches(reply)
    assert parse("hello lang:und").matches(reply)
    assert parse("hello has:media").matches(post("hello", attachments={"media_keys": ["3_1"]}))


def test_the_whole_of_a_long_post_is_searched():
    assert parse("ending").matches(post("begin", note_tweet={"text": "begin … ending"}))


@pytest.mark.parametrize(
    ("query", "usernames"),
    [
        ("from:a fog", {"a"}),
        ("from:A OR from:b", {"a", "b"}),
        ("fog (from:a OR from:b) tide", {"a", "b"}),
        ("from:a OR fog", None),
        ("fog -from:a", None),
    ],
)
def test_whose_posts_a_query_can_find(query: str, usernames: set[str] | None):
    assert parse(query).usernames == usernames


@pytest.mark.parametrize(
    "query",
    [
        "",
        "(fog",
        "fog)",
        "fog OR",
        "()",
        "-fog",
        "-is:reply",
        "near:here fog",
        '"',
        '""',
        "from: x",
    ],
)
def test_a_query_that_x_refuses(query: str):
    with pytest.raises(QueryError):
        parse(query)
