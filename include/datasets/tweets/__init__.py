"""Posts of the configured accounts: one row per post, as it was when it was fetched."""
