from pathlib import Path

from sandbox.cast import CAST
from sandbox.fates import FATES
from sandbox.faults import FAULTS

README = (Path(__file__).parents[2] / "sandbox" / "README.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip(" `") for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_cast_table_is_the_cast():
    table = [[a.username, a.kind, a.vocabulary, f"{a.posts_per_hour:g}", a.about] for a in CAST]
    assert rows("The cast") == table


def test_the_table_of_fates_lists_them_all():
    assert dict(rows("Fates")) == {name: text.strip("`") for name, text in FATES.items()}


def test_the_fault_table_lists_all_faults_as_they_are():
    table = [row for row in rows("Faults") if len(row) == 2]
    assert [(row[0], row[1].strip()) for row in table] == [
        (name, text.strip("`")) for name, text in FAULTS.items()
    ]
