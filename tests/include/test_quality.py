from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from great_expectations.core.expectation_validation_result import (
    expectationSuiteValidationResultSchema,
)
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import Expectation
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

from include.datasets import dataset_named
from include.errors import BadConfiguration
from include.quality import BadSuite, Level, Quality, Verdict
from include.suite import PARAMETERS

REPOSITORY = Path(__file__).parents[2]
TIME = datetime(2026, 11, 20, 12, tzinfo=UTC)
BETWEEN = "expect_column_values_to_be_between"


def expectation(
    key: str = "likes", kind: str = BETWEEN, severity: str = "critical", **kwargs: Any
) -> dict[str, Any]:
    return {
        "type": kind,
        "severity": severity,
        "notes": f"About {key}.",
        "meta": {"key": key},
        "kwargs": kwargs or {"column": "like_count", "min_value": 0},
    }


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return tmp_path / "expectations" / "tweets.json"


def made(suite: Path, *expectations: Any) -> Quality:
    suite.parent.mkdir(exist_ok=True)
    suite.write_text(json.dumps({"name": "tweets", "expectations": expectations}))
    return Quality(suite, "tweet_id")


def frame(**columns: list[Any]) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    ids = [str(100 + row) for row in range(rows)]
    return pd.DataFrame({"row": range(rows), "tweet_id": ids} | columns)


def check(quality: Quality, data: pd.DataFrame, level: Level = "all", **parameters: Any) -> Verdict:
    return quality.check(
        data,
        asset="tweets/nasa",
        run_name="run",
        run_time=TIME,
        parameters=parameters,
        level=level,
    )


def test_critical_rows_are_named_with_every_reason(suite: Path) -> None:
    quality = made(
        suite,
        expectation(),
        expectation("replies", column="reply_count", min_value=0),
        expectation("views", severity="warning", column="impression_count", min_value=0),
    )
    data = frame(like_count=[1, -1, -2], reply_count=[0, 0, -3], impression_count=[-4, 5, 6])
    data["row"] = [70, 71, 72]

    verdict = check(quality, data)

    assert verdict.bad_rows == {71: ["likes"], 72: ["likes", "replies"]}
    assert not verdict.batch_failed
    assert [(f.key, f.severity, f.unexpected_count) for f in verdict.failed] == [
        ("likes", "critical", 2),
        ("replies", "critical", 1),
        ("views", "warning", 1),
    ]
    assert verdict.failed[0].note == "About likes."
    assert verdict.failed[0].column == "like_count"
    assert verdict.failed[0].examples == [
        {"id": "101", "value": "-1"},
        {"id": "102", "value": "-2"},
    ]


def test_failed_batch_names_what_was_observed(suite: Path) -> None:
    quality = made(
        suite,
        expectation("rows", "expect_table_row_count_to_be_between", "warning", min_value=9),
        expectation(
            "columns",
            "expect_table_columns_to_match_set",
            column_set=["row", "tweet_id", "lang"],
            exact_match=True,
        ),
    )

    verdict = check(quality, frame(like_count=[1, 2]))

    assert verdict.batch_failed
    assert verdict.bad_rows == {}
    assert [(f.key, f.level, f.observed) for f in verdict.failed] == [
        ("rows", "batch", "2"),
        ("columns", "batch", "unexpected: like_count; missing: lang"),
    ]


def test_warning_about_the_batch_does_not_condemn_it(suite: Path) -> None:
    rows = expectation("rows", "expect_table_row_count_to_be_between", "warning", min_value=9)

    assert not check(made(suite, rows), frame(like_count=[1])).batch_failed


def test_mostly_names_rows_only_where_it_fails(suite: Path) -> None:
    quality = made(suite, expectation(column="like_count", min_value=0, mostly=0.5))

    assert check(quality, frame(like_count=[1, 1, -1])).failed == []
    assert check(quality, frame(like_count=[1, 1, -1])).bad_rows == {}
    assert check(quality, frame(like_count=[1, -1, -1])).bad_rows == {1: ["likes"], 2: ["likes"]}


def test_what_cannot_be_evaluated_condemns_the_batch(suite: Path) -> None:
    quality = made(
        suite, expectation(severity="info"), expectation("rows", column="row", min_value=0)
    )

    verdict = check(quality, frame(lang=["en", "de"]))

    (failed,) = verdict.failed
    assert verdict.batch_failed
    assert (failed.key, failed.level, failed.severity) == ("likes", "batch", "critical")
    assert "like_count" in str(failed.observed)
    told = json.dumps(verdict.result)
    assert "like_count" in told
    assert "Traceback" not in told
    assert str(REPOSITORY) not in told


def test_batch_of_missing_values_and_empty_batch_can_be_judged(suite: Path) -> None:
    quality = made(
        suite,
        expectation(),
        expectation("present", "expect_column_values_to_not_be_null", column="like_count"),
        expectation("code", "expect_column_values_to_match_regex", column="lang", regex="^en$"),
    )
    missing = pd.Series([None, None], dtype="str")

    verdict = check(quality, frame(like_count=[float("nan")] * 2).assign(lang=missing))
    assert verdict.bad_rows == {0: ["present"], 1: ["present"]}
    assert not verdict.batch_failed
    assert check(quality, frame(like_count=[1.0]).assign(lang="en").head(0)).failed == []


