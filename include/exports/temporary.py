"""A folder for formats that are made in a file of their own before they are passed on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from include.errors import BadConfiguration

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone with all that is in it when the block ends.

    Raises:
        BadConfiguration: there is no room for what is written there.
    """
    with TemporaryDirectory() as folder:
        try:
            yield Path(folder)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise BadConfiguration(
                f"{folder}, where the file is made, is full: {error.strerror}. Nothing of it was "
                "kept; make room, name a larger folder as TMPDIR, or choose csv or parquet"
            ) from error
