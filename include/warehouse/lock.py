"""Who may change the warehouse, or has to see it unchanged: one at a time."""

from __future__ import annotations

ONE_AT_A_TIME = 7_264_505_161
"""Number of the advisory lock that a load holds, and a check; any other would do."""
