"""Loaded by every Airflow process at its start.

The scheduler's LocalExecutor forks its workers, and these fork a process for every task: what is
imported here once is there in each of them without being imported again.
"""

from __future__ import annotations

import sys

if sys.argv[1:2] == ["scheduler"]:
    import airflow.providers.amazon.aws.hooks.s3
    import great_expectations
    import pandas as pd
    import tweepy

    import include.steps

    __all__ = ["airflow", "great_expectations", "include", "pd", "tweepy"]
