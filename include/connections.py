"""What Airflow knows of the world: settings and accounts from Variables, clients from connections.

Secrets stay in Airflow connections (or ``AIRFLOW_CONN_*``); nothing here returns one.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook, Variable
from airflow.sdk.exceptions import AirflowNotFoundException

from include.accounts import Account, Search, load_json, parse_accounts
from include.errors import BadConfiguration
from include.lake import Lake
from include.settings import VARIABLE, Settings, parse_settings
from include.x_api.session import ATTEMPTS

if TYPE_CHECKING:
    from botocore.config import Config

    from include.catalogue.glue import Glue
    from include.x_api.client import XApi

ACCOUNTS_VARIABLE = "x_accounts"
ACCOUNTS_FILE = Path(__file__).with_name("accounts.yaml")


def load_settings() -> Settings:
    """Settings from the Airflow Variable ``tweet_lake``.

    Raises:
        BadConfiguration: it is not set, or a key is wrong.
    """
    text = Variable.get(VARIABLE, default=None)
    if text is None:
        raise BadConfiguration(
            f"the Airflow Variable '{VARIABLE}' is not set; set it to JSON with at least bucket, "
            "alert_to and data_docs_url (docs/settings.md)"
        )
    return parse_settings(text)


def load_accounts() -> list[Account | Search]:
    """Whom to follow, from the Variable ``x_accounts`` (JSON), else ``include/accounts.yaml``.

    Raises:
        BadConfiguration: names the source, the entry and the field.
    """
    text = Variable.get(ACCOUNTS_VARIABLE, default=None)
    if text is not None:
        source = f"the Airflow Variable '{ACCOUNTS_VARIABLE}'"
        return parse_accounts(text, source, loads=load_json)
    return parse_accounts(ACCOUNTS_FILE.read_text(encoding="utf-8"), "include/accounts.yaml")


def open_lake(settings: Settings, config: Config | None = None) -> Lake:
    """The lake behind the Airflow connection ``aws_default``.

    Where that connection is missing, boto3 looks for credentials itself: an instance's role on
    EC2 needs none. ``config`` is what botocore is told beyond the connection.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    hook = S3Hook("aws_default")
    merged = hook.config.merge(config) if config else None
    return Lake(hook.get_client_type(hook.region_name, merged), settings.bucket)


def open_glue(settings: Settings, config: Config | None = None) -> Glue | None:
    """The Glue database of the settings, behind the connection ``aws_default``; None if none is.

    ``config`` is botocore's own, in the place of the connection's.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
    from airflow.providers.amazon.aws.hooks.glue_catalog import GlueCatalogHook

    from include.catalogue.glue import Glue

    if settings.glue_database is None:
        return None
    return Glue(
        GlueCatalogHook(aws_conn_id="aws_default", config=config).get_conn(),  # type: ignore[no-untyped-call]
        AwsBaseHook("aws_default", client_type="lakeformation", config=config).get_conn(),
        settings.glue_database,
        settings.lake_formation_tags,
    )


def open_x_api(settings: Settings, *, attempts: int = ATTEMPTS) -> XApi:
    """X behind the Airflow connection ``x_api``: its host is the base URL, its password the token.

    Args:
        settings: what is asked for along with posts, and how long a rate limit is waited for.
        attempts: how often in all X is asked where it gives no usable answer.

    Raises:
        BadConfiguration: the connection, its host or its password is missing, or no header or
            address can be made of them.
    """
    from include.x_api.client import XApi

    try:
        connection = BaseHook.get_connection("x_api")
    except AirflowNotFoundException as error:
        raise BadConfiguration(
            "the Airflow connection 'x_api' is missing; set it (type http, host "
            "https://api.x.com, the bearer token as password)"
        ) from error
    if not connection.host or not connection.password:
        raise BadConfiguration(
            "the Airflow connection 'x_api' needs the API's URL as host and the bearer token as "
            "password"
        )
    if not re.fullmatch(r"[!-~]+", connection.password):
        raise BadConfiguration(
            "the password of the Airflow connection 'x_api' has white space or characters beyond "
            "ASCII in it; put the bearer token there and nothing else"
        )
    base_url = connection.host
    if "://" not in base_url:
        base_url = f"{connection.schema or 'https'}://{base_url}"
        if connection.port:
            base_url = f"{base_url}:{connection.port}"
    if not re.fullmatch(r"https?://[^\s/]\S*", base_url):
        raise BadConfiguration(
            "the host of the Airflow connection 'x_api' must be a URL like https://api.x.com "
            f"(http or https), not {base_url!r}"
        )
    return XApi(
        base_url,
        connection.password,
        expansions=settings.expansions,
        longest_wait=timedelta(minutes=settings.rate_limit_wait_minutes),
        attempts=attempts,
    )
