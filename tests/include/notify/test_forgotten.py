"""The mail about what had to go."""

from __future__ import annotations

from datetime import date

from include.compliance.record import Record
from include.notify.forgotten import compose


def test_it_counts_by_reason_and_says_where_the_ids_are():
    record = Record(
        day=date(2026, 11, 3),
        source="compliance jobs",
        dry_run=False,
        posts={"17": "deleted", "18": "deleted", "19": "suspended"},
        users={"7": "suspended"},
        objects={"raw": 3, "curated": 2},
    )
    mail = compose(record, bucket="tweet-lake", recipients=["a@example.org"])
    assert mail["subject"] == "[tweet-lake] 2026-11-03: 3 posts and 1 user forgotten"
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        for said in (
            "2 posts: deleted",
            "1 post: suspended",
            "1 user: suspended",
            "5 objects held them",
            "s3://tweet-lake/compliance/dt=2026-11-03/record.json",
        ):
            assert said in text
        assert "17" not in text
