"""The data products that other DAGs can be scheduled on.

An event says that a run over the dataset's prefix is reported. Its extra names the ``interval``,
the key of the run's ``report``, which lists every object, and how many rows were ``curated``:
maybe none.
"""

from __future__ import annotations

from airflow.sdk import Asset


def curated(dataset: str) -> Asset:
    """The dataset's curated prefix, ``curated/<dataset>/``."""
    return Asset(f"curated_{dataset}")


FORGOTTEN = Asset("forgotten")
"""Says that posts or profiles are gone from the lake, on whichever days they were."""
