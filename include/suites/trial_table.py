"""A trial for a person to read: what would newly fail, what would newly pass, and where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from include.data_docs.words import count_of, interval_in_words
from include.suites.trial import Change, Tried

_LISTED = 10
"""So many batches of an expectation are listed; beyond them it says how many there are."""
_EXAMPLES = 3
_HEAD = ("", "rows:", "", "", "", "batches:", "", "", "")
_NAMES = ("expectation", *("fail now", "would fail", "newly failing", "newly passing") * 2)


def is_stricter(tried: Sequence[Tried]) -> bool:
    """Whether anything would newly fail, or land in ``quarantine/`` that is curated now."""
    return any(one.to_quarantine or any(map(_fails_anew, one.changes)) for one in tried)


def lines(tried: Sequence[Tried]) -> Iterator[str]:
    """The table, the batches below it, and what would move."""
    by_key: dict[str, list[tuple[Tried, Change]]] = defaultdict(list)
    for one in tried:
        for change in one.changes:
            by_key[change.key].append((one, change))
    changed = {
        key: found
        for key, found in sorted(by_key.items())
        if any(_fails_anew(change) or _passes_anew(change) for _, change in found)
    }
    if changed:
        yield from _table([_counts(key, [c for _, c in found]) for key, found in changed.items()])
        for key, found in changed.items():
            yield from _where(f"{key} would newly fail", found, failing=True)
            yield from _where(f"{key} would newly pass", found, failing=False)
    else:
        yield "Nothing would newly fail, nothing would newly pass."
    yield ""
    yield _moved("curated → quarantine", [one.to_quarantine for one in tried])
    yield _moved("quarantine → curated", [one.to_curated for one in tried])


def _fails_anew(change: Change) -> bool:
    return bool(change.rows_newly_failing) or (change.would_fail and not change.failing)


def _passes_anew(change: Change) -> bool:
    return bool(change.rows_newly_passing) or (change.failing and not change.would_fail)


def _counts(key: str, changes: Sequence[Change]) -> tuple[str, ...]:
    figures = (
        sum(change.rows_failing for change in changes),
        sum(change.rows_would_fail for change in changes),
        sum(change.rows_newly_failing for change in changes),
        sum(change.rows_newly_passing for change in changes),
        sum(change.failing for change in changes),
        sum(change.would_fail for change in changes),
        sum(change.would_fail and not change.failing for change in changes),
        sum(change.failing and not change.would_fail for change in changes),
    )
    return key, *(f"{figure:,}" for figure in figures)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    table = (_HEAD, _NAMES, *rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for key, *figures in table:
        cells = (cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True))
        yield "  ".join((key.ljust(widths[0]), *cells)).rstrip()


def _where(title: str, found: Sequence[tuple[Tried, Change]], *, failing: bool) -> Iterator[str]:
    """The batches concerned, with the first examples of each."""
    concerned = [pair for pair in found if (_fails_anew if failing else _passes_anew)(pair[1])]
    if not concerned:
        return
    yield ""
    yield f"{title} ({concerned[0][1].severity}):"
    for one, change in concerned[:_LISTED]:
        number = change.rows_newly_failing if failing else change.rows_newly_passing
        what = count_of(number, "row") if change.level == "row" else "the batch"
        shown = change.failing_examples if failing else change.passing_examples
        examples = ", ".join(shown[:_EXAMPLES])
        when = interval_in_words(one.batch.interval)
        yield f"  {when}  {one.batch.account}  {what}" + (f": {examples}" if examples else "")
    if len(concerned) > _LISTED:
        yield f"  and {count_of(len(concerned) - _LISTED, 'batch', 'batches')} more"


def _moved(way: str, rows: Sequence[int]) -> str:
    batches = sum(map(bool, rows))
    return f"{way}  {count_of(sum(rows), 'row')} of {count_of(batches, 'batch', 'batches')}"
