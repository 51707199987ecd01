"""The picture of what did not come into the lake: the same figures as Data Docs have."""

from __future__ import annotations

from include.data_docs.rates import DAYS, Rates
from include.data_docs.words import count_of
from include.reports.charts import bars
from include.reports.figure import Figure, number, share


def figure(rates: Rates | None, problem: str = "") -> Figure:
    """Quarantined rows by day.

    Args:
        rates: as Data Docs know them; None where they know none.
        problem: why they can't be read, if they can't.
    """
    course = rates.whole if rates else None
    days = (
        [(day, tally) for day, tally in zip(rates.days, course.days, strict=True) if tally.rows]
        if rates and course
        else []
    )
    points = [{"day": day, "value": tally.quarantined / tally.rows} for day, tally in days]
    total = course.total if course else None
    said = f"{number(total.quarantined)} of {count_of(total.rows, 'row')}." if total else ""
    return Figure(
        "quarantine",
        "Quarantine rate by day",
        problem
        or "Rows that failed a critical check, of all that were checked in the runs of each UTC "
        f"day; also those that somebody released later. The last {DAYS} days that Data Docs know.",
        bars(points, said, format="~%") if points else None,
        columns=("Day", "Rate", "Quarantined", "Checked"),
        rows=[
            (
                str(day),
                share(tally.quarantined / tally.rows),
                number(tally.quarantined),
                number(tally.rows),
            )
            for day, tally in reversed(days)
        ],
    )
