"""What is in the body of a request? Its bytes, uncompressed."""

import contextlib
import re
import zlib

from envelope import Disconnected
from refusal import Refusal
from rows import LARGEST_BODY

SMALL = 64 * 1024  # bytes that every request may have here
MOST_HELD = 128 * 1024 * 1024  # bytes of larger requests, all together
MOST_PARTS = 100  # gzip files in one body
NOT_TAKEN = "{} is not supported: send JSON with the header Content-Type: application/json"
OTHERS = ("text/csv", "text/xml", "application/xml", "multipart/form-data", "application/x-ndjson", "application/octet-stream")
FORM = "application/x-www-form-urlencoded"  # curl -d sends JSON with it, too
FIELD = re.compile(rb"[\w.%+-]+=", re.ASCII)  # how a form begins
TOO_LARGE = f"the body is too large: send at most {LARGEST_BODY} bytes at once"


class Bodies:
    """Request bodies that are held in memory until their requests are answered."""

    def __init__(self):
        self._held = 0

    @contextlib.asynccontextmanager
    async def of(self, request):
        """Returns a function that returns the bytes: decompression takes time and must not block the event loop."""
        kind = kind_of(request.headers.get("content-type", ""))
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip"):
            raise Refusal(415, f"the body is compressed with {encoding[:40]!r}: send it uncompressed or with gzip")
        length = request.headers.get("content-length", "0")
        if int(length) > LARGEST_BODY:
            raise Refusal(413, TOO_LARGE)
        body = bytearray()
        try:
            await self._read(request, body)
            request.scope["body_is_read"] = True
            content = bytes(body)
            yield lambda: checked(content if encoding == "identity" else unpacked(content), kind)
        finally:
            self._held -= len(body)

    async def _read(self, request, body):
        while True:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            body += message["body"]
            self._held += len(message["body"])
            if len(body) > LARGEST_BODY:
                raise Refusal(413, TOO_LARGE)
            if self._held > MOST_HELD and len(body) > SMALL:
                raise Refusal(503, "too many large requests at once: try again later")
            if not message["more_body"]:
                return


def kind_of(header):
    """The media type of a body, if it may be JSON."""
    kind = header.partition(";")[0].strip().lower()
    if kind in OTHERS:
        raise Refusal(415, NOT_TAKEN.format(kind))
    return kind


def checked(body, kind):
    """The body, unless it is an HTML form."""
    if kind == FORM and FIELD.match(body):
        raise Refusal(415, NOT_TAKEN.format(kind))
    return body


def unpacked(content):
    """The bytes that gzip compressed."""
    body, parts = b"", 0
    try:
        while parts == 0 or content:  # several gzip files one after the other are one
            unpacking, parts = zlib.decompressobj(31), parts + 1
            body += unpacking.decompress(content, LARGEST_BODY + 1 - len(body))
            if len(body) > LARGEST_BODY or not unpacking.eof or parts == MOST_PARTS:
                break
            content = unpacking.unused_data.lstrip(b"\0")
    except zlib.error:
        raise Refusal(400, "the body is not gzip, but its Content-Encoding header says so: compress it, or leave that header out") from None
    if len(body) > LARGEST_BODY:
        raise Refusal(413, f"{TOO_LARGE}, uncompressed")
    if not unpacking.eof:
        raise Refusal(400, "the body is cut off: its gzip data is incomplete")
    if unpacking.unused_data.lstrip(b"\0"):
        raise Refusal(400, f"the body is more than {MOST_PARTS} gzip files one after the other: compress it at once")
    return body
