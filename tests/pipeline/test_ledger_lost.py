"""The ledger of what X charges is lost: its runs put it in again, and X is asked for nothing."""

from __future__ import annotations

from include.spending.ledger import Resources, charged, read_month


def test_runs_that_are_made_again_bring_a_lost_ledger_back(world, ingest, interval):
    run = ingest("harbour_news")
    day = interval.end.date()
    ledger = read_month(run.lake, day).day(day)
    asked = world.usage.returned_posts
    run.lake.delete("raw/spending/2026-11.json")
    assert ingest("harbour_news").succeeded
    again = read_month(run.lake, day).day(day)
    assert charged(again.runs.values()) == charged(ledger.runs.values())
    assert charged(again.runs.values()) == Resources(posts=asked, users=world.usage.users_on(day))
    assert world.usage.returned_posts == asked > 0
