"""Datasets: what each one is made of. One room per dataset, its whole in ``dataset.py``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from include.errors import BadConfiguration

if TYPE_CHECKING:
    from include.datasets.dataset import Dataset


def dataset_names() -> list[str]:
    """Every dataset there is, in order."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/dataset.py"))


def dataset_named(name: str) -> Dataset:
    """The dataset that every room and zone calls ``name``.

    Raises:
        BadConfiguration: there is none of that name.
    """
    if name not in dataset_names():
        known = ", ".join(dataset_names())
        raise BadConfiguration(f"there is no dataset {name!r}; there are: {known}")
    return cast("Dataset", import_module(f"{__name__}.{name}.dataset").DATASET)
