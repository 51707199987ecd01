"""The topics that X inferred: a few hundred different ones, five or ten of them on every post."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from include.datasets.tweets.wire import Context

_CONTEXT = msgspec.json.Decoder(Context)


class Topics:
    """Each different topic once; a post has their numbers."""

    def __init__(self) -> None:
        self.contexts: list[Context] = []
        """By number."""
        self._numbers: dict[bytes, int] = {}

    def numbers(self, topics: Iterable[msgspec.Raw] | None) -> list[int] | None:
        """The number of each topic.

        Args:
            topics: a JSON object each.

        Raises:
            msgspec.DecodeError: one is no topic.
            UnicodeDecodeError: one is no UTF-8.
        """
        return None if topics is None else [self._number(bytes(topic)) for topic in topics]

    def add(self, contexts: Sequence[Context] | None) -> list[int] | None:
        """Numbers of topics that were read before."""
        if contexts is None:
            return None
        first = len(self.contexts)
        self.contexts += contexts
        return list(range(first, len(self.contexts)))

    def _number(self, topic: bytes) -> int:
        number = self._numbers.get(topic)
        if number is None:
            context = _CONTEXT.decode(topic)
            number = self._numbers[topic] = len(self.contexts)
            self.contexts.append(context)
        return number
