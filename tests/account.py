"""moto's account: one for the whole process, whatever server it is asked through."""

from __future__ import annotations

from moto.core.base_backend import BackendDict


def empty_account() -> None:
    """Take everything away but buckets: these have names of their own, some for a session."""
    for service in BackendDict._instances:
        if service.service_name != "s3":
            for region in service.values():  # a service's own reset is that of all services
                region.reset()
