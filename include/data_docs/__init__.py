"""Data Docs: the site under ``data-docs/`` that a reviewer opens in a browser.

Great Expectations renders one page for each validation result; above its pages lie one page a
run, one a month and one for the whole lake.
"""

from include.data_docs.keys import (
    home_key,
    month_page_key,
    page_key,
    page_url,
    run_page_key,
)

__all__ = ["home_key", "month_page_key", "page_key", "page_url", "run_page_key"]
