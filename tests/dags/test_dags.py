"""Every DAG as Airflow loads it; these tests pass inside Astro's image as well."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

DAGS = Path(__file__).parents[2] / "dags"
INGESTING = {
    "ingest_tweets": "0 */4 * * *",
    "ingest_tweet_metrics": "0 */2 * * *",
    "ingest_users": "0 0 * * *",
}
CADENCE = {
    **INGESTING,
    "fill_gaps": "20 * * * *",
    "forget_deleted": "30 0 * * *",
    "watch_datasets": "50 * * * *",
    "compact_lake": "30 2 * * *",
    "check_warehouse": "45 4 * * *",
}


BY_HAND = ("compact_history", "export_warehouse", "review_quarantine")


@pytest.fixture(scope="session")
def dagbag():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(DAGS))


def test_every_file_loads(dagbag):
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == {*CADENCE, *BY_HAND, "load_warehouse"}


def test_every_dag_can_be_handed_to_the_scheduler(dagbag):
    # The processor packs it with msgpack, which takes plain types only: a file whose DAG holds
    # another, as a subclass of str, is skipped, and the DAG is missing in the UI.
    import msgspec
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in dagbag.dags.values():
        msgspec.msgpack.encode(DagSerialization.to_dict(dag), enc_hook=_refuse)


def _refuse(value: object) -> None:
    raise TypeError(f"{value!r} is a {type(value)}")


def test_history_is_compacted_by_hand_and_spark_switches_nobody_itself(dagbag):
    dag = dagbag.dags["compact_history"]
    assert dag.schedule is None
    assert dag.max_active_runs == 1
    wired = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert wired == {"plan": {"spark", "publish"}, "spark": {"publish"}, "publish": set()}
    assert set(dag.params) == {"dataset", "since", "until"}


def test_the_warehouse_is_loaded_when_anything_in_the_lake_has_changed(dagbag):
    dag = dagbag.dags["load_warehouse"]
    announced = {asset.name for asset in dag.timetable.asset_condition.objects}
    assert announced == {"curated_tweets", "curated_users", "curated_tweet_metrics", "forgotten"}
    assert dag.max_active_runs == 1
    wired = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert wired == {
        "find_news": {"load_users", "load_tweets", "load_tweet_metrics"},
        "load_users": {"load_tweets", "all_loaded"},
        "load_tweets": {"load_tweet_metrics", "all_loaded"},
        "load_tweet_metrics": {"publish_reports", "all_loaded"},
        "publish_reports": {"all_loaded"},
        "all_loaded": set(),
    }


@pytest.mark.parametrize("dag_id", CADENCE)
def test_what_an_operator_expects_of_a_dag(dagbag, dag_id):
    dag = dagbag.dags[dag_id]
    assert dag.doc_md
    assert dag.tags
    assert dag.owner == "data-engineering"
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    assert dag.timetable.expression == CADENCE[dag_id]


@pytest.mark.parametrize("dag_id", INGESTING)
def test_an_ingesting_dag_is_wired_as_its_picture_says(dagbag, dag_id):
    dag = dagbag.dags[dag_id]
    wired = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert wired == {
        "plan": {"extract", "batches", "report"},
        "extract": {"batches"},
        "batches": {"validate"},
        "validate": {"report"},
        "report": {"publish_data_docs", "notify", "reconcile"},
        "publish_data_docs": {"notify"},
        "notify": {"reconcile"},
        "reconcile": set(),
    }


@pytest.mark.parametrize("dag_id", INGESTING)
@pytest.mark.parametrize("task_id", ["plan", "extract"])
def test_whoever_asks_x_does_so_from_its_pool(dagbag, dag_id, task_id):
    assert dagbag.dags[dag_id].get_task(task_id).pool == "x_api"


def test_forgetting_changes_the_lake_unless_it_is_told_not_to(dagbag):
    dag = dagbag.dags["forget_deleted"]
    assert dag.params["dry_run"] is False
    assert dag.get_task("ask").pool == "x_api"
    wired = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert wired == {
        "ask": {"forget"},
        "forget": {"announce", "compact", "record"},
        "compact": set(),
        "announce": set(),
        "record": {"notify"},
        "notify": set(),
    }


def test_nothing_in_quarantine_moves_before_somebody_approves(dagbag):
    dag = dagbag.dags["review_quarantine"]
    wired = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert wired == {"select": {"approve", "decide"}, "approve": {"decide"}, "decide": set()}
    assert type(dag.timetable).__name__ == "NullTimetable"
    assert dag.params.get_param("decision").schema["enum"] == ["replay", "release", "discard"]


def test_the_form_of_an_export_offers_what_there_is(dagbag):
    dag = dagbag.dags["export_warehouse"]
    assert [task.task_id for task in dag.tasks] == ["export"]
    assert type(dag.timetable).__name__ == "NullTimetable"
    offered = {name: dag.params.get_param(name).schema for name in ("relation", "format")}
    assert {"tweets_latest", "fact_tweet", "dim_user"} <= set(offered["relation"]["enum"])
    assert offered["format"]["enum"] == ["csv", "parquet", "ndjson", "xlsx", "hyper"]


@pytest.mark.parametrize("dag_id", INGESTING)
def test_the_asset_is_announced(dagbag, dag_id):
    outlets = dagbag.dags[dag_id].get_task("report").outlets
    assert [asset.name for asset in outlets] == [dag_id.replace("ingest", "curated")]


@pytest.mark.parametrize("dag_id", INGESTING)
def test_a_dataset_knows_how_long_its_intervals_are(dag_id):
    datasets = pytest.importorskip("include.datasets")
    hours = datasets.dataset_named(dag_id.removeprefix("ingest_")).hours
    assert INGESTING[dag_id] == ("0 0 * * *" if hours == 24 else f"0 */{hours} * * *")


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_is_wiring(path):
    """Astro's parser stubs Variables and the environment: nothing may run at import."""
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 100
    for node in ast.parse(source).body:
        assert isinstance(
            node, ast.Expr | ast.Import | ast.ImportFrom | ast.Assign | ast.FunctionDef
        )
        if isinstance(node, ast.Assign):
            assert isinstance(node.value, ast.Constant)
