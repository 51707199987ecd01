"""Take down the counts of the lake's posts again and again, and see which posts are gone.

Every two hours: likes, reposts, replies, quotes, bookmarks and views of every post that is young,
and of some older ones once more (`refresh_hours`, `refresh_days` in the settings), one row per
post and observation in `curated/tweet_metrics/`, checked against
`expectations/tweet_metrics.json`. Nothing is ever updated. A post that X does not show any more
is a tombstone row that says why, and is not asked for again.

**Connections**: `x_api`, `aws_default`, `smtp_default`. **Variables**: `tweet_lake` (settings),
`x_accounts` (accounts; else `include/accounts.yaml`). **Pool**: `x_api`. Airflow's wiring is in
`include/ingest_dag.py`.
"""

from __future__ import annotations

from include.ingest_dag import ingest_dag

ingest_dag("tweet_metrics", cron="0 */2 * * *", about=__doc__)
