"""How are requests read, so that a client that stalls keeps nobody waiting?

uvicorn's loop reads from all connections. This module adds what it leaves to others: limits of size, time and the number of
connections, and a reason in JSON for what never becomes a request.
"""

import http
import math
import resource
import time

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_TIME = 10  # seconds from the first to the last byte of a request's head
BODY_TIME = 30  # seconds more for its body
SEND_TIME = 30  # seconds for a client to take the rest of its last answer
LEAVE_TIME = 2  # seconds for a client to close its connection after its last answer
IDLE_TIME = 60  # seconds from an answer to the next request
LOOK_TIME = 0.25  # seconds between two looks for overdue connections
MOST_CONNECTIONS = 4096
LONGEST_LINE = 4094  # bytes of an address
LONGEST_HEADER = 8190  # bytes of one header
MOST_HEADERS = 100
LARGEST_HEAD = 128 * 1024  # bytes of all of them
HEAD, CONTINUE = b"HTTP/1.1 ", b"HTTP/1.1 1"
TLS = b"\x16\x03"
UPGRADED = b"POST / HTTP/1.1\r\n%s\r\n"


class Connections:
    """All open connections. Those that keep the service waiting are kept in the order in which they began to."""

    def __init__(self):
        self.open = set()
        self._waiting = {}  # connection: None
        self._most = min(MOST_CONNECTIONS, open_many_files() - 64)

    def add(self, connection):
        self.open.add(connection)
        self.wait_for(connection)
        while len(self.open) > self._most:
            # The next one may be a probe's.
            next(iter(self._waiting)).give_way()

    def remove(self, connection):
        self.open.discard(connection)
        self._waiting.pop(connection, None)

    def wait_for(self, connection):
        self._waiting.pop(connection, None)
        self._waiting[connection] = None

    def serve(self, connection):
        self._waiting.pop(connection, None)

    def look(self, loop):
        """Ends overdue connections, now and every LOOK_TIME seconds."""
        now = time.monotonic()
        for connection in [one for one in self.open if one.due <= now]:
            connection.is_late()
        loop.call_later(LOOK_TIME, self.look, loop)


class Transport:
    """asyncio's transport, which closes only when the client has what was sent: while bytes of the client are unread, the kernel would
    discard the answer."""

    def __init__(self, transport, connection):
        self._transport, self._connection = transport, connection
        self._head = b""  # of an answer, which uvicorn writes before its body: both are sent at once
        self.has_left = False

    def __getattr__(self, name):
        return getattr(self._transport, name)

    def write(self, data):
        if not self._head and data.startswith(HEAD) and not data.startswith(CONTINUE):
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def flush(self):
        """Sends the head that is held back, if no body has followed."""
        if self._head:
            self.write(b"")

    def is_closing(self):
        return self.has_left or self._transport.is_closing()

    def close(self):
        if self.is_closing():
            return
        self.flush()
        self.has_left = True
        self._connection.leave(SEND_TIME if self._transport.get_write_buffer_size() else LEAVE_TIME)
        if self._connection.has_end or not self._transport.can_write_eof():  # TLS ends in its own way
            return self._transport.close()
        self._transport.write_eof()
        self._transport.resume_reading()


