"""The pictures of users: followers, and which accounts grow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from include.data_docs.words import count_of
from include.reports.charts import lines, ranking
from include.reports.figure import Figure, change, number
from include.reports.queries import FOLLOWERS, GROWTH, LARGEST, MOST, Questions

_LATEST_NUMBER = "On a day without an observation the latest before it counts"


def figures(questions: Questions) -> list[Figure]:
    """The pictures, in their order."""
    return [_followers(questions), _largest(questions), *_growth(questions)]


def _followers(questions: Questions) -> Figure:
    days = questions.ask(FOLLOWERS)
    points = [{"day": row.day, "value": row.followers} for row in days]
    said = (
        f"From {number(days[0].followers)} on {days[0].day} "
        f"to {number(days[-1].followers)} on {days[-1].day}."
        if days
        else ""
    )
    return Figure(
        "followers",
        "Followers of all accounts",
        f"Followers of all accounts together. {_LATEST_NUMBER}; an account that was added counts "
        "from its first.",
        lines(points, said) if points else None,
        columns=("Day", "Followers", "Accounts"),
        rows=[
            (str(row.day), number(row.followers), number(row.accounts)) for row in reversed(days)
        ],
    )


def _largest(questions: Questions) -> Figure:
    rows = questions.ask(LARGEST)
    names = list(dict.fromkeys(row.name for row in rows))
    points = [{"day": row.day, "kind": row.name, "value": row.growth} for row in rows]
    last = {row.name: row.growth for row in rows}
    return Figure(
        "largest",
        "Growth of the largest accounts",
        "Followers more or fewer than at the first observation of this report, for the accounts "
        "with most followers.",
        lines(
            points,
            "At the end " + ", ".join(f"{name} {change(last[name])}" for name in names) + ".",
            kinds=names,
            format="+~%",
        )
        if points
        else None,
        columns=("Account", "Day", "Followers", "Growth"),
        rows=[(row.name, str(row.day), number(row.followers), change(row.growth)) for row in rows],
    )


def _growth(questions: Questions) -> Iterable[Figure]:
    rows = questions.ask(GROWTH)
    caption = (
        "Followers at the last observation of this report against those at its first. Accounts "
        "with one observation, or without followers at the first, are left out."
    )
    if len(rows) <= MOST:
        yield _ranked("growth", "Growth of each account", caption, rows)
        return
    half = len(rows) // 2
    yield _ranked("most", "Accounts that grew most", caption, rows[:half])
    yield _ranked("least", "Accounts that grew least", caption, rows[: half - 1 : -1])


def _ranked(name: str, title: str, caption: str, rows: Sequence[Row[Any]]) -> Figure:
    points = [{"name": row.name, "value": row.growth, "shown": change(row.growth)} for row in rows]
    said = (
        f"{count_of(len(rows), 'account')}, from {rows[0].name} with {change(rows[0].growth)} "
        f"to {rows[-1].name} with {change(rows[-1].growth)}."
        if rows
        else ""
    )
    return Figure(
        name,
        title,
        caption,
        ranking(points, said) if points else None,
        is_list=True,
        columns=("Account", "First", "Last", "Growth"),
        rows=[(row.name, number(row.began), number(row.ended), change(row.growth)) for row in rows],
    )
