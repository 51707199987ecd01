"""Compacts days with Spark: ``spark-submit spark_job.py s3a://bucket/catalogue/plans/….json``.

A script of its own, which needs nothing of this project: the plan says what to read, in which SQL
(that of the other engine) and where to write. Small objects in, large files out; who planned it
sends readers there afterwards (``history.py``).
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

_DAYS_AT_ONCE = 8
_ACCOUNT = "/account=([^/]+)/"


def run(spark: SparkSession, path: str) -> None:
    """Compact every day of the plan that lies under a path which Spark can read.

    A day that fails holds up no other, and is told by what it lacks: its ``_SUCCESS``. Only where
    none comes to its end the job fails, with what was said of the first.
    """
    ((text,),) = spark.read.text(path, wholetext=True).collect()
    plan = json.loads(text)
    # Of their own, so that a session that others use as well stays as it is.
    session = spark.newSession()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    with ThreadPoolExecutor(max_workers=_DAYS_AT_ONCE) as pool:
        found = list(pool.map(lambda day: _failure(session, plan, day), plan["days"]))
    failures = [error for error in found if error is not None]
    if failures and len(failures) == len(found):
        raise failures[0]


def _failure(spark: SparkSession, plan: dict[str, Any], day: dict[str, Any]) -> Exception | None:
    """Compact a day; returns what it failed of."""
    try:
        _compact(spark, plan, day)
    except Exception as error:  # noqa: BLE001 - whatever Spark says of it
        sys.stderr.write(f"failed: {day['day']}: {error}\n")
        return error
    return None


def _compact(spark: SparkSession, plan: dict[str, Any], day: dict[str, Any]) -> None:
    small = (
        spark.read.schema(plan["schema"])
        .option("recursiveFileLookup", "true")
        .option("pathGlobFilter", "*.parquet")
        .parquet(day["source"])
    )
    account = F.regexp_extract(F.col("_metadata.file_path"), _ACCOUNT, 1)
    rows = small.withColumns(
        {
            "account": F.when(account != "", account),
            "dt": F.lit(day["day"]).cast("date"),
        }
    )
    latest = spark.sql(plan["latest"], rows=rows).select(*plan["columns"])
    large = latest.repartitionByRange(day["files"], *plan["order"])
    large.sortWithinPartitions(*plan["order"]).write.mode("overwrite").option(
        "compression", "zstd"
    ).parquet(day["target"])


if __name__ == "__main__":
    run(SparkSession.builder.appName("compact_history").getOrCreate(), sys.argv[1])
