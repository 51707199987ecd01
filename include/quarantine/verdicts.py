"""What a person can say of rows in quarantine; DAG files import it, so that it imports nothing."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["replayed", "released", "discarded"]

VERDICTS: dict[str, Verdict] = {
    "replay": "replayed",
    "release": "released",
    "discard": "discarded",
}
"""What is asked for → what it is called once it is done."""
