"""Bring the tweets of the configured accounts to the validated lake.

Every four hours: fetch what each account posted in the data interval, keep X's answers in `raw/`,
validate every account's posts against `expectations/tweets.json`, land the good rows in
`curated/`, put the bad ones in `quarantine/`, publish Data Docs, and mail a digest if somebody
has to look.

A rerun begins with what is in the lake: no post is paid for twice. An account that X does not
show (suspended, protected, deleted, misspelt) is an outcome in the report; trouble that nobody
expected fails the run in `reconcile`, and what landed stays.

**Connections**: `x_api`, `aws_default`, `smtp_default`. **Variables**: `tweet_lake` (settings),
`x_accounts` (accounts; else `include/accounts.yaml`). **Pool**: `x_api`. Airflow's wiring is in
`include/ingest_dag.py`.
"""

from __future__ import annotations

from include.ingest_dag import ingest_dag

ingest_dag("tweets", cron="0 */4 * * *", about=__doc__)
