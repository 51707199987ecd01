"""Modules that another package imports for features nobody here uses: loaded when first touched.

Half of what importing Great Expectations costs is ``altair`` (plots of a distribution) and
``scipy.stats`` (tests of a distribution); no suite here asks for either. The standard library's
``LazyLoader`` can't help: until Python 3.12 the import statement itself touches the module.
"""

from __future__ import annotations

import importlib
import sys
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
