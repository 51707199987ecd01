"""One check never keeps the others from their turn."""

from __future__ import annotations

import threading
import time

import pytest

from include.doctor.examination import examine
from include.doctor.finding import Finding, Unknown, failed, ok, warning
from include.doctor.hidden import scrubbed
from include.doctor.table import counts, lines_of
from include.errors import BadConfiguration


def fine(_):
    yield ok("as it should be")


def refuses(_):
    raise BadConfiguration("the setting 'bucket' is wrong; correct it")
    yield


def lacks_something(_):
    raise Unknown("there is no Airflow here")
    yield


def crashes(_):
    yield ok("until here")
    raise ZeroDivisionError("division\nby zero")


def found(patient, *checks, **limits):
    results = list(examine({"area": checks}, patient, **limits))
    return {result.check: [(f.state, f.text) for f in result.findings] for result in results}


def test_each_check_says_what_it_found_whatever_the_one_before_did(patient):
    assert found(patient, refuses, lacks_something, crashes, fine) == {
        "refuses": [("failed", "the setting 'bucket' is wrong; correct it")],
        "lacks something": [("not checked", "there is no Airflow here")],
        "crashes": [("failed", "the check itself crashed (ZeroDivisionError: division by zero)")],
        "fine": [("ok", "as it should be")],
    }


@pytest.fixture
def hangs():
    over = threading.Event()

    def hangs(_):
        over.wait(30)
        yield ok("at last")

    yield hangs
    over.set()


def test_one_that_gets_no_answer_is_given_up(patient, hangs):
    began = time.monotonic()
    said = found(patient, hangs, fine, each=0.05)
    assert time.monotonic() - began < 5
    assert said["hangs"] == [("failed", "no answer within 0 s")]
    assert said["fine"] == [("ok", "as it should be")]


def test_all_of_them_together_end_in_time(patient, hangs):
    assert found(patient, hangs, fine, in_all=0.05)["fine"] == [
        ("not checked", "0 s were over before its turn")
    ]


def test_the_table_has_the_remedy_on_a_line_of_its_own_and_no_secret(patient):
    def tells(_):
        yield warning("the key s3cr3t word " + "is long " * 12, "aws --key s3cr3t " + "x" * 100)

    (result,) = examine({"lake": [tells]}, patient)
    lines = list(lines_of(result, lambda text: scrubbed(text, {"s3cr3t word", "s3cr3t"})))
    assert lines[0].startswith("warning     lake: tells             the key *** is long")
    assert lines[-1].strip() == f"→ aws --key *** {'x' * 100}"
    assert all(len(line) <= 100 for line in lines[:-1])


def test_the_counts_name_each_state():
    findings: list[Finding] = [ok(""), ok(""), warning("", ""), failed("")]
    assert counts(findings) == "1 failed, 1 warning, 0 not checked, 2 ok"


def test_a_password_in_a_url_is_hidden_whoever_knows_it():
    assert scrubbed("postgresql://ada:pass%40@db/x?y", ()) == "postgresql://ada:***@db/x?y"
