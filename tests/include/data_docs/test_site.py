from __future__ import annotations

import copy
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from moto.s3.models import s3_backends

from include.data_docs import home_key, month_page_key, page_key, run_page_key
from include.data_docs.keys import dataset_page_key
from include.data_docs.site import PageNotRendered, publish
from include.errors import LakeUnavailable
from include.interval import Interval
from include.lake import Lake
from include.quarantine import items
from include.report import AirflowRun, RunReport

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RUN = "20261120T0000Z_20261120T0400Z"
RunOf = Callable[..., RunReport]

VOID = {"meta", "link", "br", "hr", "img", "input", "col", "wbr"}


class Page(HTMLParser):
    """What a browser makes of a page; fails where an element is not closed in its place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag in {"td", "th", "dt", "dd"}:
            self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [value for _, name, value in self.attributes if name in {"href", "src"}]


def page(lake: Lake, key: str) -> Page:
    return Page(lake.get(key).decode())


def pages(lake: Lake) -> dict[str, Page]:
    return {key: page(lake, key) for key in lake.keys("data-docs/") if key.endswith(".html")}


def account_page(account: str, run: str = RUN) -> str:
    return page_key(f"validations/tweets/dt={Interval.parse(run).day}/account={account}/{run}.json")


def objects(lake: Lake) -> dict[str, bytes]:
    return {key: lake.get(key) for key in lake.keys("data-docs/")}


@contextmanager
def counted_requests(lake: Lake) -> Iterator[Counter[str]]:
    counts: Counter[str] = Counter()

    def count(event_name: str, **_request: Any) -> None:
        counts[event_name.rpartition(".")[2]] += 1

    events = lake.client.meta.events
    events.register("before-call.s3", count, unique_id="count")
    try:
        yield counts
    finally:
        events.unregister("before-call.s3", unique_id="count")


def test_a_reviewer_finds_from_the_home_page_what_failed_on_which_posts(
    lake: Lake, run_of: RunOf
) -> None:
    run_page = publish(lake, run_of(RUN, "nasa", "esa", trouble=True))

    def follow(key: str, target: str) -> None:
        folder = posixpath.dirname(key)
        assert target in [posixpath.normpath(f"{folder}/{x}") for x in page(lake, key).links]

    assert run_page == run_page_key("tweets", Interval.parse(RUN))
    follow(home_key(), run_page)
    follow(home_key(), month_page_key("tweets", "2026-11"))
    follow(month_page_key("tweets", "2026-11"), run_page)
    follow(run_page, account_page("nasty"))
    text = page(lake, account_page("nasty")).text
    assert "The text is <as expected>." in text
    assert "1890000000000000000" in text
    assert f"s3://{lake.bucket}/quarantine/tweets/dt=2026-11-20/account=nasty/{RUN}/" in text


def test_the_runs_page_tells_every_outcome_apart_and_begins_with_the_worst(
    lake: Lake, run_of: RunOf
) -> None:
    publish(lake, run_of(RUN, "nasa", "esa", trouble=True))
    text = page(lake, run_page_key("tweets", Interval.parse(RUN))).text

    assert "tweets, 2026-11-20 00:00–04:00 UTC" in text
    assert "7 accounts of 10 need attention" in " ".join(text.split())
    outcomes = ["suspended", "protected", "deleted", "not found", "failed", "empty", "landed"]
    outcomes += ["rows quarantined", "batch quarantined"]
    assert [outcome for outcome in outcomes if outcome not in text] == []
    assert "What became of nasty <b>&</b> why." in text
    order = ["a_failed", "flooded", "nasty", "a_suspended", "esa", "nasa"]
    places = [re.search(rf"\b{account}\b", text) for account in order]
    starts = [place.start() for place in places if place]
    assert len(starts) == len(order)
    assert starts == sorted(starts)


def test_a_clean_run_says_so_everywhere(lake: Lake, run_of: RunOf) -> None:
    publish(lake, run_of(RUN, "nasa"))

    run_page = page(lake, run_page_key("tweets", Interval.parse(RUN)))
    assert "Nothing was quarantined" in run_page.text
    for key in (home_key(), month_page_key("tweets", "2026-11")):
        assert "passed" in page(lake, key).text
        assert "to review" not in page(lake, key).text


def test_gx_shows_each_expectation_with_verdict_severity_words_and_bounds(
    lake: Lake, run_of: RunOf
) -> None:
    publish(lake, run_of(RUN, "nasa"))
    shown = page(lake, account_page("nasa"))
    words = " ".join(shown.text.split())

    assert "Every post has its id." in words
    assert "id_present" in shown.ids
    assert "critical" in words
    assert "passed" in words
    assert "not checked" in words  # a column that is not there
    assert "^<expected> $like$" in words  # GX's sentence with its parameter, beside ours
    assert "Expectations met 1 of 4" in words


def test_gx_lists_the_posts_that_failed_with_their_values(
    lake: Lake, gx_result: dict[str, Any], run_of: RunOf
) -> None:
    report = run_of(RUN, "nasa")
    result = copy.deepcopy(gx_result)
    (failed,) = [
        r
        for r in result["results"]
        if r["expectation_config"]["meta"].get("key") == "text_expected"
    ]
    listed = failed["result"]["unexpected_index_list"]
    listed[1]["tweet_id"] = None
    listed[1]["text"] = "that one"
    lake.put_json(report.accounts[0].validation_keys[0], result)
    publish(lake, report)

    words = " ".join(page(lake, account_page("nasa")).text.split())
    first = "1890000000000000000 </td></table><script>alert('x')</script>"
    assert f"tweet_id text {first} none that one" in words


def test_what_was_not_met_names_the_posts(lake: Lake, run_of: RunOf) -> None:
    report = run_of(RUN, trouble=True)
    (nasty,) = (account for account in report.accounts if account.account == "nasty")
    nasty.failed_expectations[0].examples[1]["id"] = None
    publish(lake, report)

    shown = page(lake, account_page("nasty")).text.partition("Every expectation")[0]
    words = " ".join(shown.split())
    assert "Examples id text 1890000000000000000 </td></table>" in words
    assert words.count("no id") == 1


def test_what_was_not_met_fits_a_telephone(
    lake: Lake, run_of: RunOf, chromium: Browser, tmp_path: Path
) -> None:
    report = run_of(RUN, trouble=True)
    (nasty,) = (account for account in report.accounts if account.account == "nasty")
    failed = nasty.failed_expectations[0]
    # As check_warehouse names the rows of a day.
    failed.examples[0].update(
        id="tweet_metrics 2026-11-21 harbour_news", value="rows_in_lake 65, rows_loaded 62"
    )
    nasty.failed_expectations[0] = failed.model_copy(
        update={"column": "rows_of_ledger, rows_stored"}
    )
    publish(lake, report)
    for key, content in objects(lake).items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(content)

    shown = chromium.new_page(viewport={"width": 390, "height": 900})
    shown.goto((tmp_path / account_page("nasty")).as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") <= 390
    last = shown.locator("table.values code").last  # an id stays in one piece
    assert last.evaluate("code => code.getClientRects().length") == 1
    shown.close()


def test_texts_of_posts_stay_text(lake: Lake, run_of: RunOf) -> None:
    publish(lake, run_of(RUN, "nasa", trouble=True))
    shown = page(lake, account_page("nasty"))

    assert "<script>alert('x')</script>" in shown.text
    assert "$like ${like}" in shown.text
    assert "a lone surrogate: \\ud83d!" in shown.text
    for read in pages(lake).values():  # parsing them proves that every element is closed
        assert read.tags["script"] == read.tags["img"] == read.tags["style"] == 0
        assert not [a for a in read.attributes if a[1].startswith("on") or a[1] == "style"]


def test_no_page_asks_another_host_for_anything(lake: Lake, run_of: RunOf) -> None:
    publish(lake, run_of(RUN, "nasa", trouble=True))

    for key, read in pages(lake).items():
        outside = [x for x in read.links if x != "data:," and re.match(r"[\w+.-]*:|//", x)]
        assert (key, outside) == (key, [])
        policy = [value for _, name, value in read.attributes if name == "content"]
        assert any("default-src 'none'" in value for value in policy)
    style = lake.get("data-docs/static/style.css").decode()
    assert re.findall(r"url\(|@import|https?:", style) == []


def test_every_link_leads_to_an_object_and_every_anchor_to_its_place(
    lake: Lake, run_of: RunOf
) -> None:
    publish(lake, run_of("20261031T2000Z_20261101T0000Z", "nasa"))
    publish(lake, run_of(RUN, "nasa", trouble=True))
    there = set(lake.keys("data-docs/"))
    read = pages(lake)

    for key, shown in read.items():
        assert len(shown.ids) == len(set(shown.ids))
        for link in shown.links:
            if link == "data:," or "quarantine/" in link:  # made when somebody asks for it
                continue
            path, _, anchor = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(key), unquote(path)))
            assert (key, path and target not in there) in {(key, ""), (key, False)}
            assert not anchor or anchor in (read[target].ids if path else shown.ids)


def test_an_account_in_parts_has_a_page_for_each_and_no_link_leads_nowhere(
    lake: Lake, gx_result: dict[str, Any], run_of: RunOf
) -> None:
    report = run_of(RUN, trouble=True)
    (nasty,) = [a for a in report.accounts if a.account == "nasty"]
    (whole,) = nasty.validation_keys
    part = whole.replace(".json", "-part-0001.json")
    lake.put_json(part, copy.deepcopy(gx_result) | {"results": gx_result["results"][:1]})
    in_parts = nasty.model_copy(update={"validation_keys": [part, whole]})
    publish(lake, report.model_copy(update={"accounts": [in_parts]}))

    text = " ".join(page(lake, run_page_key("tweets", Interval.parse(RUN))).text.split())
    assert "all checks of nasty, part 1, all checks of nasty, the whole batch" in text
    for key in (page_key(part), page_key(whole)):
        shown = page(lake, key)
        anchors = [link[1:] for link in shown.links if link.startswith("#")]
        assert set(anchors) <= set(shown.ids)


def test_of_a_run_that_changed_in_part_only_that_is_rendered(lake: Lake, run_of: RunOf) -> None:
    run = run_of(RUN, "nasa", "esa")
    publish(lake, run)
    whole = objects(lake)
    for account in ("nasa", "esa"):
        lake.put(account_page(account), b"stale")
    publish(lake, run, changed={"nasa"})
    assert objects(lake) == whole | {account_page("esa"): b"stale"}


def test_the_same_run_again_gives_the_same_bytes(lake: Lake, run_of: RunOf) -> None:
    report = run_of(RUN, "nasa", "esa", trouble=True)
    publish(lake, report)
    first = objects(lake)
    publish(lake, report)

    assert objects(lake) == first


def test_a_rerun_replaces_its_own_pages_and_no_others(lake: Lake, run_of: RunOf) -> None:
    other = "20261120T0400Z_20261120T0800Z"
    publish(lake, run_of(other, "nasa"))
    others = {key: body for key, body in objects(lake).items() if other in key}
    publish(lake, run_of(RUN, "nasa", "esa"))
    publish(lake, run_of(RUN, "nasa"))

    there = objects(lake)
    assert account_page("esa") not in there
    assert account_page("nasa") in there
    assert {key: body for key, body in there.items() if other in key} == others
    listed = [x for x in page(lake, month_page_key("tweets", "2026-11")).links if RUN in x]
    assert len(listed) == 1


def test_the_home_page_lists_the_latest_month_and_leads_to_the_older(
    lake: Lake, run_of: RunOf
) -> None:
    old = "20251231T2000Z_20260101T0000Z"
    publish(lake, run_of(RUN, "nasa"))
    publish(lake, run_of(old, "nasa"))  # a backfill
    links = page(lake, home_key()).links

    assert f"tweets/2026-11/{RUN}/index.html" in links
    assert not [link for link in links if old in link]
    months = [link for link in links if re.fullmatch(r"tweets/[0-9-]+/index\.html", link)]
    assert months == ["tweets/2026-11/index.html", "tweets/2025-12/index.html"]


def test_runs_of_a_backfill_publish_at_once_and_all_are_listed(lake: Lake, run_of: RunOf) -> None:
    runs = [f"20261120T{hour:02}00Z_20261120T{hour + 1:02}00Z" for hour in range(6)]
    reports = [run_of(run) for run in runs]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda report: publish(lake, report), reports))

    for key in (home_key(), month_page_key("tweets", "2026-11")):
        links = page(lake, key).links
        assert [run for run in runs if not any(run in link for link in links)] == []


def test_the_cost_does_not_grow_with_what_the_lake_holds(lake: Lake, run_of: RunOf) -> None:
    report = run_of(RUN, "nasa", trouble=True)
    publish(lake, report)
    with counted_requests(lake) as few:
        publish(lake, report)

    # Through the server's back door: 6,000 requests would take half a minute.
    server = s3_backends["123456789012"]["aws"]
    for number in range(3_000):
        old = f"20261119T{number // 60 % 24:02}{number % 60:02}Z_20261120T0000Z"
        name = f"old{number}"
        server.put_object(lake.bucket, f"data-docs/tweets/2026-11/{old}/accounts/{name}.html", b"")
        folder = f"validations/tweets/dt=2026-11-{number % 20 + 1:02}/account={name}"
        server.put_object(lake.bucket, f"{folder}/{old}.json", b"{}")
    with counted_requests(lake) as many:
        publish(lake, report)

    assert many == few
    assert few["GetObject"] + few["PutObject"] < 35


def test_a_run_without_a_single_result_is_published(lake: Lake, run_of: RunOf) -> None:
    report = run_of(RUN, trouble=True)
    only_failed = report.model_copy(
        update={"accounts": [a for a in report.accounts if not a.validation_keys]}
    )
    publish(lake, only_failed)

    assert "need attention" in page(lake, run_page_key("tweets", Interval.parse(RUN))).text


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"results": [{}]}'])
def test_a_result_that_is_none_is_named(lake: Lake, run_of: RunOf, body: bytes) -> None:
    report = run_of(RUN, "nasa")
    key = report.accounts[0].validation_keys[0]
    lake.put(key, body)

    with pytest.raises(PageNotRendered, match=rf"s3://{lake.bucket}/{key} .*nasa"):
        publish(lake, report)


def test_a_result_that_is_not_there_is_named(lake: Lake, run_of: RunOf) -> None:
    report = run_of(RUN, "nasa")
    lake.delete(report.accounts[0].validation_keys[0])

    with pytest.raises(LakeUnavailable, match=report.accounts[0].validation_keys[0]):
        publish(lake, report)


def test_the_start_page_shows_how_much_passed_and_where_rows_wait(
    lake: Lake, run_of: RunOf
) -> None:
    publish(lake, run_of("20261119T0000Z_20261119T0400Z", "nasa"))
    report = run_of(RUN, "nasa", trouble=True)
    items.record(lake, "tweets", Interval.parse(RUN), report.accounts)
    publish(lake, report)
    home = page(lake, home_key())
    words = " ".join(home.text.split())

    # nasa 1,200 twice; nasty 1,194 and 6; flooded 0 and 1,200
    assert "From 2026-10-22 to 2026-11-20 74.8 % passed, 3,594 of 4,800 rows" in words
    assert "2026-11-20 66.5 % 2,394 1,206" in words
    assert "2026-11-19 100 % 1,200 0" in words
    assert "Accounts of which least passed" in words
    assert words.index("flooded 0 % 0 1,200") < words.index("nasty 99.5 % 1,194 6")
    assert "Waiting for a decision: 2 items" in words
    assert f"tweets/2026-11/{RUN}/index.html#nasty" in home.links
    assert f"quarantine/tweets/{RUN}/nasty/" in home.links
    assert "2 days of 30 had rows; on the worst, 66.5 % passed." in words


def test_a_plot_can_be_read_without_seeing_it(lake: Lake, run_of: RunOf) -> None:
    publish(lake, run_of(RUN, "nasa", trouble=True))
    home = page(lake, home_key())
    names = dict.fromkeys(("role", "aria-labelledby", "aria-label"), 0)
    for tag, name, value in home.attributes:
        if tag == "svg" and name in names:
            names[name] += 1
        if name == "aria-labelledby":
            assert set(value.split()) <= set(home.ids)
    assert names["role"] == home.tags["svg"] == names["aria-labelledby"] + names["aria-label"] > 2


def test_the_dataset_s_page_shows_every_account(lake: Lake, run_of: RunOf) -> None:
    many = [f"account_{number:03}" for number in range(20)]
    publish(lake, run_of(RUN, *many, trouble=True))
    shown = page(lake, dataset_page_key("tweets"))
    words = " ".join(shown.text.split())
    assert [account for account in many if f"{account} 100 % 1,200 0" not in words] == []
    assert words.index("flooded") < words.index("nasty") < words.index("account_000")
    assert "account_000" not in page(lake, home_key()).text


def test_runs_of_all_datasets_are_listed_by_time(lake: Lake, run_of: RunOf) -> None:
    later = "20261120T0400Z_20261120T0600Z"
    publish(lake, run_of(RUN, "nasa"))
    metrics = run_of(later, "nasa").model_copy(update={"dataset": "tweet_metrics"})
    for account in metrics.accounts:
        account.validation_keys.clear()
    publish(lake, metrics)
    links = [link for link in page(lake, home_key()).links if link.endswith("Z/index.html")]
    assert links == [
        f"tweet_metrics/2026-11/{later}/index.html",
        f"tweets/2026-11/{RUN}/index.html",
    ]


def test_pages_lead_to_the_run_in_airflow_where_that_is_known(lake: Lake, run_of: RunOf) -> None:
    run = AirflowRun(dag_id="ingest_tweets", run_id="manual__2026-11-20T04:00:00+00:00")
    report = run_of(RUN, "nasa", trouble=True).model_copy(update={"airflow_run": run})
    url = (
        "https://airflow.example/air/data-docs/-/run"
        "?dag_id=ingest_tweets&run_id=manual__2026-11-20T04%3A00%3A00%2B00%3A00"
    )
    keys = [
        home_key(),
        month_page_key("tweets", "2026-11"),
        run_page_key("tweets", Interval.parse(RUN)),
    ]
    for base in ("https://airflow.example/air", "https://airflow.example/air/"):
        publish(lake, report, airflow_url=base)
        assert [key for key in keys if url not in page(lake, key).links] == []
    publish(lake, report)
    assert [key for key in keys if "airflow.example" in lake.get(key).decode()] == []


def test_a_lake_from_before_there_were_figures_is_published(lake: Lake, run_of: RunOf) -> None:
    publish(lake, run_of(RUN, "nasa"))
    lake.delete("data-docs/tweets/2026-11/rates.json")
    runs = lake.get_json("data-docs/tweets/2026-11/runs.json")
    for run in runs["runs"]:
        del run["airflow_run"]
    lake.put_json("data-docs/tweets/2026-11/runs.json", runs)
    other = run_of("20261119T0000Z_20261119T0400Z", "nasa")
    publish(lake, other)

    links = page(lake, home_key()).links
    assert [run for run in (RUN, other.interval) if not any(run in link for link in links)] == []
    assert "1 day of 30 had rows" in page(lake, home_key()).text


def test_what_another_dataset_has_not_listed_yet_is_left_out(lake: Lake, run_of: RunOf) -> None:
    lake.put("data-docs/users/2026-11/accounts/nasa.html", b"its run is about to be listed")
    publish(lake, run_of("20261031T0000Z_20261031T0400Z", "nasa"))
    lake.put("data-docs/tweets/2026-11/accounts/nasa.html", b"the same of a new month")
    publish(lake, run_of("20261031T0400Z_20261031T0800Z", "nasa"))

    home = page(lake, home_key())
    assert "users" not in home.text
    assert "tweets/2026-10/index.html" in home.links
    assert "tweets/2026-11/index.html" not in home.links


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        ("data-docs/users/2026-11/runs.json", "is not a list of runs"),
        ("data-docs/tweets/2026-10/rates.json", "is not a month's pass rates"),
        ("review/open.json", "is no list of what lies in quarantine"),
    ],
)
def test_a_damaged_list_costs_its_own_section(
    lake: Lake, run_of: RunOf, damaged: str, said: str
) -> None:
    lake.put(damaged, b"<b>not JSON")
    publish(lake, run_of(RUN, "nasa"))

    home = page(lake, home_key())
    assert f"s3://{lake.bucket}/{damaged} {said}" in home.text
    assert any(RUN in link for link in home.links)
