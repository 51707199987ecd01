"""Checking the warehouse itself: five relations that PostgreSQL makes, a suite over each."""
