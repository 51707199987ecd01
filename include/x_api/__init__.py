"""The X API v2: asking for pages, and saying what an answer means."""
