"""The task that submits the job to Spark, or says what it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import task

from include.errors import BadConfiguration

JOB = Path(__file__).with_name("spark_job.py")


def spark_task(plan: Any) -> Any:
    """Run the job on the cluster of the connection ``spark_default``.

    Args:
        plan: where the plan lies, as Spark reaches it; what another task returns.

    Returns:
        The task. Where Airflow's Spark provider is not installed it fails, and says so: the DAG is
        there for everybody, the provider's 500 MB only for those who want it.
    """
    try:
        from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
    except ImportError:
        return _without_provider(plan)
    return SparkSubmitOperator(
        task_id="spark",
        conn_id="spark_default",
        name="compact_history",
        application=str(JOB),
        execution_timeout=None,  # years of history take what they take
        application_args=[plan],
    )


@task(task_id="spark")
def _without_provider(plan: str) -> None:
    raise BadConfiguration(
        f"{plan} is planned, but Airflow has no Spark provider: install "
        "apache-airflow-providers-apache-spark and pyspark (the group 'spark' of pyproject.toml; "
        "docs/lake.md)"
    )
