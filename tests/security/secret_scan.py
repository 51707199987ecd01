"""Looks for secrets in whatever a run left: as they are, or as something has written them."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import psycopg
import pyarrow.parquet as pq
from sqlalchemy import URL

from sandbox.smtp_sink import SMTP_PASSWORD
from sandbox.warehouse import WAREHOUSE_PASSWORD
from sandbox.world import AWS_SECRET
from sandbox.x_api import TOKEN

SANDBOX_SECRETS = {
    "the bearer token": TOKEN,
    "the AWS secret": AWS_SECRET,
    "the mail password": SMTP_PASSWORD,
    "the warehouse password": WAREHOUSE_PASSWORD,
}
"""What the sandbox's connections hold, by what it is."""
_LEAST = 12
"""Characters of a secret; of a shorter one an encoded form would be found everywhere."""
_DEEPEST = 4


def forms_of(secret: str) -> set[bytes]:
    """The secret, and how libraries write it: encoded, escaped, quoted, or in a larger base64."""
    if len(secret) < _LEAST:
        raise ValueError(f"a secret of less than {_LEAST} characters can't be looked for")
    plain = secret.encode()
    texts = {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret))[1:-1].strip('\\"'),
        repr(secret)[1:-1],
        plain.hex(),
    }
    found = {text.encode() for text in texts}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            # Whatever stands before it, one of three alignments is its; its edges mix with others.
            packed = encode(bytes(shift) + plain).rstrip(b"=")
            found.add(packed[4 if shift else 0 : -2])
    return found


def places_of(secrets: Mapping[str, str], things: Iterable[tuple[str, bytes]]) -> list[str]:
    """Where any form of a secret is: ``the token in airflow.log``; nothing tells the secret."""
    forms = {name: forms_of(secret) for name, secret in secrets.items()}
    return [
        f"{name} in {place}"
        for thing, body in things
        for place, text in texts_in(thing, body)
        for name, looks in forms.items()
        if any(look in text for look in looks)
    ]


def files_below(folder: Path, *but: str) -> Iterator[tuple[str, bytes]]:
    """Every file; ``but`` are names of folders that are left out."""
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_file() and not set(but) & set(place.parts):
            yield str(place), path.read_bytes()


def rows_of(database: Path, *but: str) -> Iterator[tuple[str, bytes]]:
    """Every row of every table of Airflow's SQLite database; ``but`` are tables."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        yield from _rows(connection.execute, names, *but)


def rows_of_server(url: URL) -> Iterator[tuple[str, bytes]]:
    """Every row of every table that is nobody's but ours in a database of PostgreSQL's."""
    login = {"user": url.username, "password": url.password, "port": url.port}
    where = {"host": url.host or url.query.get("host"), "dbname": url.database}
    with psycopg.connect(**{k: v for k, v in {**login, **where}.items() if v}) as connection:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        yield from _rows(connection.execute, names)


def _rows(execute: Callable[[str], Any], names: str, *but: str) -> Iterator[tuple[str, bytes]]:
    for (table,) in execute(names).fetchall():
        if table in but:
            continue
        for row in execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - the database's own name
            for value in row:
                if isinstance(value, bytes):
                    yield f"the table {table}", value
                elif isinstance(value, str | dict | list):
                    text = value if isinstance(value, str) else json.dumps(value)
                    yield f"the table {table}", text.encode("utf-8", "replace")


def texts_in(place: str, body: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """The bytes, and what is packed in them."""
    yield place, body
    if depth < _DEEPEST:
        for name, inner in _unpacked(place, body):
            yield from texts_in(f"{place}: {name}", inner, depth + 1)


def _unpacked(place: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    if body[:2] == b"\x1f\x8b":
        yield "unpacked", gzip.decompress(body)
    elif body[:1] == b"\x78" and body[1:2] in {b"\x01", b"\x5e", b"\x9c", b"\xda"}:
        try:
            yield "unpacked", zlib.decompress(body)
        except zlib.error:
            return
    elif body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as folder:
            yield from ((name, folder.read(name)) for name in folder.namelist())
    elif body[:4] == b"PAR1":
        table = pq.read_table(io.BytesIO(body))
        yield (
            "rows",
            json.dumps(table.to_pylist(), default=str, ensure_ascii=False).encode(
                "utf-8", "replace"
            ),
        )
        yield "metadata", repr(table.schema.metadata).encode()
    elif place.endswith(".eml"):
        mail = message_from_bytes(body, policy=policy.default)
        yield "headers", "\n".join(f"{name}: {value}" for name, value in mail.items()).encode()
        for part in mail.walk():
            if not part.is_multipart():
                yield part.get_content_type(), part.get_payload(decode=True) or b""
