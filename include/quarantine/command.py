"""The quarantine from a terminal: list, show, replay, release, discard.

``python -m include.quarantine.command list --dataset tweets``

Reads the Airflow connection ``aws_default`` and the Variable ``tweet_lake`` from the environment,
as a task does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from include.connections import load_settings, open_lake
from include.context import airflow_url
from include.data_docs.words import count_of
from include.errors import TweetLakeError
from include.interval import Interval
from include.lake import Lake
from include.notify.message import one_line
from include.quarantine.decision import read_decisions
from include.quarantine.items import Item, State
from include.quarantine.rows import count_rows, read_rows
from include.quarantine.selection import parse_selection, select, select_open
from include.quarantine.verdicts import VERDICTS
from include.quarantine.words import columns, item_in_words, plan_in_words, reasons_in_words
from include.settings import Settings

_SHOWN = 20
_ALL = "all"


def main(arguments: Sequence[str] | None = None) -> int:
    """List, show or decide; 0 if that was done, 1 if it was called off, 2 if it can't be."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given or ["list"])
    try:
        settings = load_settings()
        lake = open_lake(settings)
        lake.check()
        chosen: int = options.run(lake, settings, options)
    except (TweetLakeError, ExceptionGroup) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return chosen


def _list(lake: Lake, settings: Settings, options: argparse.Namespace) -> int:  # noqa: ARG001
    state = None if options.state == _ALL else options.state
    items = select(lake, parse_selection(**_asked(options), state=state))
    if not items:
        _say("Nothing is listed." if state is None else f"Nothing is {state}.")
        return 0
    head = ("item", "state", "rows", "open", "released", "discarded", "reasons")
    _say(*columns([head, *map(_cells, items)]))
    _say(count_of(len(items), "item"))
    return 0


def _show(lake: Lake, settings: Settings, options: argparse.Namespace) -> int:  # noqa: ARG001
    items = select(lake, parse_selection(**_asked(options)))
    if not items:
        select_open(lake, parse_selection(**_asked(options)))  # which says what there is
    for item in items:
        _say(f"{item.name}: {item_in_words(item)}, {item.state}, {reasons_in_words(item)}")
        for made in read_decisions(
            lake, item.dataset, Interval.parse(item.interval), item.account
        ).made:
            _say(f"  {made}")
        if not item.rows:
            continue
        for row in read_rows(lake, item, most=_SHOWN):
            _say("", f"  {one_line(row.row_id or 'no id')}")
            for failure in row.failures:
                _say(f"    {failure.key}: {one_line(failure.note)}")
                for name, value in failure.values.items():
                    _say(f"      {name} = {one_line(value)}")
            if row.discarded:
                _say(f"    {row.discarded}")
        if (rest := count_rows(lake, item) - _SHOWN) > 0:
            _say("", f"  and {count_of(rest, 'more row')}")
    return 0


def _decide(lake: Lake, settings: Settings, options: argparse.Namespace) -> int:
    from include.quarantine.carry_out import carry_out  # Great Expectations is slow to import
    from include.quarantine.plan import make_plan

    plan = make_plan(
        lake,
        settings,
        select_open(lake, parse_selection(**_asked(options))),
        name=f"command-{uuid4()}",
        verdict=VERDICTS[options.decision],
        why=options.why,
        reason=options.reason,
        ids=options.id,
    )
    _say(plan_in_words(plan), "")
    if not options.yes and not _is_approved():
        _say("Nothing was done.")
        return 1
    lake.put_json(plan.key, plan.model_dump(mode="json"))
    carried = carry_out(
        lake, settings, plan, by=options.by, at=datetime.now(UTC), airflow_url=airflow_url()
    )
    for item in carried.done:
        _say(
            f"{item.name}: {plan.verdict}; {count_of(item.curated, 'row')} of it in curated/, "
            f"{item.open:,} still open"
        )
    carried.check()
    return 0


def _is_approved() -> bool:
    if not sys.stdin.isatty():
        sys.stderr.write("Nobody is there to approve it: add --yes.\n")
        return False
    return input("Do this? Type yes: ").strip() == "yes"


def _parser() -> argparse.ArgumentParser:
    about = argparse.ArgumentParser(add_help=False)
    for name in ("dataset", "account", "interval", "since", "until", "reason"):
        about.add_argument(f"--{name}")
    parser = argparse.ArgumentParser(
        prog="quarantine", description="Look at what lies in quarantine, and decide on it."
    )
    commands = parser.add_subparsers(required=True)
    listed = commands.add_parser("list", parents=[about], help="what lies there")
    listed.add_argument(
        "--state",
        choices=[*map(str, State), _ALL],
        default=str(State.OPEN),
        help="open unless given",
    )
    listed.set_defaults(run=_list)
    shown = commands.add_parser("show", parents=[about], help="rows, each beside what it failed")
    shown.set_defaults(run=_show)
    for decision, verdict in VERDICTS.items():
        decided = commands.add_parser(decision, parents=[about], help=f"rows are {verdict}")
        decided.add_argument("--id", action="append", default=[], help="only this row; repeatable")
        decided.add_argument("--by", required=True, help="who decides")
        decided.add_argument("--why", required=True, help="kept with the decision")
        decided.add_argument("--yes", action="store_true", help="do not ask again")
        decided.set_defaults(run=_decide, decision=decision)
    return parser


def _asked(options: argparse.Namespace) -> dict[str, object]:
    names = ("dataset", "account", "interval", "since", "until", "reason")
    return {name: getattr(options, name) for name in names}


def _cells(item: Item) -> tuple[str, ...]:
    numbers = (f"{n:,}" for n in (item.rows, item.open, item.released, item.discarded))
    return item.name, item.state, *numbers, reasons_in_words(item)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
