"""An S3 server that costs next to nothing: what is measured is who asks it.

It speaks as much of S3 as reading and compacting needs, keeps everything in memory and checks no
signature. moto takes ten times as long for an answer, which would flatter whoever asks less often.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

_PAGE = 1000
_AT = "2026-11-21T00:00:00.000Z"


class Objects:
    """Bodies and ETags by key, and the keys in order."""

    def __init__(self) -> None:
        self.bodies: dict[str, tuple[bytes, str]] = {}
        self.keys: list[str] = []

    def put(self, key: str, body: bytes) -> str:
        """Keep one object; returns its ETag."""
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        if key not in self.bodies:
            insort(self.keys, key)
        self.bodies[key] = body, etag
        return etag

    def delete(self, key: str) -> None:
        """Forget one object, if it is there."""
        if self.bodies.pop(key, None) is not None:
            self.keys.remove(key)

    def page(self, prefix: str, delimiter: str, after: str) -> str:
        """One page of a listing, as S3's XML."""
        entries: list[str] = []
        at = bisect_left(self.keys, max(prefix, after))
        more = ""
        while at < len(self.keys) and self.keys[at].startswith(prefix):
            if len(entries) == _PAGE:
                more = self.keys[at]
                break
            key = self.keys[at]
            folder, found, _ = (
                key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            )
            if found:
                common = f"{prefix}{folder}{delimiter}"
                entries.append(f"<CommonPrefixes><Prefix>{_text(common)}</Prefix></CommonPrefixes>")
                at = bisect_left(self.keys, f"{common}\U0010ffff")
                continue
            body, etag = self.bodies[key]
            entries.append(
                f"<Contents><Key>{_text(key)}</Key><Size>{len(body)}</Size>"
                f"<ETag>{escape(etag)}</ETag><LastModified>{_AT}</LastModified></Contents>"
            )
            at += 1
        rest = f"<NextContinuationToken>{_text(more)}</NextContinuationToken>" if more else ""
        return (
            f"<ListBucketResult><EncodingType>url</EncodingType>{''.join(entries)}{rest}"
            f"<IsTruncated>{'true' if more else 'false'}</IsTruncated></ListBucketResult>"
        )


def serve(objects: Objects, host: str, port: int) -> None:
    """Answer until the process ends; every bucket has the same objects."""
    handler = type("Handler", (_Handler,), {"objects": objects})
    ThreadingHTTPServer((host, port), handler).serve_forever()


class _Handler(BaseHTTPRequestHandler):
    objects: Objects
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if "list-type" in asked:
            after = unquote(asked.get("continuation-token", ""))
            page = self.objects.page(asked.get("prefix", ""), asked.get("delimiter", ""), after)
            self._answer(HTTPStatus.OK, page.encode())
        elif self._key:
            self._answer_object()
        else:
            self._answer(HTTPStatus.OK, b"<ListAllMyBucketsResult/>")

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(HTTPStatus.OK, b"", ETag=self.objects.put(self._key, body))

    def do_DELETE(self) -> None:
        self.objects.delete(self._key)
        self._answer(HTTPStatus.NO_CONTENT, b"")

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]

    def _answer_object(self) -> None:
        body, etag = self.objects.bodies.get(self._key, (None, ""))
        if body is None:
            code = b"<Error><Code>NoSuchKey</Code></Error>"
            self._answer(HTTPStatus.NOT_FOUND, code)
        elif self.headers.get("If-Match", etag) != etag:
            code = b"<Error><Code>PreconditionFailed</Code></Error>"
            self._answer(HTTPStatus.PRECONDITION_FAILED, code)
        elif "Range" in self.headers:
            first, last = self.headers["Range"].removeprefix("bytes=").split("-")
            start, stop = int(first), min(int(last) + 1, len(body))
            span = f"bytes {start}-{stop - 1}/{len(body)}"
            part = {"Content-Range": span, "ETag": etag}
            self._answer(HTTPStatus.PARTIAL_CONTENT, body[start:stop], **part)
        else:
            self._answer(HTTPStatus.OK, body, ETag=etag)

    def _answer(self, status: HTTPStatus, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _text(key: str) -> str:
    return escape(quote(key, safe="/"))
