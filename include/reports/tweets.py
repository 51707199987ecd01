"""The pictures of tweets: how many posts of what kind, what they got, and what they are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from include.data_docs.words import count_of
from include.reports.charts import bars, ranking
from include.reports.figure import Figure, number
from include.reports.queries import DOMAINS, HASHTAGS, LANGUAGES, POSTS_BY_DAY, Questions

_SEVERAL = "several at once"
_KINDS = {"original": "original", "reply": "reply", "quote": "quote", "retweet": "repost"}


def figures(questions: Questions) -> list[Figure]:
    """The pictures, in their order."""
    return [
        *_by_day(questions),
        _most(
            questions, "hashtags", HASHTAGS, "Hashtags", "Hashtag",
            "Posts with each hashtag, whatever its letters' case; those on most posts first.",
        ),
        _most(
            questions, "domains", DOMAINS, "Where links lead", "Domain",
            "Posts that link to each domain. Links to X itself are left out.",
        ),
        _most(
            questions, "languages", LANGUAGES, "Languages", "Language",
            "Posts by language as X tells it, or as it was detected where X tells none. und is "
            "unknown; zxx and what begins with q is X's mark of posts without sentences.",
        ),
    ]  # fmt: skip


def _by_day(questions: Questions) -> Iterable[Figure]:
    posts: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    engagement: dict[date, tuple[int, int]] = {}
    for row in questions.ask(POSTS_BY_DAY):
        posts[row.day][_KINDS.get(row.kind, _SEVERAL)] += row.posts
        total, counted = engagement.get(row.day, (0, 0))
        engagement[row.day] = total + (row.engagement or 0), counted + row.counted
    known = [*_KINDS.values(), _SEVERAL]
    kinds = [kind for kind in known if any(kind in day for day in posts.values())]
    totals = {day: sum(by_kind.values()) for day, by_kind in posts.items()}
    points = [
        {"day": day, "kind": kind, "value": count}
        for day, by_kind in posts.items()
        for kind, count in by_kind.items()
    ]
    yield Figure(
        "posts",
        "Posts by day",
        "Posts of each UTC day. A post that is, say, a reply and a quote counts once, as several "
        "at once.",
        bars(points, _said(totals, "post"), kinds=kinds) if points else None,
        columns=("Day", *kinds, "All"),
        rows=[
            (str(day), *(number(posts[day].get(kind, 0)) for kind in kinds), number(total))
            for day, total in reversed(totals.items())
        ],
    )
    counted_days = {day: total for day, (total, counted) in engagement.items() if counted}
    points = [{"day": day, "value": total} for day, total in counted_days.items()]
    posts_of = {day: counted for day, (_, counted) in engagement.items()}
    yield Figure(
        "engagement",
        "Engagement by day of posting",
        "Likes, replies, reposts and quotes that the posts of each day have got so far. Reposts "
        "are left out: their counts are the original's. The last days are still growing.",
        bars(points, _said(counted_days, "engagement", "engagements")) if points else None,
        columns=("Day", "Engagement", "Posts", "Mean"),
        rows=[
            (
                str(day),
                number(total),
                number(posts_of[day]),
                number(total / posts_of[day]),
            )
            for day, total in reversed(counted_days.items())
        ],
    )


def _most(  # noqa: PLR0917
    questions: Questions, name: str, query: str, title: str, column: str, caption: str
) -> Figure:
    found = questions.ask(query)
    points = [{"name": row.name, "value": row.posts, "shown": number(row.posts)} for row in found]
    said = f"{count_of(found[0].posts, 'post')} with {found[0].name}" if found else ""
    if found[1:]:
        said += f", down to {number(found[-1].posts)} with {found[-1].name}"
    return Figure(
        name,
        title,
        caption,
        ranking(points, said) if points else None,
        is_list=True,
        columns=(column, "Posts"),
        rows=[(row.name, number(row.posts)) for row in found],
    )


def _said(totals: dict[date, int], singular: str, plural: str | None = None) -> str:
    if not totals:
        return ""
    busiest = max(totals, key=lambda day: totals[day])
    return (
        f"{count_of(sum(totals.values()), singular, plural)} of {count_of(len(totals), 'day')}; "
        f"most of {busiest}: {number(totals[busiest])}."
    )
