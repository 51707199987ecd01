"""Every check, by area, in the order in which they are made: what others need comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from include.doctor import (
    alerts,
    backups,
    bucket,
    glue,
    machine,
    prefixes,
    safekeeping,
    services,
    settings,
    site,
    suites,
    versions,
    warehouse,
    x,
)
from include.doctor.examination import Look

AREAS: Mapping[str, Sequence[Look]] = {
    "versions": (versions.python, versions.airflow, versions.packages),
    "machine": (machine.disk, machine.inodes, machine.memory, machine.time_service),
    "settings": (settings.variable, settings.accounts, settings.placeholders),
    "suites": (suites.datasets, suites.warehouse),
    "airflow": (
        services.database,
        services.heartbeats,
        services.dags,
        services.pool,
        services.login,
    ),
    "bucket": (
        bucket.there,
        bucket.owner,
        safekeeping.versioning,
        safekeeping.public_access,
        safekeeping.encryption,
        safekeeping.transport,
        safekeeping.lifecycle,
    ),
    "prefixes": (prefixes.conditions, prefixes.zones, prefixes.logs),
    "backups": (backups.prefix, backups.newest),
    "x": (x.token, x.budget),
    "alerts": (alerts.mail, alerts.topic),
    "data docs": (site.address, site.certificate, site.pages),
    "glue": (glue.database, glue.tags),
    "warehouse": (warehouse.server, warehouse.rights, warehouse.room),
    "clock": (machine.skew,),
}
