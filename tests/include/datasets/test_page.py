"""Pages from which something had to go."""

import json

import pytest

from include.datasets import dataset_named, dataset_names
from include.datasets.dataset import RawPage
from include.datasets.page import cut

MARK = {"id": "2", "forgotten": "deleted"}


def page(*items):
    return RawPage("raw/page", json.dumps({"data": items}).encode())


def post(number):
    return {"id": str(number), "author_id": "7", "text": "t", "username": "u", "name": "n"}


@pytest.mark.parametrize("name", dataset_names())
def test_what_was_forgotten_makes_no_row_and_moves_no_other(name):
    decode = dataset_named(name).decode
    marks = page({**MARK, "id": None}, {**MARK, "username": "nasa"})
    pages = [page(post(1), MARK, post(3)), marks, page(post(4))]
    rows = decode(pages)
    assert rows["raw_position"].to_pylist() == [0, 2, 0]
    assert rows[dataset_named(name).id_column].to_pylist() == ["1", "3", "4"]
    assert rows["decode_problem"].null_count == 3
    assert decode([page(MARK)]).num_rows == 0


@pytest.mark.parametrize(
    "item",
    [
        {"id": "2", "forgotten": "deleted", "text": "a field that X may add"},
        {"id": 2, "forgotten": "deleted"},
        {"id": "2", "forgotten": None},
        "forgotten",
    ],
)
def test_only_the_mark_itself_is_one(item):
    assert len(cut(page(post(1), item)).data) == 2
