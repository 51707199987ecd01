"""Words of the sandbox: a builder that keeps entity offsets, and the texts that hurt."""

from random import Random
from typing import Any


class TextBuilder:
    """Put a post's text together and note its entities; offsets are code points, as on X."""

    def __init__(self) -> None:
        """Start with no text."""
        self._parts: list[str] = []
        self._length = 0
        self.entities: dict[str, list[dict[str, Any]]] = {}

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def add(self, text: str) -> "TextBuilder":
        """Append plain text."""
        self._parts.append(text)
        self._length += len(text)
        return self

    def _entity(self, kind: str, text: str, **fields: Any) -> "TextBuilder":
        start = self._length
        self.add(text)
        entity = {"start": start, "end": self._length, **fields}
        self.entities.setdefault(kind, []).append(entity)
        return self

    def hashtag(self, tag: str) -> "TextBuilder":
        """Append #tag."""
        return self._entity("hashtags", f"#{tag}", tag=tag)

    def cashtag(self, tag: str) -> "TextBuilder":
        """Append $TAG."""
        return self._entity("cashtags", f"${tag}", tag=tag)

    def mention(self, username: str, user_id: str | None = None) -> "TextBuilder":
        """Append @username; in a user's description X does not tell the id."""
        known = {"id": user_id} if user_id else {}
        return self._entity("mentions", f"@{username}", username=username, **known)

    def url(self, short: str, **fields: Any) -> "TextBuilder":
        """Append a shortened link; fields are those of a URL entity besides url."""
        return self._entity("urls", short, url=short, **fields)

    def link(self, words: str, **fields: Any) -> "TextBuilder":
        """Append words that are a link; fields are those of a URL entity."""
        return self._entity("urls", words, **fields)

    def annotated(self, name: str) -> "TextBuilder":
        """Append a place name that X recognised; its end offset is inclusive."""
        start = self._length
        self.add(name)
        note = {
            "start": start,
            "end": self._length - 1,
            "probability": 0.8731,
            "type": "Place",
            "normalized_text": name,
        }
        self.entities.setdefault("annotations", []).append(note)
        return self


TOPICS: dict[str, dict[str, tuple[str, ...]]] = {
    "harbour": {
        "who": ("The pilot boat", "Quay four", "The dredger", "The night ferry", "The lock crew"),
        "does": ("reports", "expects", "has finished with", "waits for", "makes room for"),
        "what": ("a late grain carrier", "the spring tide", "two tugs", "fresh paint", "fog"),
        "tag": ("harbour", "tide", "shipping"),
    },
    "orbit": {
        "who": ("The relay satellite", "Ground station three", "The old probe", "Our dish"),
        "does": ("tracked", "lost and found", "photographed", "is listening to"),
        "what": ("a slow tumbler", "the evening pass", "a faint beacon", "solar noise"),
        "tag": ("orbit", "skywatch", "telemetry"),
    },
    "weather": {
        "who": ("The west wind", "A warm front", "The river gauge", "Tonight's sky"),
        "does": ("brings", "holds back", "promises", "measured"),
        "what": ("11 mm of rain", "first frost", "patchy sun", "a dry afternoon"),
        "tag": ("weather", "forecast", "rain"),
    },
    "maps": {
        "who": ("This sheet of 1784", "A copper plate", "The second survey", "The atlas"),
        "does": ("shows", "forgets", "draws twice", "names"),
        "what": ("a vanished island", "the toll road", "seven mills", "a river bend"),
        "tag": ("maps", "archives", "cartography"),
    },
    "rail": {
        "who": ("The 7:42", "Line six", "The morning express", "Platform two"),
        "does": ("leaves from", "is held at", "returns to", "skips"),
        "what": ("the old depot", "a red signal", "the junction", "the bridge works"),
        "tag": ("rail", "delays", "commute"),
    },
    "data": {
        "who": ("The new dataset", "Release 41", "The tram register", "This open licence"),
        "does": ("adds", "corrects", "documents", "drops"),
        "what": ("12,000 rows", "missing stops", "three columns", "a broken encoding"),
        "tag": ("opendata", "dataset", "csv"),
    },
}
PLACE_NAMES = ("Port Maren", "Tollhaven", "Upper Quay", "Saint Orla", "Brackwater")
CASHTAGS = ("QUAY", "TRAM", "MAPS")


def sentence(rng: Random, topic: str) -> str:
    """Return one sentence about the topic."""
    words = TOPICS[topic]
    parts = (rng.choice(words["who"]), rng.choice(words["does"]), rng.choice(words["what"]))
    return f"{' '.join(parts)}{rng.choice(('.', '.', '.', '!', ', says the log.', ' &amp; more.'))}"


NASTY_TEXTS: tuple[str, ...] = (
    "line one\nline two\r\nline three\n\n\ttabbed",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f4\u200d\u2620\ufe0f",
    "\u0645\u064a\u0646\u0627\u0621 12:30 \u05e0\u05de\u05dc right to left",
    "bidi \u202eevil\u202c and \u2066isolated\u2069 and \u200fmark",
    "separators\u2028of lines\u2029and paragraphs\x85and next line",
    "fish &amp; chips &lt;b&gt; 5 &gt; 4",
    '=HYPERLINK("https://example.org","open")',
    "+1 for the new timetable",
    "-2+3*cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "Z\u0351\u036b\u0343a\u0321\u0353l\u0348\u034dg\u0337o\u0322 cafe\u0301 e\u0301\u0302\u0303",
    "\U0001f469\u200d\U0001f469\u200d\U0001f466\u200d\U0001f466" * 75,
    "a\u0301\u0323" * 120,
    "quotes \"double\" 'single' \u201ccurly\u201d, commas; semicolons | pipes \\ backslash",
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "{{ 7*7 }} ${jndi} %s {0} $(id) `id`",
    "zero\u200bwidth\u2060joiner\ufeffbom and soft\u00adhyphen",
    "\u65e5\u672c\u8a9e\u306e\u6295\u7a3f\u3002\u6e2f\u306e\u5929\u6c17\u306f\u66c7\u308a",
    "NULL",
    "\u3164",
    "1e400 007 0x1F 2026-11-20 TRUE \u0662\u0663",
    "trailing space and newline \n",
    "\U0001f1e9\U0001f1ea\U0001f44d\U0001f3fd \ud55c\uad6d\uc5b4 \u0e44\u0e17\u0e22",
    "\ufdfd \U0001d4ea\U0001d4eb\U0001d4ec \uff21\uff22\uff23",
)
"""Good posts all the same: each of these has to land unharmed."""

WITHHELD_TEXT = "This account's posts are not available in your country. Learn more."
"""The one text that every post of a withheld account carries."""
WITHHELD_POST_TEXT = "This post is not available in your country. Learn more."
"""What a single post says once it is withheld."""
