"""The start page of Data Docs in a lake with few old results and in one with many.

It is opened through the application that serves it, and made anew after one run.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import median
from typing import Any

import requests

from benchmarks.docs import ACCOUNTS, publish_once, published_history
from benchmarks.local_s3 import s3
from benchmarks.measure import in_turns
from include.data_docs.app import from_lake
from include.data_docs.serve import server
from include.lake import Lake

OLD_RESULTS = (100, 10_000)
OPENED = 50
"""Times that the page is opened for one figure."""


def measure(
    runs: int, accounts: int = ACCOUNTS, old_results: tuple[int, int] = OLD_RESULTS
) -> dict[str, Any]:
    """Seconds with many old results divided by those with few; the worse of both."""
    print(f"start_page: a run of {accounts} accounts")
    with ExitStack() as stack:
        client = stack.enter_context(s3())
        opening: dict[str, Callable[[], float]] = {}
        publishing: dict[str, Callable[[], float]] = {}
        for results in old_results:
            lake = Lake(client, f"with-{results}-old-results")
            client.create_bucket(Bucket=lake.bucket)
            report = published_history(lake, accounts, max(1, results // accounts))
            url = stack.enter_context(_served(lake))
            opening[f"opened beside {results} old results"] = partial(_opened, url)
            publishing[f"published beside {results}"] = partial(publish_once, lake, report)
        seconds = in_turns(runs, {**opening, **publishing})
    growth = {}
    for what, subjects in (("open", opening), ("publish", publishing)):
        few, many = (median(seconds[name]) for name in subjects)
        growth[what] = many / few
    print(f"  opening {growth['open']:.2f}x, publishing {growth['publish']:.2f}x")
    return {
        "start_page_growth": max(growth.values()),
        "raw": {"seconds": seconds, "accounts": accounts, "growth": growth},
    }


def _opened(url: str) -> float:
    """Seconds from the request to the page's last byte, the median of many."""
    seconds = []
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands before loopback
        for _ in range(OPENED):
            began = time.perf_counter()
            answer = session.get(url, timeout=60)
            seconds.append(time.perf_counter() - began)
            assert "Latest runs" in answer.text
    return median(seconds)


@contextmanager
def _served(lake: Lake) -> Iterator[str]:
    running = server(from_lake(lambda: lake))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        running.should_exit = True
        thread.join()
