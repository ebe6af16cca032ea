"""What does every answer carry? The request's ID, the models' version, and for an error its reason."""

import gzip
import logging
import os
import re
import secrets
import sys
import time
from datetime import datetime, timezone

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

import draining
import page
from access import Origins, Tokens
from metrics import Metrics
from refusal import Refusal

LOG = logging.getLogger("service")
NUMBER = re.compile(rb"[\x21-\x7e]{1,128}")
PARAMETER = re.compile(r"\{(\w+)\}")
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+/?", re.ASCII)
SLASHES = re.compile("//+")
SMALLEST_GZIP = 1000  # bytes; below, the packed form saves nothing
NAMES = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")


class Disconnected(Exception):
    """The client left before its request was complete: nobody waits for an answer."""


class Envelope:
    """An ASGI application around the addresses: a Starlette router that knows nothing of all this."""

    def __init__(self, router, serving, addresses):
        self.router, self.serving, self.addresses = router, serving, addresses
        self.metrics = Metrics(serving)
        self.tokens, self.origins = Tokens.of_environment(), Origins.of_environment()
        self._version = serving.version.encode("latin-1")
        self._paths = {}
        self._log = log if os.environ.get("LOG") == "requests" else lambda **entry: None

    def know(self, routes):
        """Notes the addresses that metrics count by their own names."""
        for route in routes:
            self._paths.setdefault(route.endpoint, PARAMETER.sub(r"<\1>", route.path))

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        begin = time.perf_counter()
        headers = dict(scope["headers"])
        number = headers.get(b"x-request-id", b"")
        if not NUMBER.fullmatch(number):
            number = secrets.token_hex(8).encode()
        scope["app"], scope["number"] = self, number.decode()
        scope["path"] = path_of(scope["path"], headers)
        try:
            response = await self._response(scope, receive, headers)
        except Disconnected:
            return
        status = response.status_code
        await self._send(response, scope, headers, number, send)
        seconds = time.perf_counter() - begin
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.answered(self._paths.get(scope.get("endpoint"), "other"), method, status, seconds)
        self._log(method=method, path=scope["path"][:200], status=status, ms=round(seconds * 1000, 2), rows=scope.get("rows", 0),
                  version=self.serving.version, request=scope["number"])

    async def _response(self, scope, receive, headers):
        """Each error becomes an answer with a reason."""
        caught = Caught()
        try:
            is_preflight = scope["method"] == "OPTIONS" and b"access-control-request-method" in headers
            if not (is_preflight and self.origins):
                self.tokens.check(scope["path"], headers.get(b"authorization"))
            await self.router(scope, receive, caught)
            return caught.response
        except Refusal as error:
            return self._refused(error, scope, headers)
        except HTTPException as error:
            if error.status_code == 405 and scope["method"] == "OPTIONS":
                return Response(status_code=204, headers={"Allow": allowed(error) + ", OPTIONS"})
            name = NAMES.get(error.status_code, "Error")
            reason = f"{scope['method']} {scope['path'][:80]}: {name}. Available: {self.addresses}"
            return reply({"error": reason}, error.status_code, {"Allow": allowed(error)} if error.status_code == 405 else None)
        except Disconnected:
            raise
        except Exception as error:
            LOG.error("request %s: %s %s", scope["number"], scope["method"], scope["path"][:80], exc_info=error)
            reason = f"internal error ({type(error).__name__}); see request {scope['number']} in the service's log"
            return reply({"error": reason, "request": scope["number"]}, 500)

    def _refused(self, error, scope, headers):
        more = {}
        if error.status == 401:
            more = {"WWW-Authenticate": "Bearer"}
            if scope["path"] == "/" and b"text/html" in headers.get(b"accept", b""):
                return Response(page.ask_for_token(), 401, more | page.HEADERS, "text/html")
        if error.status == 413 and not scope.get("body_is_read"):
            more = {"Connection": "close"}  # the rest of the body is not waited for
        return reply({"error": error.reason}, error.status, more)

    async def _send(self, response, scope, headers, number, send):
        body, raw = response.body, response.raw_headers
        if len(body) >= SMALLEST_GZIP and takes_gzip(headers.get(b"accept-encoding", b"")):
            body = gzip.compress(body, 1, mtime=0)
            raw = [(name, value) for name, value in raw if name != b"content-length"]
            raw += [(b"content-length", str(len(body)).encode()), (b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
        raw += [(b"x-model-version", self._version), (b"x-request-id", number)]
        if self.origins:
            raw += self.origins.headers(headers.get(b"origin"), scope["method"] == "OPTIONS")
        if draining.has_begun():
            # Kept alive, the client would send its next request to a pod that ends.
            raw.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status_code, "headers": raw})
        await send({"type": "http.response.body", "body": body})


class Caught:
    """Takes an answer of the router before it is sent."""

    def __init__(self):
        self.status_code, self.raw_headers, self.body = 200, [], b""

    async def __call__(self, message):
        if message["type"] == "http.response.start":
            self.status_code, self.raw_headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    @property
    def response(self):
        return self


def reply(content, status=200, headers=None):
    """An answer in JSON, with a line end for whoever reads it in a terminal."""
    return Response(orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE), status, headers, "application/json")


def allowed(error):
    """The methods of an address, always in the same order."""
    return ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))


def path_of(path, headers):
    """The address without a proxy's prefix and without redundant slashes."""
    path = SLASHES.sub("/", path)
    prefix = headers.get(b"x-forwarded-prefix", b"").decode("latin-1").rstrip("/")
    if prefix and PREFIX.fullmatch(prefix) and (path + "/").startswith(prefix + "/"):
        path = path[len(prefix) :]
    return path if path == "/" else path.rstrip("/") or "/"


def takes_gzip(header):
    for part in header.lower().split(b","):
        name, _, quality = part.partition(b";")
        if name.strip() == b"gzip":
            return quality.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def log(**entry):
    """Writes a line of JSON to standard output, without features and without the query string."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    sys.stdout.buffer.write(orjson.dumps({"time": now, **entry}, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
