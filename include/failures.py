"""What went wrong with some things while the others were gone through."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Failures:
    """Errors that are raised only once everything else is done."""

    def __init__(self) -> None:
        self._errors: list[Exception] = []

    def add(self, error: Exception) -> None:
        """Keep an error that says all there is to say."""
        self._errors.append(error)

    @contextmanager
    def kept(self, what: str) -> Iterator[None]:
        """Keep an error for later, and log it; ``what`` says what was being done."""
        try:
            yield
        except Exception as error:
            log.exception("failed: %s", what)
            error.add_note(f"failed: {what}")
            self.add(error)

    def tell(self) -> None:
        """Raise what was kept, if anything was.

        Raises:
            ExceptionGroup: several things failed; of a single one its own error is raised.
        """
        if len(self._errors) == 1:
            raise self._errors[0]  # its type says whether a retry can help
        if self._errors:
            told = "\n".join(map(str, self._errors))
            raise ExceptionGroup(f"{len(self._errors)} failures:\n{told}", self._errors)
