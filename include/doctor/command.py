"""What is not as it should be, and what to do: ``python -m include.doctor.command``.

Reads what a task reads: Airflow's connections, Variables and configuration. Asks X once, for its
own count, which is free; leaves nothing in the lake; sends and publishes nothing.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
import warnings
from datetime import UTC, datetime
from typing import NoReturn


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if a check failed, 0 if none did, whatever was warned of."""
    argparse.ArgumentParser(
        description="Check connections, permissions, clocks, disks, versions, suites and accounts."
    ).parse_args(arguments)
    # What is wrong is in the table; what libraries log of it may name what must not be printed.
    logging.disable()
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "CRITICAL"  # its loggers do not ask logging
    warnings.simplefilter("ignore")
    try:
        from include.doctor.checks import AREAS
    except Exception as error:  # noqa: BLE001 - Airflow reads its settings when it is imported
        sys.stdout.write(f"{_no_airflow(error)}\n")
        return 1
    from include.doctor.examination import LEFT_BEHIND, examine, within
    from include.doctor.finding import Finding
    from include.doctor.hidden import scrubbed, secrets
    from include.doctor.patient import Patient
    from include.doctor.services import has_database
    from include.doctor.table import counts, lines_of

    if has_database():
        # As for Airflow's own services: connections and Variables may be there.
        os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    try:
        hidden = within(_SECONDS, secrets)
    except TimeoutError:
        sys.stdout.write(f"failed      settings: {_NO_SECRETS}\n")
        _end(1)
    except Exception as error:  # noqa: BLE001 - of a backend that can't be made, or refuses
        sys.stdout.write(f"{_no_airflow(error)}\n")
        return 1
    findings: list[Finding] = []
    for result in examine(AREAS, Patient(lambda: datetime.now(UTC))):
        findings += result.findings
        for line in lines_of(result, lambda text: scrubbed(text, hidden)):
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    sys.stdout.write(f"\n{counts(findings)}\n")
    code = int(any(finding.state == "failed" for finding in findings))
    if any(thread.name == LEFT_BEHIND for thread in threading.enumerate()):
        _end(code)
    return code


_SECONDS = 15
_NO_SECRETS = (
    f"Airflow's secrets backend did not answer within {_SECONDS} s, and without it nobody knows "
    "what must not be printed: nothing was checked\n→ see [secrets] backend, its region and "
    "endpoint, and that this machine is let through to it"
)


def _end(code: int) -> NoReturn:
    """End at once: what is still being waited for would keep the process, or break at its end."""
    sys.stdout.flush()
    os._exit(code)


def _no_airflow(error: Exception) -> str:
    from include.doctor.hidden import of_the_environment, scrubbed

    said = f"failed      airflow: {type(error).__name__}: {error}"
    return scrubbed(
        f"{said}\n→ Airflow can't start like this: correct its configuration (AIRFLOW__…, "
        "airflow.cfg), or install the lock anew; nothing else was checked",
        of_the_environment(),
    )


if __name__ == "__main__":
    sys.exit(main())
