"""Texts that do something wherever they are taken for more than texts, in every field of X's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

ELSEWHERE = "canary.invalid"
"""Whom no page asks for anything."""
WORK = 7919 * 104_729
"""What a template would make of ``{{ 7919*104729 }}``."""
_PING = f"document.title='ran';window.ran=1;new Image().src='http://{ELSEWHERE}/ping';alert(1)"

SCRIPTS = (
    f"<script>{_PING}</script>",
    f"</script></style></title></textarea></td></table><script>{_PING}</script>",
    f'"><img src=x onerror="{_PING}">',
    f'\'><svg onload="{_PING}"><animate onbegin="{_PING}" attributeName=x dur=1s></svg>',
    f'" onmouseover="{_PING}" onfocus="{_PING}" autofocus tabindex="1',
    f"&lt;script&gt;{_PING}&lt;/script&gt; &#60;img src=x onerror=&#34;{_PING}&#34;&#62;",
    f"javascript:{_PING}//http://example.org/",
    f"data:text/html,<script>{_PING}</script>",
    f"[a link](javascript:{_PING}) ![a picture](http://{ELSEWHERE}/md.png)",
    f"<style>@import 'http://{ELSEWHERE}/a.css';*{{background:url(http://{ELSEWHERE}/b.png)}}</style>",
    f'<iframe srcdoc="<script>parent.ran=1</script>"></iframe><base href="http://{ELSEWHERE}/">',
    f'<meta http-equiv="refresh" content="0;url=http://{ELSEWHERE}/">',
    f'<link rel=stylesheet href="http://{ELSEWHERE}/l.css"><object data="http://{ELSEWHERE}/o">',
    f'<form action="http://{ELSEWHERE}/"><button autofocus>Approve</button></form>',
    "{{ 7919*104729 }} ${7919*104729} {% raw %} $like ${like} {0}",
    f"<math><mtext></form><mglyph><style></math><img src onerror={_PING.replace(' ', '%20')}>",
    f"\u202e\u2066\u200f<script>{_PING}</script>\u2028\x00\x1b]8;;http://{ELSEWHERE}/\x07",
    "half a pair \ud83d <b>",
)
FORMULAS = (
    "=1+1",
    f'=HYPERLINK("http://{ELSEWHERE}/","free")',
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "'=1+1",
    '",=1+1,"',
    '"\r\n=1+1,"',
)
STATEMENTS = (
    "'; DROP TABLE fact_tweet; --",
    "nasa' OR '1'='1",
    'nasa"; DROP TABLE dim_user CASCADE; --',
    "$$; DROP TABLE dim_user CASCADE; --",
    "\\'; DROP TABLE fact_tweet; --",
    "nasa') UNION SELECT usename, passwd FROM pg_shadow --",
    "%_%",
)
POISONS = (*SCRIPTS, *FORMULAS, *STATEMENTS)


def post(number: int, poison: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """A post with the poison in every field that holds a text; it passes the suite."""
    tweet_id = str(2_123_566_994_027_446_272 + number)
    span = {"start": 0, "end": 1}
    return {
        "id": tweet_id,
        "author_id": "11348282",
        "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "text": poison,
        "note_tweet": {"text": poison},
        "lang": "en",
        "source": poison,
        "community_id": "1",
        "conversation_id": tweet_id,
        "reply_settings": poison,
        "edit_history_tweet_ids": [tweet_id],
        "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3},
        "entities": {
            "urls": [
                {
                    **span,
                    "url": poison,
                    "expanded_url": poison,
                    "unwound_url": poison,
                    "display_url": poison,
                    "title": poison,
                    "description": poison,
                }
            ],
            "hashtags": [{**span, "tag": poison}],
            "cashtags": [{**span, "tag": poison}],
            "mentions": [{**span, "username": poison, "id": "1"}],
        },
        "attachments": {"media_keys": [f"3_{number}"]},
        "geo": {"place_id": f"place{number}"},
        "context_annotations": [
            {"domain": {"id": "1", "name": poison}, "entity": {"id": "2", "name": poison}}
        ],
        "withheld": {"country_codes": [poison]},
        "referenced_tweets": [{"type": poison, "id": "7"}],
        poison: poison,
        **fields,
    }


def media(number: int, poison: str) -> dict[str, Any]:
    """The post's picture."""
    links = {"url": poison, "preview_image_url": poison}
    return {"media_key": f"3_{number}", "type": "photo", "alt_text": poison, **links}


def place(number: int, poison: str) -> dict[str, Any]:
    """Where the post is from."""
    return {"id": f"place{number}", "full_name": poison, "country_code": poison}


def profile(number: int, poison: str, **fields: Any) -> dict[str, Any]:
    """A profile with the poison in every field that holds a text."""
    entities = {"urls": [{"url": poison, "expanded_url": poison, "display_url": poison}]}
    return {
        "id": str(9_000 + number),
        "username": f"user_{number}",
        "name": poison,
        "created_at": "2020-01-01T00:00:00.000Z",
        "description": poison,
        "location": poison,
        "url": poison,
        "profile_image_url": poison,
        "verified_type": poison,
        "pinned_tweet_id": "7",
        "entities": {"url": entities, "description": entities},
        "public_metrics": {"followers_count": 1, "following_count": 1, "tweet_count": 1},
        "withheld": {"country_codes": [poison]},
        **fields,
    }


def page_of_posts(start: datetime) -> dict[str, Any]:
    """Of each poison a post that lands, one that is put aside, and one whose id is the poison."""
    posts, included_media, places = [], [], []
    for number, poison in enumerate(POISONS):
        at = start + timedelta(minutes=number)
        bad = {"public_metrics": {"like_count": -7}}
        posts += [
            post(3 * number, poison, at),
            post(3 * number + 1, poison, at, lang=poison, **bad),
            post(3 * number + 2, poison, at, id=poison, author_id=poison, created_at=poison),
        ]
        for one in range(3 * number, 3 * number + 3):
            included_media.append(media(one, poison))
            places.append(place(one, poison))
    return {"data": posts, "includes": {"media": included_media, "places": places}}


def page_of_profiles() -> dict[str, Any]:
    """Of each poison a profile that lands, and one that is put aside."""
    found = [profile(2 * n, poison) for n, poison in enumerate(POISONS)]
    found += [profile(2 * n + 1, poison, username=poison) for n, poison in enumerate(POISONS)]
    return {"data": found}


START = datetime(2026, 11, 2, 8, tzinfo=UTC)
