"""Staged profiles into ``fact_user_metrics`` and the versions of ``dim_user``.

Versions follow from all observations of an account, whatever the order in which they came: the
accounts of a load get theirs anew, and what is so already is not touched. Facts are led to the
version of their time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.warehouse.fact import Fact, keep, settle, write
from include.warehouse.models import DimUser

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor

USERS = Fact(
    table="fact_user_metrics",
    stage="staged_user",
    key=("user_id", "observed_on"),
    day="observed_on",
    keys={"user_key": "profile.user_key"},
    # Versions that hold no more are still there: they go once no fact leads to them.
    joins="""LEFT JOIN (
            SELECT d.* FROM version JOIN dim_user d USING (user_id, valid_from)) profile
        ON profile.user_id = s.user_id
        AND s.observed_at >= profile.valid_from AND s.observed_at < profile.valid_to""",
)
_OF_THE_VERSION = {
    "user_key", "user_id", "valid_from", "valid_to", "is_current", "is_inferred", "profile_digest",
}  # fmt: skip
_PROFILE = [c.name for c in DimUser.__table__.columns if c.name not in _OF_THE_VERSION]
_CHANGING = ["valid_to", "is_current", "is_inferred", "profile_digest", *_PROFILE]


def merge(cursor: Cursor, *, has_copies: bool) -> tuple[int, int]:
    """Bring the warehouse's accounts to what is staged.

    Returns:
        How many observations are new, and how many were changed.
    """
    cursor.execute(
        "ALTER TABLE staged_user ALTER profile_digest TYPE uuid USING profile_digest::uuid"
    )
    has_known = settle(cursor, USERS, has_copies=has_copies)
    _find_versions(cursor)
    keep(cursor, "dim_user", "d.user_id IN (SELECT user_id FROM touched)")
    _find_moved(cursor)
    _write_versions(cursor)
    _lead_facts(cursor)
    counts = write(cursor, USERS, has_known=has_known)
    cursor.execute(
        """DELETE FROM dim_user d USING touched t
        WHERE d.user_id = t.user_id AND NOT EXISTS (
            SELECT FROM version v WHERE (v.user_id, v.valid_from) = (d.user_id, d.valid_from))"""
    )
    return counts


def _find_versions(cursor: Cursor) -> None:
    """Make ``touched`` (accounts), ``version`` and ``profile`` (what a version says)."""
    cursor.execute(
        """CREATE TEMP TABLE touched ON COMMIT DROP AS
        SELECT user_id FROM staged_user UNION SELECT user_id FROM vanished"""
    )
    cursor.execute(
        f"""CREATE TEMP TABLE profile ON COMMIT DROP AS
        SELECT DISTINCT ON (user_id, profile_digest) user_id, profile_digest, {", ".join(_PROFILE)}
        FROM (
            SELECT user_id, profile_digest, {", ".join(_PROFILE)} FROM staged_user
            UNION ALL
            SELECT user_id, profile_digest, {", ".join(_PROFILE)}
            FROM dim_user JOIN touched USING (user_id) WHERE NOT is_inferred) known
        ORDER BY user_id, profile_digest"""
    )
    cursor.execute(
        """CREATE TEMP TABLE version ON COMMIT DROP AS
        WITH observed AS (
            SELECT m.user_id, m.observed_at, d.profile_digest
            FROM fact_user_metrics m JOIN touched USING (user_id) JOIN dim_user d USING (user_key)
            WHERE NOT EXISTS (
                SELECT FROM staged_user s
                WHERE (s.user_id, s.observed_on) = (m.user_id, m.observed_on))
            UNION ALL
            SELECT user_id, observed_at, profile_digest FROM staged_user
        ), marked AS (
            SELECT *, profile_digest IS DISTINCT FROM lag(profile_digest) OVER (
                PARTITION BY user_id ORDER BY observed_at) AS is_other
            FROM observed
        )
        SELECT user_id, profile_digest, false AS is_inferred,
            CASE WHEN row_number() OVER one = 1 THEN '-infinity' ELSE observed_at END AS valid_from,
            coalesce(lead(observed_at) OVER one, 'infinity') AS valid_to,
            lead(observed_at) OVER one IS NULL AS is_current
        FROM marked WHERE is_other WINDOW one AS (PARTITION BY user_id ORDER BY observed_at)
        UNION ALL
        SELECT user_id, NULL, true, '-infinity', 'infinity', true FROM touched t
        WHERE NOT EXISTS (SELECT FROM observed o WHERE o.user_id = t.user_id)
        AND EXISTS (SELECT FROM fact_tweet f WHERE f.author_id = t.user_id)"""
    )
    cursor.execute("ANALYZE version")


def _find_moved(cursor: Cursor) -> None:
    """Make ``moved``: accounts of which a version begins or ends at another time."""
    now = "SELECT user_id, valid_from, valid_to FROM version"
    before = "SELECT user_id, valid_from, valid_to FROM dim_user JOIN touched USING (user_id)"
    cursor.execute(
        f"""CREATE TEMP TABLE moved ON COMMIT DROP AS
        SELECT user_id FROM (({now} EXCEPT {before}) UNION ALL ({before} EXCEPT {now})) other
        GROUP BY user_id"""
    )


def _write_versions(cursor: Cursor) -> None:
    # First: no account may have two current versions at any moment.
    cursor.execute(
        """UPDATE dim_user d SET is_current = false FROM touched t
        WHERE d.user_id = t.user_id AND d.is_current AND NOT EXISTS (
            SELECT FROM version v
            WHERE (v.user_id, v.valid_from) = (d.user_id, d.valid_from) AND v.is_current)"""
    )
    values = ["valid_to", "is_current", "is_inferred", "profile_digest"]
    query = f"""SELECT v.user_id, v.valid_from, {", ".join(f"v.{c}" for c in values)},
            {", ".join(f"p.{c}" for c in _PROFILE)}
        FROM version v LEFT JOIN profile p USING (user_id, profile_digest)"""
    cursor.execute(
        f"""UPDATE dim_user d
        SET ({", ".join(_CHANGING)}) = ({", ".join(f"n.{c}" for c in _CHANGING)})
        FROM ({query}) n WHERE (n.user_id, n.valid_from) = (d.user_id, d.valid_from)
        AND ({", ".join(f"d.{c}" for c in _CHANGING)})
            IS DISTINCT FROM ({", ".join(f"n.{c}" for c in _CHANGING)})"""
    )
    cursor.execute(
        f"""INSERT INTO dim_user (user_id, valid_from, {", ".join(_CHANGING)})
        SELECT * FROM ({query}) n WHERE NOT EXISTS (
            SELECT FROM dim_user d WHERE (d.user_id, d.valid_from) = (n.user_id, n.valid_from))"""
    )


def _lead_facts(cursor: Cursor) -> None:
    """Lead facts of accounts whose versions moved to the version of their time."""
    for fact, user, moment, key in (
        ("fact_tweet", "author_id", "created_at", "author_key"),
        ("fact_user_metrics", "user_id", "observed_at", "user_key"),
    ):
        cursor.execute(
            f"""UPDATE {fact} f SET {key} = d.user_key
            FROM moved JOIN version v USING (user_id) JOIN dim_user d USING (user_id, valid_from)
            WHERE f.{user} = d.user_id
            AND f.{moment} >= d.valid_from AND f.{moment} < d.valid_to AND f.{key} <> d.user_key"""
        )
