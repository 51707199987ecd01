"""The bearer token in whole runs that fail: in no object, mail or log."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest

from include.interval import Interval
from sandbox.x_api import TOKEN

ASKED = {"tweets": r"/2/users/\d+/tweets", "users": "users/by", "tweet_metrics": r"/2/tweets\?"}


@pytest.mark.parametrize("dataset", ASKED)
def test_a_run_that_x_stops_does_not_tell_it(world, ingest, interval, capfd, dataset):
    if dataset == "tweet_metrics":
        ingest("harbour_news")
    over = {
        "tweets": interval,
        "users": Interval(interval.end - timedelta(days=1), interval.end),
        "tweet_metrics": Interval(interval.end - timedelta(hours=2), interval.end),
    }[dataset]
    world.faults.add("redirect", path=ASKED[dataset])
    world.faults.add("unauthorized", path=ASKED[dataset])
    run = ingest("harbour_news", "faulty_feed", dataset=dataset, over=over)
    assert not run.succeeded
    logs, mails = "".join(capfd.readouterr()), "".join(mail.as_string() for mail in world.mails)
    assert "BadToken" in logs
    assert "401" in mails
    assert TOKEN not in logs + mails
    for key, body in run.objects().items():
        text = gzip.decompress(body) if key.endswith(".gz") else body
        assert TOKEN.encode() not in text, key
