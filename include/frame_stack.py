"""Room for deep calls: how a function is spared CPython's costliest corner.

CPython keeps the frames of a thread's Python calls in chunks of 16 KiB. A call that no longer fits
maps a new chunk and unmaps it when it returns; a loop that happens to run at the end of a chunk
does so at every call, which costs importing Great Expectations a quarter of its time.

Source: ``push_chunk`` in CPython's ``Python/pystate.c``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_WORDS = 100_000
"""Of eight bytes: room for some thousand calls inside each other, mapped once."""

_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")


def with_room(function: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
    """Let all calls below ``function`` share one large chunk of frames."""

    def call(*args: _Given.args, **kwargs: _Given.kwargs) -> _Returned:
        return function(*args, **kwargs)

    call.__code__ = call.__code__.replace(co_stacksize=_WORDS)
    return wraps(function)(call)
