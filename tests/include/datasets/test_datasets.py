from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from include.datasets import dataset_named, dataset_names
from include.errors import BadConfiguration
from include.suite import BadSuite

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


@pytest.mark.parametrize(
    ("kwargs", "told"),
    [
        ({"column": "like_cuont", "min_value": 0}, "there is no column 'like_cuont'; did you mean"),
        ({"column": "like_count", "max_value": {"$PARAMETER": "most"}}, "the parameter 'most'"),
    ],
)
def test_a_suite_that_the_dataset_has_nothing_for_is_said_before_a_batch_is_fetched(
    tmp_path: Path, kwargs: dict[str, object], told: str
) -> None:
    file = tmp_path / "tweets.json"
    likes = {
        "type": "expect_column_values_to_be_between",
        "severity": "critical",
        "notes": "About likes.",
        "meta": {"key": "likes"},
        "kwargs": kwargs,
    }
    file.write_text(json.dumps({"name": "tweets", "expectations": [likes]}))
    with pytest.raises(BadSuite, match=f"tweets.json: likes: .*{told}"):
        replace(dataset_named("tweets"), suite=file).quality()
