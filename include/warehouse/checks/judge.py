"""Great Expectations over a relation of the warehouse: PostgreSQL evaluates, nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from great_expectations.core.run_identifier import RunIdentifier
from psycopg import Connection, sql
from sqlalchemy.pool import StaticPool

from include.checkpoint import (
    ONE_AT_A_TIME,
    Finding,
    Run,
    checkpoint_over,
    context,
    run_once,
)
from include.quality import EXAMPLES, LISTED, cell_text, failed_expectation, listed_rows
from include.report import FailedExpectation
from include.suite import Rule, Suite

WHAT = "what"
"""The column that tells people which row is meant."""
_SHOWN_CHARACTERS = 4_000
"""Names of objects and why they could not be loaded: of a day's no more than that."""
_SOURCE = "warehouse"
_NOWHERE = "postgresql+psycopg://the:open@connection/stands"
"""An address for GX, which is given a connection and never dials: so it knows no password."""
_ROWS = {"result_format": "COMPLETE", "unexpected_index_column_names": [WHAT]}


@dataclass(frozen=True)
class Judgement:
    """What a suite says of a relation."""

    met: int
    """Expectations that hold."""
    failed: list[FailedExpectation]
    """The others, in the order of the suite."""
    result: dict[str, Any]
    """GX's result as JSON."""


class Judge:
    """Great Expectations on one session of PostgreSQL, whose temporary tables it sees.

    It goes with the session: whatever closes first closes the other.
    """

    def __init__(self, connection: Connection[Any], source: Any) -> None:
        self._connection = connection
        self._source = source

    @classmethod
    @contextmanager
    def on(cls, connection: Connection[Any]) -> Iterator[Judge]:
        """Give GX the connection; nobody else in this process uses GX meanwhile."""
        with ONE_AT_A_TIME:
            sources: Any = context().data_sources  # GX's own types leave out what it passes on
            source = sources.add_or_update_postgres(
                _SOURCE,
                connection_string=_NOWHERE,
                kwargs={"creator": lambda: connection, "poolclass": StaticPool},
            )
            try:
                yield cls(connection, source)
            finally:
                sources.delete(_SOURCE)

    def judge(self, relation: str, suite: Suite, *, run_name: str, run_time: datetime) -> Judgement:
        """Check one relation.

        Raises:
            BadSuite: the suite names a column that the relation lacks.
            psycopg.OperationalError: the connection was lost; GX would call that unmet.
        """
        query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(relation))
        columns = self._connection.execute(query + sql.SQL(" LIMIT 0")).description or ()
        self._connection.commit()
        suite.check([column.name for column in columns])
        asset = self._source.add_query_asset(relation, query=query.as_string())
        checkpoint = checkpoint_over(
            asset.add_batch_definition_whole_table(relation),
            [rule.entry for rule in suite.rules],
            _ROWS,
        )
        run_id = RunIdentifier(run_name=run_name, run_time=run_time)
        run = Run(run_once(checkpoint, None, {}, run_id))
        self._connection.execute("SELECT 1")
        self._connection.commit()
        failed = []
        for rule in suite.rules:
            outcome = run.outcomes[rule.key]
            if not outcome.success:
                listed = _rows(rule, outcome)
                failed.append(failed_expectation(rule, outcome, listed[:EXAMPLES]))
                run.show(rule.key, listed_rows(rule, listed, WHAT))
        return Judgement(
            met=len(suite.rules) - len(failed),
            failed=failed,
            result=run.result(suite=suite.name, asset=f"{_SOURCE}/{relation}"),
        )


def _rows(rule: Rule, outcome: Finding) -> list[tuple[str | None, str]]:
    """``what`` and value of the first rows that failed; of several values each has its name."""

    def told(row: Mapping[str, Any], name: str) -> str:
        value = "null" if row[name] is None else cell_text(row[name], _SHOWN_CHARACTERS)
        return value if len(rule.columns) == 1 else f"{name} {value}"

    return [
        (cell_text(row[WHAT]), ", ".join(told(row, name) for name in rule.columns))
        for row in outcome.positions[:LISTED]
    ]
