"""Which of several rows about the same thing counts, in SQL that DuckDB and Spark understand."""

from __future__ import annotations

from include.datasets.dataset import Dataset


def latest(dataset: Dataset, relation: str) -> str:
    """The rows of a relation without those that another of the same day supersedes.

    Of rows that agree in the dataset's grain the one from the later interval counts, which is in
    its ``raw_key``. Two accounts may well hold the same post, as a search finds what a timeline
    has: the row that counts names all of them in ``accounts``.

    Args:
        dataset: says by what rows are told apart.
        relation: a table or view with ``dt`` and ``account`` beside the dataset's columns.
    """
    same = f"PARTITION BY dt, {', '.join(dataset.grain)}"
    return (
        "SELECT * FROM (SELECT *, "  # noqa: S608 - names from the dataset
        f"array_sort(array_distinct(array_agg(account) OVER ({same}))) AS accounts, "
        f"row_number() OVER ({same} ORDER BY split_part(raw_key, '/', -2) DESC, account, "
        f"raw_key DESC, raw_position DESC) AS place FROM {relation}) AS copies WHERE place = 1"
    )


def order(dataset: Dataset) -> list[str]:
    """By which columns the rows of a file follow each other, nulls first, without ties."""
    return list(dict.fromkeys(("account", dataset.day_column, *dataset.grain)))
