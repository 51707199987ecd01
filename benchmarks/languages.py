"""How often lingua is right, how fast, at what memory: `python -m benchmarks.languages low|high`.

The texts are those of Airflow's own pages, which people have translated, and the sandbox's English
posts. What is decided by the figures is in include/warehouse/language.py.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import airflow
from lingua import LanguageDetectorBuilder

from sandbox.texts import TOPICS, sentence

TRANSLATIONS = Path(airflow.__file__).parent / "ui" / "dist" / "i18n" / "locales"
_MARKUP = re.compile(r"\{\{.*?\}\}|<[^>]*>")
LETTERS = (3, 10, 20)
CLEARLY = (0.2, 0.5, 0.8, 0.9)


def texts() -> dict[str, str]:
    """Different texts, each with its language (ISO 639-1)."""
    found = {}
    for file in sorted(TRANSLATIONS.glob("*/*.json")):
        for text in _strings(json.loads(file.read_bytes())):
            found.setdefault(_MARKUP.sub(" ", text).strip(), file.parent.name[:2])
    random = Random(3)  # noqa: S311 - the same posts every time
    posts = (sentence(random, random.choice(list(TOPICS))) for _ in range(2000))
    return found | {post.replace("&amp;", "&"): "en" for post in posts}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)


def main(accuracy: str) -> None:
    """Print the figures of one accuracy."""
    known = {t: lang for t, lang in texts().items() if _letters(t) >= min(LETTERS)}
    before = _peak_mb()
    print(f"{accuracy} accuracy, {len(known)} texts in {len(set(known.values()))} languages")
    for distance in CLEARLY:
        builder = LanguageDetectorBuilder.from_all_languages()
        if accuracy == "low":
            builder = builder.with_low_accuracy_mode()
        detector = builder.with_minimum_relative_distance(distance).build()
        detector.detect_language_of("The first text is the one that loads the models")
        start = time.perf_counter()
        found = [detector.detect_language_of(text) for text in known]
        speed = len(known) / (time.perf_counter() - start)
        codes = [language and language.iso_code_639_1.name.lower() for language in found]
        for letters in LETTERS:
            asked = [
                (lang, code)
                for (text, lang), code in zip(known.items(), codes, strict=True)
                if _letters(text) >= letters
            ]
            told = [lang == code for lang, code in asked if code]
            print(
                f"lead {distance:.1f}, {letters:2} letters: told {len(told) / len(asked):.0%}, "
                f"right {sum(told) / len(told):.1%}, {speed:,.0f} texts/s"
            )
    print(f"memory: {_peak_mb() - before:,.0f} MB")


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1])
