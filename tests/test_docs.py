"""The documentation says what the code does."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import date
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from include.accounts import Account, Search, parse_accounts
from include.settings import Settings, parse_settings
from include.x_api.fields import EXPANSIONS, KNOWN_EXPANSIONS

REPOSITORY = Path(__file__).parents[1]
SETTINGS = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
MARKDOWN = sorted(
    path for path in REPOSITORY.rglob("*.md") if not {".venv", ".local"} & set(path.parts)
)


def table(heading: str) -> dict[str, str]:
    """First and second column of the first table below a heading of docs/settings.md."""
    section = SETTINGS.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE))


def shown(default: object) -> str:
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, date):
        return f"`{default.isoformat()}`"
    return f"`{json.dumps(default)}`"


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("The Variable `tweet_lake`", Settings),
        ("The Variable `x_accounts`", Account),
        ("Searches among the accounts", Search),
    ],
)
def test_every_setting_is_documented_with_its_default(heading, model):
    assert table(heading) == {
        name: shown(field.default) for name, field in model.model_fields.items()
    }


def test_every_expansion_has_its_price():
    section = SETTINGS.split("## Expansions\n", 1)[1].split("\n## ", 1)[0]
    prices = dict(re.findall(r"^\| `([\w.]+)` \| [^|]+ \| ([^|]+) \|", section, re.MULTILINE))
    assert prices.keys() == set(KNOWN_EXPANSIONS)
    assert {prices[name] for name in EXPANSIONS} == {"nothing"}


def test_the_examples_of_settings_work():
    settings, accounts, searches = re.findall(r"```json\n(.+?)\n```", SETTINGS, re.DOTALL)
    assert parse_settings(settings).bucket == "my-tweet-lake"
    assert [account.name for account in parse_accounts(accounts, "docs")] == ["nasa", "esa"]
    assert [search.name for search in parse_accounts(searches, "docs")] == ["nasa_pictures"]


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_inside_the_project_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    dead = [
        target for target in targets if "://" not in target and not (page.parent / target).exists()
    ]
    assert dead == []


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_make_target_that_is_named_exists(page):
    named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
    targets = set(
        re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    assert named <= targets


def test_make_help_lists_every_target_that_is_not_a_file():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    answer = subprocess.run(
        ["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    for target in re.findall(r"^\.PHONY: (\S+)", makefile, re.MULTILINE):
        assert f"make {target} " in answer


def test_the_runbook_knows_every_outcome_and_every_error_of_ours():
    from include import errors
    from include.notify import errors as mail_errors
    from include.outcomes import Outcome
    from include.x_api import errors as x_errors

    runbook = (REPOSITORY / "docs" / "runbook.md").read_text(encoding="utf-8")
    for outcome in Outcome:
        assert f"| {outcome.value} |" in runbook
    leaves = {
        kind.__name__
        for module in (errors, x_errors, mail_errors)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, errors.TweetLakeError)
        and kind.__name__ not in {"TweetLakeError", "XError", "BadRequest"}
    }
    assert {name for name in leaves if f"`{name}`" not in runbook} == set()
