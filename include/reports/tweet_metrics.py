"""The pictures of tweet_metrics: how posts grow, how often they are looked at, which are gone."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from include.data_docs.words import count_of
from include.reports.charts import bars, spans
from include.reports.figure import Figure, number, share
from include.reports.queries import AGES, ENGAGEMENT_BY_AGE, OBSERVATIONS, Questions

_VISIBLE = "visible"


def figures(questions: Questions) -> list[Figure]:
    """The pictures, in their order."""
    days: dict[date, dict[str, int]] = defaultdict(dict)
    for row in questions.ask(OBSERVATIONS):
        days[row.day][row.status] = row.observations
    return [_by_age(questions), _observations(days), _gone(days)]


def _by_age(questions: Questions) -> Figure:
    rows = questions.ask(ENGAGEMENT_BY_AGE)
    points = [
        {"group": _age(row.age), "low": low, "middle": middle, "high": high}
        for row in rows
        for low, middle, high in [row.quartiles]
    ]
    said = (
        f"The median is {number(points[0]['middle'])} at {points[0]['group']} hours and "
        f"{number(points[-1]['middle'])} at {points[-1]['group']} hours."
        if points
        else ""
    )
    return Figure(
        "age",
        "Engagement by age of a post",
        "Likes, replies, reposts and quotes of posts of each age, reposts left out: the dot is the "
        "median, half of the observations are within the line.",
        spans(points, said, "hours since posting") if points else None,
        columns=("Hours", "A quarter below", "Median", "A quarter above", "Observations"),
        rows=[
            (_age(row.age), *(number(value) for value in row.quartiles), number(row.observations))
            for row in rows
        ],
    )


def _age(group: int) -> str:
    """``2–4`` of the group between the first and the second limit above."""
    edges = (0, *AGES)
    return f"{edges[group]}–{edges[group + 1]}" if group < len(AGES) else f"{edges[group]}+"


def _observations(days: dict[date, dict[str, int]]) -> Figure:
    totals = {day: sum(by_status.values()) for day, by_status in days.items()}
    points = [{"day": day, "value": total} for day, total in totals.items()]
    said = f"{count_of(sum(totals.values()), 'observation')} on {count_of(len(totals), 'day')}."
    return Figure(
        "observations",
        "Observations by day",
        "How often posts were looked at on each UTC day, gone ones too.",
        bars(points, said) if points else None,
        columns=("Day", "Observations"),
        rows=[(str(day), number(total)) for day, total in reversed(totals.items())],
    )


def _gone(days: dict[date, dict[str, int]]) -> Figure:
    statuses = sorted({status for day in days.values() for status in day} - {_VISIBLE})
    totals = {day: sum(by_status.values()) for day, by_status in days.items()}
    gone = sum(totals.values()) - sum(day.get(_VISIBLE, 0) for day in days.values())
    points = [
        {"day": day, "kind": status, "value": by_status.get(status, 0) / totals[day]}
        for day, by_status in days.items()
        for status in statuses
    ]
    said = f"{count_of(gone, 'observation')} of {number(sum(totals.values()))} found a post gone."
    return Figure(
        "gone",
        "Posts that were gone",
        "Share of the observations of each day that found the post gone, and why. A post that was "
        "seen to be gone is not looked at again." + ("" if gone or not days else " None was."),
        bars(points, said, kinds=statuses, format="~%") if points else None,
        columns=("Day", *statuses, "Share"),
        rows=[
            (
                str(day),
                *(number(by_status.get(status, 0)) for status in statuses),
                share(1 - by_status.get(_VISIBLE, 0) / totals[day]),
            )
            for day, by_status in reversed(days.items())
        ],
    )
