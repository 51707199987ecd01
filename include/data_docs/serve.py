"""Serve Data Docs on this machine: from a folder, or straight from the lake's bucket.

``python -m include.data_docs.serve --folder .local/demo/data-docs``
``python -m include.data_docs.serve --bucket tweet-lake`` (boto3 finds the credentials)
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3
import uvicorn
from fastapi import APIRouter

from include.data_docs.app import Read, create_app, from_folder, from_lake
from include.lake import Lake
from include.quarantine.web import quarantine_router


def server(read: Read, routers: Sequence[APIRouter] = ()) -> uvicorn.Server:
    """A web server of what ``read`` finds, and of what ``routers`` make."""
    app = create_app(read, routers=routers)
    return uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))


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
    if arguments.folder:
        read, routers = from_folder(arguments.folder), []
    else:
        lake = Lake(boto3.client("s3", endpoint_url=arguments.endpoint_url), arguments.bucket)
        read, routers = from_lake(lambda: lake), [quarantine_router(lambda: lake)]
    try:
        listener = socket.create_server((arguments.host, arguments.port))
    except OSError as error:
        parser.error(f"{arguments.host}:{arguments.port} can't be listened on: {error}")
    host, port = listener.getsockname()[:2]
    sys.stdout.write(f"Data Docs: http://{host}:{port}/ (end with Ctrl+C)\n")
    sys.stdout.flush()
    server(read, routers).run(sockets=[listener])


if __name__ == "__main__":
    main()
