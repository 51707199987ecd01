"""Serve Data Docs on this machine: from a folder, or straight from the lake's bucket.

``python -m include.data_docs.serve --folder .local/demo/data-docs``
``python -m include.data_docs.serve --bucket tweet-lake`` (boto3 finds the credentials)
"""

from __future__ import annotations

import argparse
import logging
import mimetypes
import posixpath
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import boto3

from include.data_docs.keys import SITE
from include.lake import Lake

log = logging.getLogger(__name__)

Read = Callable[[str], bytes | None]
"""Body of a page by its path below the site; None if there is none."""


def from_folder(folder: Path) -> Read:
    """Pages from files below ``folder``; a link that leads out of it is not followed."""
    root = folder.resolve()

    def read(path: str) -> bytes | None:
        file = (root / path).resolve()
        return file.read_bytes() if file.is_relative_to(root) and file.is_file() else None

    return read


def from_lake(lake: Lake) -> Read:
    """Pages from ``data-docs/`` of a lake."""
    return lambda path: lake.find(SITE + path)


def server(read: Read, host: str, port: int) -> ThreadingHTTPServer:
    """A web server that answers GET with what ``read`` finds."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = site_path(self.path)
            body = None if path is None else read(path)
            if path is None or body is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", content_type(path))
            self.send_header("Content-Length", str(len(body)))
            # Posts are untrusted text: nothing in a page may run or load.
            self.send_header(
                "Content-Security-Policy",
                "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            log.info(format, *arguments)

    return ThreadingHTTPServer((host, port), Handler)


def site_path(target: str) -> str | None:
    """Path below the site that a request asks for; None for one that leads out of it."""
    path = unquote(urlsplit(target).path).lstrip("/")
    if path.endswith("/") or not path:
        path += "index.html"
    return path if posixpath.normpath(path) == path and not path.startswith("..") else None


def content_type(path: str) -> str:
    """MIME type by the name's ending."""
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m include.data_docs.serve", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--folder", type=Path)
    source.add_argument("--bucket")
    parser.add_argument("--endpoint-url", help="of an S3 that is not Amazon's")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 only inside a container")
    parser.add_argument("--port", type=int, default=8090)
    arguments = parser.parse_args()
    if arguments.folder and not (arguments.folder / "index.html").is_file():
        parser.error(f"{arguments.folder} holds no Data Docs; run `make demo` first")
    read = (
        from_folder(arguments.folder)
        if arguments.folder
        else from_lake(
            Lake(boto3.client("s3", endpoint_url=arguments.endpoint_url), arguments.bucket)
        )
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with server(read, arguments.host, arguments.port) as running:
        log.info("Data Docs: http://%s:%d/ (end with Ctrl+C)", *running.server_address[:2])
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            log.info("ended")


if __name__ == "__main__":
    main()
