"""Loaded by every Airflow process at its start.

The scheduler's LocalExecutor forks its workers, and these fork a process for every task: what is
imported here once is there in each of them without being imported again. Only other people's
packages: a module of ours would stay as it was when the scheduler started.
"""

from __future__ import annotations

import os
import sys

if sys.argv[1:2] == ["scheduler"]:
    # As include/__init__.py says; it comes too late for whoever inherits pyarrow.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

    import inspect

    # Great Expectations would load PySpark, where that is installed; PySpark ends a process that is
    # still starting, as it takes it for one of its own tests.
    sys.modules["pyspark"] = None  # type: ignore[assignment]

    import airflow.providers.amazon.aws.hooks.s3
    import great_expectations
    import isal
    import msgspec
    import pandas as pd
    import pyarrow.parquet
    import tenacity
    import tweepy
    import yaml

    del sys.modules["pyspark"]

    # The S3 hook inspects the stack for its user agent; doing so reads the source path of every
    # loaded module once, here instead of in every task.
    inspect.stack()

    __all__ = [
        "airflow",
        "great_expectations",
        "isal",
        "msgspec",
        "pd",
        "pyarrow",
        "tenacity",
        "tweepy",
        "yaml",
    ]
