"""Where each page of the site lies, and how pages link to each other."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote, urlencode

from include.interval import Interval
from include.lake import ALL_ACCOUNTS
from include.report import AirflowRun

SITE = "data-docs/"
STYLE_KEY = f"{SITE}static/style.css"

_VALIDATION_KEY = re.compile(
    r"validations/(?P<dataset>[^/]+)/dt=[0-9-]{10}/(?:account=(?P<account>[^/]+)/)?"
    r"(?P<interval>[0-9TZ]+_[0-9TZ]+)(?:-part-(?P<part>[0-9]+))?\.json"
)


def home_key() -> str:
    """The site's first page."""
    return f"{SITE}index.html"


def reports_prefix() -> str:
    """``data-docs/reports/``: what was made from the warehouse."""
    return f"{SITE}reports/"


def report_key(dataset: str) -> str:
    """``data-docs/reports/tweets.html``, the pictures of a dataset."""
    return f"{reports_prefix()}{dataset}.html"


def dataset_page_key(dataset: str) -> str:
    """``data-docs/tweets/index.html``, how every account of the dataset fares."""
    return f"{SITE}{dataset}/index.html"


def month_prefix(dataset: str, month: str) -> str:
    """``data-docs/tweets/2026-11/``."""
    return f"{SITE}{dataset}/{month}/"


def month_page_key(dataset: str, month: str) -> str:
    """``data-docs/tweets/2026-11/index.html``, the month's runs; ``month`` as ``2026-11``."""
    return f"{month_prefix(dataset, month)}index.html"


def month_of(interval: Interval) -> str:
    """The month whose lists name the interval, for example ``2026-11``."""
    return interval.day.isoformat()[:7]


def run_prefix(dataset: str, interval: Interval) -> str:
    """``data-docs/tweets/2026-11/20261120T0000Z_20261120T0400Z/``."""
    return f"{month_prefix(dataset, month_of(interval))}{interval.name}/"


def run_page_key(dataset: str, interval: Interval) -> str:
    """``data-docs/tweets/2026-11/20261120T0000Z_20261120T0400Z/index.html``."""
    return f"{run_prefix(dataset, interval)}index.html"


def page_key(validation_key: str) -> str:
    """The page of one GX result: ``…/<interval>/accounts/nasa.html`` of the account ``nasa``.

    Raises:
        ValueError: it is not the key of a GX result.
    """
    names = _names(validation_key)
    prefix = run_prefix(names["dataset"], Interval.parse(names["interval"]))
    part = f"-part-{names['part']}" if names["part"] else ""
    return f"{prefix}accounts/{names['account'] or ALL_ACCOUNTS}{part}.html"


def part_name(validation_key: str) -> str:
    """What a result of an account in parts is about: ``part 1``, or ``the whole batch``."""
    part = _names(validation_key)["part"]
    return f"part {int(part)}" if part else "the whole batch"


def _names(validation_key: str) -> re.Match[str]:
    names = _VALIDATION_KEY.fullmatch(validation_key)
    if names is None:
        raise ValueError(
            f"{validation_key!r} is no key of a validation result; "
            "write validations/<dataset>/dt=<date>/account=<account>/<interval>.json, or the same "
            "without the account where the batch is of all accounts"
        )
    return names


def quarantine_key() -> str:
    """``data-docs/quarantine/``: what lies there, made when somebody asks for it."""
    return f"{SITE}quarantine/"


def item_key(dataset: str, interval: Interval, account: str) -> str:
    """``data-docs/quarantine/tweets/<interval>/nasa/``, made when somebody asks for it."""
    return f"{quarantine_key()}{dataset}/{interval.name}/{account}/"


def page_url(site_url: str, key: str) -> str:
    """The address of a page where ``data-docs/`` itself is served at ``site_url``."""
    return f"{site_url.rstrip('/')}/{quote(key.removeprefix(SITE))}"


def airflow_run_url(airflow_url: str, run: AirflowRun) -> str:
    """The address that leads to a run in the UI of the Airflow at ``airflow_url``.

    It is one of the plugin's, as a page in the UI's frame may not lead out of it by itself.
    """
    query = urlencode({"dag_id": run.dag_id, "run_id": run.run_id})
    return f"{airflow_url.rstrip('/')}/data-docs/-/run?{query}"


def relative_link(page: str, target: str) -> str:
    """The link from one page to another, which also works when the site is opened as files."""
    folder = "/" if target.endswith("/") else ""
    return quote(posixpath.relpath(target, posixpath.dirname(page)) + folder)
