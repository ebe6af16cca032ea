"""Who may use the service: does a request need a token, and which origins' pages may read its answers?"""

import hashlib
import hmac
import os
from pathlib import Path

from errors import DataError
from refusal import Refusal

# Kubernetes' probes have no token, and learn only whether the service works.
FREE = ("/healthz", "/readyz", "/v2/health/live", "/v2/health/ready")
METHODS = "GET, HEAD, POST, OPTIONS"
HEADERS = "Authorization, Content-Type, Content-Encoding, X-Request-Id"
EXPOSED = "X-Model-Version, X-Request-Id"


class Tokens:
    """The tokens of a file, one per line. Without a file no request needs one."""

    def __init__(self, path):
        self._digests = [_digest(token) for token in _lines(path)] if path else []

    @staticmethod
    def of_environment():
        return Tokens(os.environ.get("TOKENS_FILE"))

    def __bool__(self):
        return bool(self._digests)

    def check(self, path, header):
        """Refuses a request for this path without a known token. `header`: the value of Authorization, as bytes."""
        if not self._digests or path in FREE:
            return
        if not header:
            raise Refusal(401, "a token is required: send the header Authorization: Bearer TOKEN")
        kind, _, token = header.partition(b" ")
        given = _digest(token.strip())
        # Compared with all of them, each in constant time.
        known = [hmac.compare_digest(given, digest) for digest in self._digests]
        if kind.lower() != b"bearer" or not any(known):
            raise Refusal(401, "this token is not valid")


def _digest(token):
    return hashlib.sha256(token).digest()


def _lines(path):
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    lines = [line.strip() for line in content.splitlines()]
    tokens = [line for line in lines if line and not line.startswith(b"#")]
    if not tokens:
        raise DataError(f"{path}: has no tokens: write one per line")
    for number, line in enumerate(lines, start=1):
        if line in tokens and (len(line) < 16 or not line.isascii() or len(line.split()) > 1):
            raise DataError(f"{path}:{number}: is not a token: a token has at least 16 ASCII characters and no spaces")
    return tokens


class Origins:
    """The origins of $CORS_ORIGINS whose pages may read answers; `*` stands for all."""

    def __init__(self, text):
        self._origins = {origin.strip().rstrip("/").encode() for origin in text.split(",") if origin.strip()}

    @staticmethod
    def of_environment():
        return Origins(os.environ.get("CORS_ORIGINS", ""))

    def __bool__(self):
        return bool(self._origins)

    def headers(self, origin, is_preflight):
        """For an answer to a page of this origin, as (name, value) of bytes."""
        headers = [(b"vary", b"Origin")]
        if not origin or not ({origin, b"*"} & self._origins):
            return headers
        headers += [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", EXPOSED.encode())]
        if is_preflight:
            headers += [(b"access-control-allow-methods", METHODS.encode()), (b"access-control-allow-headers", HEADERS.encode()),
                        (b"access-control-max-age", b"600")]
        return headers
