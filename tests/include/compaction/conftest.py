"""One Spark for all tests: it takes seconds to start."""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A real Spark on this machine; without Java its tests are skipped, unless it is required."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        if os.environ.get("REQUIRE_JAVA"):
            pytest.fail("REQUIRE_JAVA is set, but there is no java on the path")
        pytest.skip("Spark needs Java: install default-jre-headless")
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.codegen.wholeStage", "false")  # to compile takes longer than to run
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.local.dir", str(folder))
        .getOrCreate()
    )
    yield session
    session.stop()
