"""The language of a text that X did not tell, by the library lingua.

Its low accuracy, asked to be very sure, is right as often as the high one and takes a tenth of the
memory: `python -m benchmarks.languages low|high` has the figures.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from include.warehouse.texts import prose

if TYPE_CHECKING:
    from lingua import LanguageDetector

FEWEST_LETTERS = 10
"""A text of fewer is not told: a name or a greeting is of many languages."""
CLEARLY = 0.9
"""By how much the likeliest language has to lead the next one, of 1."""
_ENOUGH = 500
"""Characters of a text that are looked at: it gets no clearer, only slower."""
_UNKNOWN = "und"


def detected_language(lang: pa.Array, text: pa.Array) -> pa.Array:
    """The language of each text of which X tells none.

    Links, mentions, hashtags and cashtags are taken out first. Equal texts are looked at once.

    Args:
        lang: what X detected.
        text: the whole texts.

    Returns:
        ISO 639-1 codes; null where X knows, where the text has fewer than
        :data:`FEWEST_LETTERS` letters, and where the detector is not sure.
    """
    asked = pc.fill_null(pc.equal(lang, _UNKNOWN), fill_value=True)
    texts = prose(pc.if_else(asked, text, None)).dictionary_encode()
    letters = pc.count_substring_regex(texts.dictionary, r"\p{L}")
    told = pc.if_else(
        pc.greater_equal(letters, FEWEST_LETTERS),
        pc.utf8_slice_codeunits(texts.dictionary, 0, _ENOUGH),
        "",
    )
    found = _detector().detect_languages_in_parallel_of(told.to_pylist()) if len(told) else []
    codes = [language and language.iso_code_639_1.name.lower() for language in found]
    return pa.array(codes, pa.string()).take(texts.indices)


@cache
def _detector() -> LanguageDetector:
    """Made once a process, and only if a text needs it: its models take about 90 MB."""
    from lingua import LanguageDetectorBuilder

    return (
        LanguageDetectorBuilder.from_all_languages()
        .with_low_accuracy_mode()
        .with_minimum_relative_distance(CLEARLY)
        .build()
    )
