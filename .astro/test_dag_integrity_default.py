"""`astro dev parse`, and `astro deploy` before it ships: does every DAG file load?

The Astro CLI runs this file by its name in the image it has built; where it is missing, the CLI
says so and parses nothing. The one that `astro dev init` brings does not load under Airflow 3.3.
"""

from pathlib import Path

import pytest

DAGS = Path(__file__).parents[1] / "dags"


@pytest.fixture(scope="module")
def dagbag():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(DAGS))


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.py")), ids=lambda path: path.name)
def test_a_file_loads_and_has_a_dag(dagbag, path):
    if error := dagbag.import_errors.get(str(path)):
        pytest.fail(error, pytrace=False)
    assert str(path) in {dag.fileloc for dag in dagbag.dags.values()}
