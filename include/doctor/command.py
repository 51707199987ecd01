"""What is not as it should be, and what to do: ``python -m include.doctor.command``.

Reads what a task reads: Airflow's connections, Variables and configuration. Asks X once, for its
own count, which is free; leaves nothing in the lake; sends and publishes nothing.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from datetime import UTC, datetime


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
    from include.doctor.examination import examine
    from include.doctor.finding import Finding
    from include.doctor.hidden import scrubbed, secrets
    from include.doctor.patient import Patient
    from include.doctor.table import counts, lines_of

    hidden = secrets()
    findings: list[Finding] = []
    for result in examine(AREAS, Patient(lambda: datetime.now(UTC))):
        findings += result.findings
        for line in lines_of(result, lambda text: scrubbed(text, hidden)):
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    sys.stdout.write(f"\n{counts(findings)}\n")
    return int(any(finding.state == "failed" for finding in findings))


def _no_airflow(error: Exception) -> str:
    from include.doctor.hidden import of_the_environment, scrubbed

    said = f"failed      airflow: {type(error).__name__}: {error}"
    return scrubbed(
        f"{said}\n→ Airflow can't start like this: correct its configuration (AIRFLOW__…, "
        "airflow.cfg), or install the lock anew; nothing else was checked",
        of_the_environment(),
    )


if __name__ == "__main__":
    # As Airflow's own services do: connections and Variables may be in the metadata database.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    sys.exit(main())
