"""The business of the tweet lake: plain Python that runs and is tested without Airflow."""

import os

# Read by pyarrow on import. Its own allocator takes memory in huge pages that cost more to clear
# than they spare: with it 100,000 tweets take 50 MB and a twentieth of the time more.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
