"""The last figures: kept in .local/bench.json, shown as tables, beside what this project wants."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import REPOSITORY

FILE = REPOSITORY / ".local" / "bench.json"
README = REPOSITORY / "benchmarks" / "README.md"
BEGIN, END = "<!-- last table -->", "<!-- end of last table -->"
_VERSIONS = ("apache-airflow", "great-expectations", "pandas", "pyarrow", "msgspec", "moto")

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One figure, and what this project wants of it."""

    what: str
    value: Callable[[Figures], float]
    limit: float
    at_least: bool = False
    unit: str = ""

    def row(self, figures: Figures) -> list[str]:
        """A line of the table."""
        try:
            value = self.value(figures)
        except KeyError:
            return [self.what, "not measured", self._bound, ""]
        kept = value >= self.limit if self.at_least else value <= self.limit
        return [self.what, self._shown(value), self._bound, "yes" if kept else "**missed**"]

    @property
    def _bound(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}{self.unit}"

    def _shown(self, value: float) -> str:
        return f"{value:.0f}{self.unit}" if self.limit >= 100 else f"{value:.2f}{self.unit}"  # noqa: PLR2004


WANTED = (
    Wanted("300 accounts ÷ 300 tasks that do nothing", lambda f: f["orchestration_ratio"], 2.5),
    Wanted(
        "accounts of 1,200 that landed in a run that succeeded",
        lambda f: 1_200 if f["orchestration_1200"]["success"] else 0,
        1_200,
        at_least=True,
    ),
    Wanted("faster than `twarc2 csv`", lambda f: f["vs_twarc"], 5, at_least=True, unit="x"),
    Wanted(
        "faster than `pandas.json_normalize`",
        lambda f: f["vs_pandas"],
        1.5,
        at_least=True,
        unit="x",
    ),
    Wanted("slower than decoding alone", lambda f: f["vs_decode"], 3.5, unit="x"),
    Wanted("peak memory for 1,000,000 tweets", lambda f: f["peak_rss_mb_1m"], 800, unit=" MB"),
    Wanted(
        "the same ÷ that for 100,000",
        lambda f: f["peak_rss_mb_1m"] / f["peak_rss_mb_100k"],
        1.15,
    ),
    Wanted("publishing beside 3,000 old results ÷ 30", lambda f: f["docs_growth"], 1.5),
    Wanted(
        "the start page beside 10,000 old results ÷ 100, opened or made",
        lambda f: f["start_page_growth"],
        1.5,
    ),
    Wanted(
        "reading a month after compaction, faster than before",
        lambda f: f["compaction_speedup"],
        20,
        at_least=True,
        unit="x",
    ),
    Wanted("load of 1,000,000 posts ÷ plain `COPY`", lambda f: f["load_empty_vs_copy"], 3),
    Wanted("the same into 5,000,000 ÷ plain `COPY`", lambda f: f["load_full_vs_copy"], 5),
    Wanted(
        "load faster than `pandas.to_sql`",
        lambda f: f["load_vs_to_sql"],
        10,
        at_least=True,
        unit="x",
    ),
    Wanted(
        "peak memory of loading 5,000,000 ÷ that of 100,000",
        lambda f: f["load_rss_mb"] / f["load_rss_mb_few"],
        1.15,
    ),
    Wanted("export of 1,000,000 posts ÷ plain `COPY`", lambda f: f["export_vs_copy"], 2),
    Wanted("peak memory of exporting 5,000,000", lambda f: f["export_rss_mb"], 300, unit=" MB"),
    Wanted(
        "the same ÷ that of 100,000",
        lambda f: f["export_rss_mb"] / f["export_rss_mb_100k"],
        1.15,
    ),
    Wanted("posts charged ÷ posts written", lambda f: f["charged_per_new_tweet"], 1),
    Wanted("the same in a run that was killed", lambda f: f["charged_after_kill"], 1),
    Wanted("requests beyond the least, 100 accounts", lambda f: f["extra_requests"], 2),
    Wanted("the same in a run that was killed", lambda f: f["extra_requests_after_kill"], 2),
    Wanted("a month's cost ÷ that of the naive schedule", lambda f: f["month_cost_ratio"], 0.25),
)


def load() -> Figures:
    """The last figures; empty before the first."""
    return dict(json.loads(FILE.read_text(encoding="utf-8"))) if FILE.exists() else {}


def store(name: str, measured: Figures) -> Figures:
    """Put what one benchmark measured in the place of its last figures; returns all."""
    figures = load()
    raw = {**measured["raw"], "measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    figures |= {key: value for key, value in measured.items() if key != "raw"}
    figures["raw"] = {**figures.get("raw", {}), name: raw}
    figures["machine"] = machine()
    figures["versions"] = {
        "python": platform.python_version(),
        **{package: importlib.metadata.version(package) for package in _VERSIONS},
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return figures


def machine() -> Figures:
    """What this was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gib": round(memory),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def tables(figures: Figures) -> str:
    """Everything that was measured, as Markdown."""
    machine, versions = figures["machine"], figures["versions"]
    parts = [
        _table(["", "measured", "wanted", "kept"], [wanted.row(figures) for wanted in WANTED]),
        _table(
            ["", "unit", "runs", "least", "median", "most"],
            [
                [f"{name}: {subject}", unit.replace("_", " "), str(len(values)), *_spread(values)]
                for name, raw in figures["raw"].items()
                for unit in ("seconds", "peak_mb")
                for subject, values in raw.get(unit, {}).items()
            ],
        ),
    ]
    lines = [f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB"]
    lines.append(", ".join(f"{name} {version}" for name, version in versions.items()))
    if "orchestration_1200" in figures:
        many = figures["orchestration_1200"]
        ended = "succeeded" if many["success"] else "did not succeed"
        lines.append(f"1,200 accounts: {many['seconds']:.0f} s, the run {ended}")
    if "orchestration_ratio_without_preload" in figures:
        ratio = figures["orchestration_ratio_without_preload"]
        lines.append(f"orchestration without the preload in the scheduler: {ratio:.2f}")
    if "load_vs_to_sql_alone" in figures:
        ratio = figures["load_vs_to_sql_alone"]
        lines.append(f"load beside `to_sql` of frames that are made already: {ratio:.2f}x")
    if "export_vs_copy_with_start" in figures:
        ratio = figures["export_vs_copy_with_start"]
        lines.append(f"export with the start of its process ÷ plain `COPY` without: {ratio:.2f}")
    if "charged_per_new_tweet" in figures:
        cost = figures["raw"]["cost"]
        lines.append(
            f"{cost['accounts']} accounts, {cost['new_tweets']:,} posts: {cost['undisturbed']}, of "
            f"which {cost['least_requests']} is the least"
        )
    if "month_cost_ratio" in figures:
        month = figures["raw"]["month"]
        costs = ", ".join(f"{dataset} ${usd:.2f}" for dataset, usd in month["usd"].items())
        lines.append(f"a month: {costs}; the naive schedule ${month['naive_usd']:.2f}")
    return "\n\n".join([*parts, "\n".join(f"- {line}" for line in lines)])


def write_readme(figures: Figures) -> None:
    """Put the tables between the README's two marks."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n{tables(figures)}\n{END}{after}", encoding="utf-8")


def _spread(values: list[float]) -> list[str]:
    middle = median(values)
    digits = 0 if middle >= 100 else 2 if middle >= 0.1 else 4  # noqa: PLR2004
    return [f"{value:.{digits}f}" for value in (min(values), median(values), max(values))]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
