"""The scanner finds what is planted, however it is written; else its silence proves nothing."""

from __future__ import annotations

import base64
import gzip
import io
import json
import sqlite3
import zipfile
import zlib
from email.message import EmailMessage
from urllib.parse import quote, urlencode

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.security.secret_scan import files_below, places_of, rows_of, rows_of_server

SECRET = "Kan4ri/smtp+pass=\"w&rd<x>%2F'é"
SECRETS = {"the password": SECRET}


def mailed() -> bytes:
    mail = EmailMessage()
    mail.set_content(f"An error: {SECRET}", cte="base64")
    mail.add_alternative(f"<p>An error: {SECRET}</p>", subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as folder:
        folder.writestr("xl/sheet.xml", SECRET)
    return file.getvalue()


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"text": [SECRET]}), file, compression="zstd")
    return file.getvalue()


PLANTED = {
    "a.log": SECRET.encode(),
    "url.log": urlencode({"token": SECRET}).encode(),
    "quoted.log": quote(SECRET, safe="").encode(),
    "uri.log": f"smtp://user:{quote(SECRET)}@host".encode(),
    "a.json": json.dumps({"error": SECRET}).encode(),
    "in-a-text.json": json.dumps({"conf": json.dumps({"password": SECRET})}).encode(),
    "repr.log": repr({"password": SECRET}).encode(),
    "hex.log": SECRET.encode().hex().encode(),
    "basic.log": b"Basic " + base64.b64encode(b"user:" + SECRET.encode()),
    "basic2.log": b"Basic " + base64.b64encode(b"users:" + SECRET.encode()),
    "basic3.log": b"Basic " + base64.b64encode(b"user1s:" + SECRET.encode() + b" more"),
    "urlsafe.log": base64.urlsafe_b64encode(SECRET.encode() + b"?"),
    "page.json.gz": gzip.compress(SECRET.encode()),
    "serialized": zlib.compress(SECRET.encode()),
    "rows.parquet": parquet(),
    "rows.xlsx": zipped(),
    "0001.eml": mailed(),
}


@pytest.mark.parametrize("name", PLANTED)
def test_it_is_found_however_it_is_written(tmp_path, name):
    (tmp_path / name).write_bytes(PLANTED[name])
    (found, *_) = places_of(SECRETS, files_below(tmp_path))
    assert found.startswith(f"the password in {name}")
    assert SECRET not in found


def test_it_is_found_in_a_row_of_a_database(tmp_path):
    database = tmp_path / "airflow.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE xcom (key TEXT, value JSON)")
        connection.execute("CREATE TABLE connection (password TEXT)")
        connection.execute("INSERT INTO xcom VALUES ('a', ?)", [json.dumps({"b": SECRET})])
        connection.execute("INSERT INTO connection VALUES (?)", [SECRET])
    connection.close()
    assert places_of(SECRETS, rows_of(database, "connection")) == ["the password in the table xcom"]


def test_it_is_found_in_a_row_of_a_server(databases):
    server = databases("template1")
    dsn = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE xcom (key TEXT, value JSONB, raw BYTEA)")
        row = ["a", json.dumps({"b": [SECRET]}), zlib.compress(SECRET.encode())]
        connection.execute("INSERT INTO xcom VALUES (%s, %s, %s)", row)
    assert places_of(SECRETS, rows_of_server(server)) == [
        "the password in the table xcom",
        "the password in the table xcom: unpacked",
    ]


def test_what_has_none_has_none(tmp_path):
    (tmp_path / "a.log").write_bytes(b"Kan4ri/smtp" * 1000)
    assert places_of(SECRETS, files_below(tmp_path)) == []


def test_a_secret_that_is_found_everywhere_is_refused():
    with pytest.raises(ValueError, match="less than 12"):
        places_of({"it": "sandbox"}, [])
