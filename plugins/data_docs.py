"""Data Docs in Airflow's navigation, read from the lake, behind Airflow's own login.

Every component of Airflow loads plugins; only the API server asks for ``fastapi_apps``, so what
the application needs is imported there.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin


class DataDocsPlugin(AirflowPlugin):
    """The site at ``/data-docs/``, and its place in the navigation."""

    name = "data_docs"
    external_views = [  # noqa: RUF012 - Airflow's own shape
        {
            "name": "Data Docs",
            # Relative to the UI's base, which may have a path prefix.
            "href": "data-docs/",
            "url_route": "data-docs",
            "destination": "nav",
            "nav_top_level": True,
        }
    ]

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The application, made when the API server asks for it."""
        from include.data_docs.airflow_app import create_airflow_app

        return [{"name": "Data Docs", "url_prefix": "/data-docs", "app": create_airflow_app()}]
