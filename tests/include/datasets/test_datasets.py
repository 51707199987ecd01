from __future__ import annotations

from pathlib import Path

import pytest

from include.datasets import dataset_named, dataset_names
from include.errors import BadConfiguration

TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("name", dataset_names())
def test_a_dataset_is_called_the_same_everywhere(name: str) -> None:
    dataset = dataset_named(name)
    assert dataset.name == name
    assert dataset.suite.name == f"{name}.json"
    assert dataset.suite.is_file()
    assert (TESTS / "expectations" / f"test_{name}.py").is_file()
    assert (TESTS / "include" / "datasets" / name / "test_decode.py").is_file()


@pytest.mark.parametrize("name", dataset_names())
def test_every_column_is_described_and_the_partitions_are_none(name: str) -> None:
    schema = dataset_named(name).schema
    assert all(field.metadata[b"description"].endswith((b".", "…".encode())) for field in schema)
    assert not {"dt", "account"} & set(schema.names)


@pytest.mark.parametrize("name", dataset_names())
def test_a_row_always_has_its_id_and_day(name: str) -> None:
    dataset = dataset_named(name)
    assert not dataset.schema.field(dataset.id_column).nullable
    assert not dataset.schema.field(dataset.day_column).nullable


def test_an_unknown_dataset_is_named_with_those_there_are() -> None:
    with pytest.raises(BadConfiguration, match=r"no dataset 'toots'; there are: .*tweets"):
        dataset_named("toots")
