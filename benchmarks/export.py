"""Exports of the warehouse's posts as CSV: their time beside a plain COPY, and their memory."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from statistics import median
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text

from benchmarks.measure import FOLDER, Child, in_turns, run_child
from include.warehouse.migrate import upgrade
from sandbox.postgres import Postgres

SIZES = {"100k": 100_000, "1m": 1_000_000, "5m": 5_000_000}
_FIRST = date(2010, 1, 1)
_POSTS_A_DAY = 1_000
_OUT = FOLDER / "export"
_SOURCES = """
TRUNCATE load_object, dim_user RESTART IDENTITY CASCADE;
INSERT INTO load_object (
    dataset, key, etag, day, interval_end, rows, shadowed, state, loaded_at)
VALUES ('tweets', 'curated/a', 'e', '2026-11-02', '2026-11-02', 1, 0, 'loaded', '2026-11-02');
INSERT INTO dim_user (user_id, username, valid_from, valid_to, is_current, is_inferred)
SELECT n, 'user_' || n, '-infinity', 'infinity', true, false FROM generate_series(0, 99) n
"""
_POSTS = """
INSERT INTO fact_tweet (
    tweet_id, author_id, author_key, created_at, created_on, account, text, lang, conversation_id,
    is_reply, is_retweet, is_quote, edit_count, like_count, reply_count, retweet_count, quote_count,
    bookmark_count, impression_count, kind, engagement_count, engagement_rate, character_count,
    word_count, hashtag_count, mention_count, url_count, media_count, photo_count, video_count,
    link_domains, posted_hour, posted_weekday, object_id)
SELECT 1900000000000000000 + n, u.user_id, u.user_key, at, at::date, u.username,
       CASE n % 5 WHEN 0 THEN '@user ' WHEN 1 THEN '- ' ELSE 'Post ' END || n
           || repeat(' words, "quotes" and rain 🌧' || chr(10), (n % 9)::int),
       'en', 1900000000000000000 + n, n % 5 = 0, false, false, 1, n % 100, n % 10, n % 50, n % 3,
       n % 4, n % 10000, 'original', n % 160, 0.25, 90, 12, 1, 1, 1, 1, 1, 0,
       ARRAY['example.org', 'nasa.gov'], 12, 1, 1
FROM generate_series(CAST(:first AS bigint), :last) n JOIN dim_user u ON u.user_id = n % 100,
     LATERAL (SELECT CAST(:day AS timestamptz) + n * interval '86.4 s' AS at) moment
"""


def measure(runs: int) -> dict[str, Any]:
    """Seconds beside plain COPY of 1,000,000 posts into a file too, and peak memory by size."""
    _OUT.mkdir(parents=True, exist_ok=True)
    with Postgres(FOLDER / "postgres-export") as server:
        _connect(server)
        engine = create_engine(make_url(server.url()).set(drivername="postgresql+psycopg"))
        upgrade(engine)
        _fill(engine, SIZES["1m"])
        print("export: seconds of 1,000,000 posts")
        seconds = in_turns(
            runs,
            {
                "ours": partial(_ours, SIZES["1m"], lambda child: float(child.output)),
                "ours, with its start": partial(_ours, SIZES["1m"], lambda child: child.seconds),
                "COPY TO STDOUT": partial(_plain, engine),
            },
        )
        _fill(engine, SIZES["5m"])
        print("export: peak resident MB")
        peaks = in_turns(
            runs,
            {
                name: partial(_ours, rows, lambda child: child.peak_mb)
                for name, rows in SIZES.items()
            },
        )
        engine.dispose()
    copy = median(seconds["COPY TO STDOUT"])
    return {
        "export_vs_copy": median(seconds["ours"]) / copy,
        "export_vs_copy_with_start": median(seconds["ours, with its start"]) / copy,
        "export_rss_mb": median(peaks["5m"]),
        "export_rss_mb_100k": median(peaks["100k"]),
        "raw": {"seconds": seconds, "peak_mb": peaks},
    }


def _connect(server: Postgres) -> None:
    url = make_url(server.url())
    os.environ["AIRFLOW_CONN_WAREHOUSE"] = json.dumps(
        {
            "conn_type": "postgres",
            "host": url.query["host"],
            "schema": url.database,
            "login": url.username,
        }
    )


def _fill(engine: Engine, rows: int) -> None:
    """Posts up to that many, 1,000 a day."""
    with engine.begin() as connection:
        there = connection.scalar(text("SELECT count(*) FROM fact_tweet"))
        if there > rows:  # of the last time
            there = 0
        if not there:
            connection.exec_driver_sql(_SOURCES)
        if there < rows:
            of = {"first": there, "last": rows - 1, "day": _FIRST}
            connection.execute(text(_POSTS), of)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE fact_tweet"))


def _ours(rows: int, figure: Callable[[Child], float]) -> float:
    last = _FIRST + timedelta(days=rows // _POSTS_A_DAY - 1)
    child = run_child(
        *(sys.executable, "-m", "benchmarks.export", "fact_tweet", "--until", str(last)),
        *("--to", _OUT / "ours.csv"),
    )
    manifest = json.loads((_OUT / "ours.csv.manifest.json").read_text(encoding="utf-8"))
    assert manifest["rows"] == rows
    return figure(child)


def _plain(engine: Engine) -> float:
    """Seconds of a plain COPY of the whole table in this process, as psycopg's manual writes it."""
    began = time.perf_counter()
    connection = engine.raw_connection()
    driver: Any = connection.driver_connection
    with (
        (_OUT / "plain.csv").open("wb") as file,
        driver.cursor() as cursor,
        cursor.copy("COPY fact_tweet TO STDOUT (FORMAT csv, HEADER)") as lines,
    ):
        for line in lines:
            file.write(line)
    connection.close()
    return time.perf_counter() - began


def _child() -> None:
    """Export once, and print how long it took without the imports."""
    from include.exports import command, csv_text  # noqa: F401 (imported before the clock runs)

    began = time.perf_counter()
    stdout, sys.stdout = sys.stdout, sys.stderr
    code = command.main(sys.argv[1:])
    sys.stdout = stdout
    print(time.perf_counter() - began)
    sys.exit(code)


if __name__ == "__main__":
    _child()
