"""Datasets: what each one is made of. One room per dataset, its whole in ``dataset.py``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from include.errors import BadConfiguration

if TYPE_CHECKING:
    from include.datasets.dataset import Dataset


def dataset_named(name: str) -> Dataset:
    """The dataset that every room and zone calls ``name``.

    Raises:
        BadConfiguration: there is none of that name.
    """
    known = sorted(path.parent.name for path in Path(__file__).parent.glob("*/dataset.py"))
    if name not in known:
        raise BadConfiguration(f"there is no dataset {name!r}; there are {', '.join(known)}")
    return cast("Dataset", import_module(f"{__name__}.{name}.dataset").DATASET)
