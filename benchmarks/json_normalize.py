"""The peer that most would write: pandas.json_normalize, then Parquet; nothing is validated.

Usage: python json_normalize.py FOLDER_OF_PAGES TARGET
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pandas as pd

folder, target = sys.argv[1:]
posts = []
for path in sorted(Path(folder).glob("page-*.json.gz")):
    posts += json.loads(gzip.decompress(path.read_bytes()))["data"]
pd.json_normalize(posts).to_parquet(target)
