"""What a post's text measures, and what of it are its author's own words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.warehouse.lists import owners

_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
"""What X writes in the place of three characters; the ampersand last, as it is in the others."""
_MENTIONS_AND_LINKS = r"^RT @\w+:|\B[@＠]\w+|(?i:https?://)[!-~]+"
_TAGS = r"\B[#＃][\p{L}\p{M}\p{N}_]+|\B\$[A-Za-z]{1,6}\b"
_LETTER_OR_DIGIT = r"[\p{L}\p{N}]"
_SPACELESS = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Javanese}]"
)
"""Scripts that are written without spaces between words."""


def whole_text(posts: pa.RecordBatch) -> pa.Array:
    """The whole text of each post, as a person reads it: ``&`` and not ``&amp;``."""
    text = pc.coalesce(posts["note_text"], posts["text"])
    for escape, character in _ESCAPES:
        text = pc.replace_substring(text, escape, character)
    return text


def words(text: pa.Array) -> pa.Array:
    """Texts without links, mentions and the ``RT @name:`` that begins a repost."""
    return pc.replace_substring_regex(text, _MENTIONS_AND_LINKS, " ")


def prose(text: pa.Array) -> pa.Array:
    """Texts without hashtags and cashtags, too."""
    return pc.replace_substring_regex(words(text), _TAGS, " ")


def word_count(words: pa.Array) -> pa.Array:
    """How many words each text has; null where its script does not tell where one ends.

    A word is a run of characters without white space that holds a letter or a digit: "don't" is
    one, "–" is none. A text with a character of a script that puts no spaces between words, as
    Chinese, Japanese and Thai, has no count: only a dictionary could tell, and it would guess.
    """
    runs = pc.utf8_split_whitespace(words)
    each = pc.list_flatten(runs).dictionary_encode()  # a text's words are others' words
    is_word = pc.match_substring_regex(each.dictionary, _LETTER_OR_DIGIT).take(each.indices)
    of_words = owners(runs)[is_word.to_numpy(zero_copy_only=False)]
    counts = pa.array(np.bincount(of_words, minlength=len(words)), pa.int32())
    is_ascii = pc.equal(pc.binary_length(words), pc.utf8_length(words))
    others = pc.if_else(is_ascii, "", words)
    return pc.if_else(pc.match_substring_regex(others, _SPACELESS), None, counts)