def test_report_and_result_stay_small(suite: Path) -> None:
    quality = made(suite, expectation(column="text", kind="expect_column_values_to_be_null"))

    verdict = check(quality, frame(text=[f"\x00{'x' * 500}"] * 1000))

    assert len(verdict.bad_rows) == 1000
    assert len(verdict.failed[0].examples) == 5
    value = verdict.failed[0].examples[0]["value"]
    assert value.startswith("\\x00x")
    assert len(value) == 120
    (result,) = verdict.result["results"]
    assert result["result"]["unexpected_count"] == 1000
    assert len(result["result"]["unexpected_index_list"]) == 20
    assert len(result["result"]["partial_unexpected_list"]) == 20
    assert len(json.dumps(verdict.result)) < 20_000


def test_values_of_several_columns_stand_side_by_side(suite: Path) -> None:
    later = "expect_column_pair_values_a_to_be_greater_than_b"
    quality = made(suite, expectation("later", later, column_A="until", column_B="at"))
    at = pd.to_datetime(["2026-11-20T08:00:00Z"])

    verdict = check(quality, frame(like_count=[0]).assign(at=at, until=at))

    assert verdict.failed[0].column == "until, at"
    assert verdict.failed[0].examples[0]["value"] == "2026-11-20T08:00:00Z / 2026-11-20T08:00:00Z"


def test_great_expectations_renders_the_result(suite: Path) -> None:
    quality = made(
        suite,
        expectation(),
        expectation("more", column="like_count", min_value=0, mostly=0.1, severity="info"),
        expectation("lost", column="lang", min_value=0),
        expectation("rows", "expect_table_row_count_to_equal", value=3),
    )

    verdict = check(quality, frame(like_count=[1, -1, float("nan")]))

    loaded = expectationSuiteValidationResultSchema.load(json.loads(json.dumps(verdict.result)))
    page = ValidationResultsPageRenderer().render(loaded).to_json_dict()
    assert "-1" in json.dumps(page)
    assert loaded.meta["active_batch_definition"]["data_asset_name"] == "tweets/nasa"
    assert loaded.meta["run_id"]["run_name"] == "run"
    assert loaded.suite_name == "tweets"


