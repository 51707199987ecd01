"""The dataset ``users``: profiles, one row per account and day."""
