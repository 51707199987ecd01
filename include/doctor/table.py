"""The examination as lines for people."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from include.doctor.examination import Result
from include.doctor.finding import Finding, State

_STATES: tuple[State, ...] = ("failed", "warning", "not checked", "ok")
_WIDTH, _INDENT = 100, 36


def lines_of(result: Result, cleaned: Callable[[str], str]) -> Iterator[str]:
    """Each finding, cleaned of secrets, then wrapped; its remedy below it."""
    for finding in result.findings:
        head = f"{finding.state:<12}{f'{result.area}: {result.check}':<24}"
        yield from _wrapped(head.ljust(_INDENT), cleaned(finding.text))
        if finding.remedy:
            # On one line, however long: it may be a command to copy.
            yield f"{' ' * _INDENT}→ {cleaned(finding.remedy)}"


def counts(findings: Sequence[Finding]) -> str:
    """``1 failed, 2 warnings, 3 not checked, 20 ok``."""
    found = Counter(finding.state for finding in findings)
    plural = {"warning": "warnings"}
    return ", ".join(
        f"{found[state]} {plural.get(state, state) if found[state] != 1 else state}"
        for state in _STATES
    )


def _wrapped(head: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=head + ("" if head.endswith(" ") else " "),
        subsequent_indent=" " * _INDENT,
        break_long_words=False,  # a command or a key is copied whole
        break_on_hyphens=False,
    )