class Connection(HttpToolsProtocol):
    """A client's connection."""

    def __init__(self, registry, **others):
        super().__init__(**others)
        self.timeout_keep_alive = IDLE_TIME
        self.registry = registry
        self.due = math.inf  # when what is waited for must have come
        self.has_end = False  # the client sends nothing more
        self._wrong = None  # (status, reason) of a head that cannot be answered
        self._is_head = self._is_body = False  # one has begun, and is not complete
        self._head_length = 0
        self._is_muted = False

    # ---- beginning and end

    def connection_made(self, transport):
        super().connection_made(Transport(transport, self))
        self.due = time.monotonic() + HEAD_TIME
        self.registry.add(self)

    def connection_lost(self, exc):
        self.registry.remove(self)
        self.due = math.inf
        self.transport.has_left = True
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def eof_received(self):
        self.has_end = True
        if self.transport.has_left:
            return False
        if self._is_head or self._is_body:
            self.refuse(400, "the request ends before it is complete")
        elif self._is_at_work and not self.transport.get_extra_info("sslcontext"):
            self.cycle.keep_alive = False
            return True  # it may have said all, and wait for its answer
        return False

    def leave(self, seconds):
        """The last answer is sent; from now on nothing is read but the client's end."""
        self.due = time.monotonic() + seconds
        self.registry.wait_for(self)

    def is_late(self):
        if self.transport.has_left:
            self.transport.abort()
        elif not self._is_at_work:
            self.refuse(408, "the request did not arrive in time")

    def give_way(self):
        if not self.transport.has_left:
            self.refuse(503, "this service has no room for more connections")
        self.registry.remove(self)
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport._transport.close()

    @property
    def _is_at_work(self):
        """Whether an answer is being made of a request that is complete."""
        return bool(self.pipeline) or self.cycle is not None and not (self.cycle.response_complete or self.cycle.more_body)

    def refuse(self, status, reason):
        """An answer to what never becomes a request, in JSON like all others. A client that has sent nothing gets none."""
        if self.transport.is_closing():
            return
        if self._is_head or self._is_body:
            self.transport.write(refusal(status, reason))
            self.transport.flush()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    # ---- what comes

    def data_received(self, data):
        if self.transport.has_left:
            return
        self._unset_keepalive_if_required()
        if not (self._is_head or self._is_body) and data.startswith(TLS):
            self._is_head = True
            return self.refuse(400, "this port speaks http, not https")
        self._feed(data)
        if self._is_head and not self.transport.has_left:
            self._head_length += len(data)
            if self._head_length > LARGEST_HEAD:
                self.refuse(*(self._wrong or (431, "the headers are too large")))

    def _feed(self, data):
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._is_head = True  # it has begun
            reason = "its address cannot be read" if isinstance(error, httptools.HttpParserCallbackError) else str(error)
            self.refuse(400, f"this is not an HTTP request: {reason}")

    def _go_on(self, rest):
        """The client offered another protocol, as Java's does with each first request; it gets its answer in this one. The parser has
        stopped after the head: a new one continues with the body."""
        self.parser = httptools.HttpRequestParser(self)
        length = b"".join(b"%s: %s\r\n" % pair for pair in self.headers if pair[0] in (b"content-length", b"transfer-encoding"))
        self._is_muted = True
        try:
            self.parser.feed_data(UPGRADED % length)
        finally:
            self._is_muted = False
        if not length:
            self.on_message_complete()
        if rest:
            self._feed(rest)

    def on_message_begin(self):
        if self._is_muted:
            return
        super().on_message_begin()
        self._is_head, self._head_length, self._wrong = True, 0, None
        self.due = time.monotonic() + HEAD_TIME

    def on_url(self, url):
        if self._is_muted:
            return
        super().on_url(url)
        if len(self.url) > LONGEST_LINE:
            self._wrong = 414, f"the address is longer than {LONGEST_LINE} bytes"

    def on_header(self, name, value):
        if self._is_muted:
            return
        super().on_header(name, value)
        if len(name) + len(value) > LONGEST_HEADER:
            self._wrong = self._wrong or (431, f"the header {name.decode('latin-1')[:40]} is longer than {LONGEST_HEADER} bytes")
        elif len(self.headers) > MOST_HEADERS:
            self._wrong = self._wrong or (431, f"there are more than {MOST_HEADERS} headers")

    def on_headers_complete(self):
        if self._is_muted or self.transport.has_left:
            return
        if self.parser.get_http_version() not in ("1.0", "1.1"):
            self._wrong = 400, "this is not an HTTP request: its version must be 1.1 or 1.0"
        elif sum(name == b"host" for name, _ in self.headers) > 1:
            self._wrong = self._wrong or (400, "there are two Host headers")
        if self._wrong:
            return self.refuse(*self._wrong)
        super().on_headers_complete()
        self._is_head, self._is_body = False, True
        self.due = time.monotonic() + BODY_TIME

    def on_body(self, body):
        if not self.transport.has_left:
            super().on_body(body)

    def on_message_complete(self):
        # Of a request that offers another protocol, only the head is here: see _go_on.
        if self.transport.has_left or self._is_muted or self.parser.should_upgrade():
            return
        self._is_body = False
        self.due = math.inf
        self.registry.serve(self)
        super().on_message_complete()

    def on_response_complete(self):
        self.transport.flush()
        had_next = bool(self.pipeline)
        super().on_response_complete()
        if self.transport.has_left:
            return
        if self._is_body:
            self.due = time.monotonic() + BODY_TIME  # until now nothing was read
        if not had_next:
            self.registry.wait_for(self)


def refusal(status, reason):
    """The bytes of an answer."""
    body = orjson.dumps({"error": reason}, option=orjson.OPT_APPEND_NEWLINE)
    head = (f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n"
            f"connection: close\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n")
    return head.encode("latin-1") + body


def open_many_files():
    """Each connection needs a file descriptor, and the default soft limit is often 1,024. Returns how many there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return most if soft == resource.RLIM_INFINITY else soft
