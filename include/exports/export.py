"""An order carried out: the file, and its manifest beside it."""

from __future__ import annotations

from datetime import datetime

from tqdm import tqdm

from include.exports.destination import MANIFEST, Destination
from include.exports.manifest import Manifest, make_manifest
from include.exports.order import Order
from include.exports.reading import open_reading
from include.lake import json_bytes


def export(
    order: Order, destination: Destination, *, at: datetime, shows_progress: bool = False
) -> Manifest:
    """Write the rows of an order, in constant memory.

    Args:
        order: which rows and columns, and the format.
        destination: where to; an earlier export there is replaced in the end.
        at: when this is.
        shows_progress: draw a bar on standard error, if that is a terminal.

    Raises:
        BadConfiguration, WarehouseUnavailable: see ``open_reading``; nothing is left behind.
        LakeUnavailable: S3 refused, or was lost.
    """
    with open_reading(order) as reading:
        with (
            destination.open(order.format.content_type) as out,
            tqdm(
                desc=destination.name,
                total=reading.estimate,
                unit=" rows",
                unit_scale=True,
                disable=None if shows_progress else True,
            ) as bar,
        ):
            rows = 0

            def tell(more: int) -> None:
                nonlocal rows
                rows += more
                bar.update(more)

            order.format.write(reading, out, tell)
        manifest = make_manifest(
            reading,
            file=destination.name,
            rows=rows,
            size=out.bytes,
            checksum=out.sha256,
            at=at,
        )
    with destination.open("application/json", MANIFEST) as beside:
        beside.write(json_bytes(manifest.model_dump(mode="json")))
    return manifest