_ANOTHER_PROCESS = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
import pandas as pd
from include.quality import Quality
assert "great_expectations" not in sys.modules, "importing the module alone has to be cheap"
data = pd.DataFrame({"row": [0, 1], "tweet_id": ["100", "101"], "like_count": [-1, 2]})
verdict = Quality(Path(sys.argv[1]), "tweet_id").check(
    data, asset="tweets/nasa", run_name="run", run_time=datetime(2026, 11, 20, 12, tzinfo=UTC),
    parameters={},
)
print(json.dumps(verdict.result))
"""


def test_result_is_the_same_in_every_process(suite: Path) -> None:
    quality = made(suite, expectation(), expectation("lost", column="lang", min_value=0))

    here = [json.dumps(check(quality, frame(like_count=[-1, 2])).result) for _ in range(2)]
    there = subprocess.run(
        [sys.executable, "-c", _ANOTHER_PROCESS, str(suite)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    assert {*here, there.stdout.strip()} == {here[0]}


def test_each_batch_is_judged_by_its_own_parameters(suite: Path) -> None:
    limit = {"$PARAMETER": "limit"}
    quality = made(suite, expectation(column="like_count", max_value=limit))
    data = frame(like_count=[1, 5, 9])

    assert [list(check(quality, data, limit=limit).bad_rows) for limit in (5, 1, 9)] == [
        [2],
        [1, 2],
        [],
    ]


def test_number_of_rows_is_a_parameter_that_is_always_there(suite: Path) -> None:
    share = {"$PARAMETER": "0.5 * sgn(trunc(rows / 3))"}
    quality = made(
        suite,
        expectation(
            "share",
            "expect_column_proportion_of_non_null_values_to_be_between",
            column="like_count",
            min_value=share,
        ),
    )

    assert not check(quality, frame(like_count=[float("nan")] * 2)).batch_failed
    assert check(quality, frame(like_count=[float("nan")] * 3)).batch_failed


def test_parameter_given_as_none_leaves_its_expectations_out(suite: Path) -> None:
    author = "expect_column_values_to_be_in_set"
    quality = made(
        suite,
        expectation(),
        expectation("author", author, column="author_id", value_set={"$PARAMETER": "author_id"}),
    )
    data = frame(like_count=[1, 2], author_id=["11", "12"])

    assert check(quality, data, author_id="11").bad_rows == {1: ["author"]}
    without = check(quality, data, author_id=None)
    assert without.bad_rows == {}
    assert len(without.result["results"]) == 1


def test_parameter_that_nobody_supplies_is_named(suite: Path) -> None:
    quality = made(suite, expectation(column="like_count", max_value={"$PARAMETER": "top"}))

    with pytest.raises(BadSuite, match=r"tweets\.json: likes: .* 'top', .* there are limit, rows"):
        check(quality, frame(like_count=[1]), limit=3)


def test_parts_and_whole_share_the_expectations(suite: Path) -> None:
    quality = made(
        suite,
        expectation(),
        expectation("type", "expect_column_type_to_be", column="lang", type_="str"),
        expectation("rows", "expect_table_row_count_to_be_between", max_value=1),
        expectation("top", "expect_column_max_to_be_between", column="like_count", max_value=3),
    )
    data = frame(like_count=[-1, 5], lang=[1, 2])

    part = check(quality, data, level="row")
    whole = check(quality, data[[*quality.batch_columns]], level="batch")

    assert quality.batch_columns == ("like_count", "row")
    assert [f.key for f in part.failed] == ["likes", "type"]
    assert [f.key for f in whole.failed] == ["rows", "top"]
    assert part.bad_rows == {0: ["likes"]}
    assert part.batch_failed
    assert whole.batch_failed


def test_batches_leave_nothing_behind(suite: Path) -> None:
    quality = made(suite, expectation())

    def alive() -> int:
        check(quality, frame(like_count=[1, -1]))
        gc.collect()
        return sum(isinstance(thing, pd.DataFrame) for thing in gc.get_objects())

    configuration = Expectation.configuration
    alive()

    assert alive() == alive() == alive()
    assert Expectation.configuration is configuration


def test_another_quality_keeps_nothing_from_the_collector(suite: Path) -> None:
    class Garbage:
        def __init__(self) -> None:
            self.itself = self

    made(suite, expectation())
    garbage = weakref.ref(Garbage())
    made(suite, expectation())
    gc.collect()
    assert garbage() is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", r"it is not JSON: .*line 1 column 2"),
        (b"\xff", r"it is not JSON"),
        (b"[]", r'write \{"name"'),
        (b'{"name": "tweets", "expectations": []}', r'write \{"name".*at least one'),
    ],
)
def test_file_that_is_no_suite_is_refused(suite: Path, content: bytes, problem: str) -> None:
    suite.parent.mkdir()
    suite.write_bytes(content)

    with pytest.raises(BadSuite, match=rf"^expectations/tweets\.json: {problem}"):
        Quality(suite, "tweet_id")


def test_missing_suite_is_named(suite: Path) -> None:
    with pytest.raises(BadSuite, match=r"^expectations/tweets\.json: No such file"):
        Quality(suite, "tweet_id")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"type": "expect_column_values_to_be_betwen"}, f"did you mean {BETWEEN}"),
        ({"severity": None}, "severity is missing"),
        ({"severity": "fatal"}, "severity is 'fatal'; write critical, warning, info"),
        ({"notes": " "}, "notes is no text"),
        ({"meta": {}}, "meta is missing"),
        ({"meta": {"key": "Likes!"}}, r"meta.key is 'Likes!'.*snake_case"),
        ({"kwargs": {}}, "kwargs is missing"),
        ({"kwargs": {"column": "a", "minimum": 0}}, "minimum: extra fields not permitted"),
        ({"kwargs": {"min_value": 0}}, "column: field required"),
        ({"result_format": "BASIC"}, "unknown field 'result_format'"),
        (
            {
                "type": "expect_column_values_to_match_regex",
                "kwargs": {"column": "lang", "regex": "[a-z"},
            },
            r"regex: '\[a-z' is no regular expression",
        ),
        (
            {
                "type": "expect_column_values_to_be_in_set",
                "kwargs": {"column": "author_id", "value_set": [{"$PARAMETER": "author_id"}]},
            },
            r"value_set: \{\"\$PARAMETER\": …\} has to be the whole value",
        ),
    ],
)
def test_bad_expectation_is_refused(suite: Path, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadSuite, match=rf"^expectations/tweets\.json: expectation 2 .*{problem}"):
        made(suite, expectation("replies"), expectation() | change)


def test_key_is_used_once(suite: Path) -> None:
    with pytest.raises(BadSuite, match=r"expectation 2 \(likes\): meta.key 'likes' is taken"):
        made(suite, expectation(), expectation())


def test_bad_suite_is_a_matter_of_configuration(suite: Path) -> None:
    with pytest.raises(BadConfiguration):
        made(suite, "expect_column_to_exist")


def test_threads_that_check_at_once_leave_great_expectations_as_it_was(tmp_path: Path) -> None:
    before = Expectation.configuration, PandasExecutionEngine.get_domain_records
    tweets = dataset_named("tweets")
    frame = tweets.check_frame(tweets.decode([]))

    def check(number: int) -> None:
        Quality(tweets.suite, "tweet_id").check(
            frame,
            asset=f"tweets/{number}",
            run_name="run",
            run_time=datetime(2026, 11, 2, tzinfo=UTC),
            parameters=dict.fromkeys(PARAMETERS),
            level="batch",
        )

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(check, range(12)))
    assert (Expectation.configuration, PandasExecutionEngine.get_domain_records) == before
