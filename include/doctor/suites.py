"""The suites of ``expectations/`` can be used."""

from __future__ import annotations

from collections.abc import Iterator

from include.data_docs.words import count_of
from include.datasets import dataset_named, dataset_names
from include.doctor.finding import Finding, failed, ok
from include.doctor.patient import Patient
from include.suite import BadSuite


def datasets(_: Patient) -> Iterator[Finding]:
    """Each dataset's suite can be read, and Great Expectations takes all of it."""
    for name in dataset_names():
        try:
            rules = dataset_named(name).quality().suite.rules
        except BadSuite as error:
            yield failed(str(error))
        else:
            yield ok(f"{name}: {count_of(len(rules), 'expectation')}")


def warehouse(_: Patient) -> Iterator[Finding]:
    """The same of the suites that judge the warehouse."""
    from include.warehouse.checks.check import suites

    found = suites().values()
    yield ok(f"{count_of(sum(len(suite.rules) for suite in found), 'expectation')}")
