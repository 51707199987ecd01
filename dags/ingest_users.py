"""Take down the profile of every configured account, once a day.

Name, description, location, verification, pinned post and public counts, as X shows them at
midnight UTC: one row per account and day in `curated/users/`, checked against
`expectations/users.json`. A profile can only be seen as it is now, so that a day that was missed
stays a gap.

**Connections**: `x_api`, `aws_default`, `smtp_default`. **Variables**: `tweet_lake` (settings),
`x_accounts` (accounts; else `include/accounts.yaml`). **Pool**: `x_api`. Airflow's wiring is in
`include/ingest_dag.py`.
"""

from __future__ import annotations

from include.ingest_dag import ingest_dag

ingest_dag("users", cron="0 0 * * *", about=__doc__)
