"""Modules that another package imports for features nobody here uses.

Half of what importing Great Expectations costs is ``altair`` (plots of a distribution) and
``scipy.stats`` (tests of a distribution); no suite here asks for either. The standard library's
``LazyLoader`` can't help: until Python 3.12 the import statement itself touches the module.
Some more are packages that it only looks for, to speak to clouds and clusters.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


class _Later(ModuleType):
    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # what the import machinery asks of every module
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def import_later(*names: str) -> None:
    """Let an ``import`` of these modules cost nothing until an attribute of one is used."""
    for name in names:
        sys.modules.setdefault(name, _Later(name))


@contextmanager
def as_if_missing(*names: str) -> Iterator[None]:
    """Let imports in here of packages that nobody has loaded yet fail, as if not installed."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
