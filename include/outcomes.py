"""What became of an account in one run: expected trouble is data, told apart by name."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of one account in one interval, as the report, mail and Data Docs name it."""

    LANDED = "landed"
    """Every row is curated."""
    ROWS_QUARANTINED = "rows quarantined"
    """Some rows failed a critical row-level expectation; the rest landed."""
    BATCH_QUARANTINED = "batch quarantined"
    """A critical batch-level expectation failed; nothing landed."""
    EMPTY = "empty"
    """The account exists and can be read; it posted nothing in the interval."""
    SUSPENDED = "suspended"
    PROTECTED = "protected"
    DELETED = "deleted"
    """X does not know the account any more; the lake has seen it before."""
    NOT_FOUND = "not found"
    """X does not know the account and the lake never saw it: probably misspelt."""
    PARTIAL = "partial"
    """What was fetched has landed, the rest was not fetched; ``detail`` says why."""
    TOO_LATE = "too late"
    """X shows it only as it is now, and the interval was run long after its end."""
    CHECKED = "checked"
    """Of a part of the warehouse: nothing critical was found."""
    WRONG = "wrong"
    """Of a part of the warehouse: a critical expectation is not met."""
    FAILED = "failed"
    """Unexpected trouble: the run fails; ``detail`` says what and where to look."""

    @property
    def tells_volume(self) -> bool:
        """Whether the number of rows is what there was, and not what could be had."""
        return self in {
            Outcome.LANDED,
            Outcome.ROWS_QUARANTINED,
            Outcome.BATCH_QUARANTINED,
            Outcome.EMPTY,
        }

    @property
    def needs_attention(self) -> bool:
        """Whether the digest mail has to mention it."""
        return self not in {Outcome.LANDED, Outcome.EMPTY, Outcome.CHECKED}
