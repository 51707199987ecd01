"""No file of the repository holds what looks like a secret; the sandbox's are public."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.security.secret_scan import SANDBOX_SECRETS
from tests.tracked import REPOSITORY, tracked

SHAPES = {
    "an access key of AWS": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "a bearer token of X": r"\bA{15,}[\w%-]{20,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a token of GitHub": r"\b(?:gh[pousr]|github_pat)_\w{30,}",
    "a token of Slack": r"\bxox[a-z]-[\w-]{20,}",
    "a JWT": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}",
    "a key of Fernet": r"(?<![\w+/-])[\w-]{43}=(?![\w=])",
    # Mixed characters, twenty at least, after the name of a secret.
    "a secret's value": (
        r"(?i:password|passwd|secret|token|access_key|api_key)[\"']?\s*[:=]\s*[\"']?"
        r"((?=[\w+/-]*\d)(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])[\w+/-]{20,}={0,2})(?![\w.(\[])"
    ),
}
"""What it looks like; where there is a group, that is the secret."""
IN_A_URL = r"\w://[^\s/@:\"'`{}$<>|]+:([^\s/@\"'`{}$<>|]+)@"
"""Of a test, it is a stand-in as a rule."""
PUBLIC = {
    *SANDBOX_SECRETS.values(),
    "password",  # a page says where it belongs
    "open",  # of a URL that leads nowhere
}
PLANTED = [
    "aws_access_key_id = AKIA~IOSFODNN7EXAMPLE",
    "aws_secret_access_key: wJalrXUtn~FEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    '"password": "AAAAAAAAAAAA~AAAAAAAAGcF1wAAAAAx3%2BkTb5h5Zc%3DfK0wq"',
    "-----BEGIN RSA ~PRIVATE KEY-----",
    "token=ghp_~16C7e42F292c6912E7710c838347Ae178B4a",
    "xoxb-~123456789012-abcdefghijkl",
    "Bearer eyJhbGciOiJIUzI1NiJ9.~eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJlc2lnbmF0dXJl",
    "fernet: bGFrZWxha2VsYWtlbGFr~ZWxha2VsYWtlbGFrZWxha2U=",
    'SMTP_PASSWORD="kd83Jd9~sKw02LmQz7Xb4"',
    "postgresql://airflow:hunter2@metadata.example/airflow",
]
"""Each without a tilde, by which this file holds none."""


def looks_like_secrets(place: str, text: str) -> Iterator[str]:
    """What in a file looks like one and is not public, by its line; nothing tells the secret."""
    shapes = SHAPES if place.startswith("tests/") else {**SHAPES, "a password in a URL": IN_A_URL}
    for what, shape in shapes.items():
        for found in re.finditer(shape, text):
            if found[found.re.groups] not in PUBLIC:
                yield f"{what} in {place}:{text.count(chr(10), 0, found.start()) + 1}"


def test_no_file_that_may_be_committed_holds_one():
    files = tracked()
    assert {".env.example", "README.md", "uv.lock", "tests/conftest.py"} <= set(files)
    found = [
        each
        for name in files
        for each in looks_like_secrets(name, (REPOSITORY / name).read_text("utf-8", "replace"))
    ]
    assert found == []


@pytest.mark.parametrize("line", PLANTED)
def test_it_is_found_wherever_it_is(line):
    text = f"# a line\n{line.replace('~', '')}\n"
    (found, *_) = looks_like_secrets("deploy/plain/host.env.example", text)
    assert found.endswith(" in deploy/plain/host.env.example:2")


@pytest.mark.parametrize("secret", SANDBOX_SECRETS.values())
def test_the_sandbox_s_are_the_only_ones(secret):
    assert list(looks_like_secrets("README.md", f"postgresql://x:{secret}@localhost/x")) == []
