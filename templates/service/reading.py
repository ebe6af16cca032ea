"""How are requests read, so that a client that stalls keeps nobody waiting?

gunicorn's threads each read the request that they answer: eight clients that send half a request, by accident or on purpose, take
all of them, and then not even a probe is answered. Here one loop reads from all connections what has come, and a thread gets a
request when all of it is there. Probes are answered by the loop itself, whatever the threads do.
"""

import errno
import re
import resource
import selectors
import socket
import struct
import time
from concurrent import futures
from functools import partial

import orjson
from gunicorn import http, util
from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from rows import LARGEST_BODY

HEAD_TIME = 10  # seconds from the first to the last byte of a request's head
BODY_TIME = 30  # seconds more for its body
SEND_TIME = 30  # seconds in which a client takes nothing of its answer
LEAVE_TIME = 2  # seconds for a client to take the end of its answer and go
LARGEST_HEAD = 128 * 1024  # bytes; gunicorn refuses smaller ones for what they hold
SMALL = 64 * 1024  # bytes that every connection may have here
MOST_HELD = 128 * 1024 * 1024  # bytes of larger requests, all together
ACCEPTED_AT_ONCE = 64  # connections, before those that are open get their turn
PROBES = (b"GET /healthz ", b"GET /readyz ")
REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^ \r\n]+ HTTP/1\.[01]\r\n")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*\r\n", re.IGNORECASE)
CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")


class Incoming(bytearray):
    """What a client has sent of its next request."""

    body = None  # where the body begins; None: the head is not complete
    length = 0  # of the body; None: it comes in chunks
    chunk = 0  # where the next chunk begins

    def is_whole(self):
        """Whether the rest of it need not be waited for; what is no HTTP is whole, too: gunicorn refuses it without reading on."""
        if self.body is None and not self._has_head():
            return len(self) > LARGEST_HEAD or self._is_wrong()
        if self.body is None or len(self) - self.body > LARGEST_BODY:
            return True
        return len(self) - self.body >= self.length if self.length is not None else self._has_last_chunk()

    def _has_head(self):
        end = self.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self[: end + 2])
        length = LENGTH.search(head)
        self.body = self.chunk = end + 4
        self.length = None if CHUNKED.search(head) else int(length[1]) if length else 0
        return True

    def _is_wrong(self):
        line, found, _ = self.partition(b"\r\n")
        return bool(found) and not REQUEST_LINE.fullmatch(line + found)

    def _has_last_chunk(self):
        while True:
            end = self.find(b"\r\n", self.chunk)
            if end < 0:
                return len(self) - self.chunk > 1000
            size = CHUNK.fullmatch(self, self.chunk, end + 2)
            if not size:
                return True
            if int(size[1], 16) == 0:
                return self.find(b"\r\n\r\n", end) >= 0
            self.chunk = end + 2 + int(size[1], 16) + 2
            if self.chunk > len(self):
                return self.chunk - self.body > LARGEST_BODY + SMALL

    @property
    def is_tls(self):
        return self.startswith(b"\x16\x03")

    @property
    def awaits_word(self):
        """Whether the client wants to be told to go on before it sends the body."""
        return self.body is not None and CONTINUE.search(self, 0, self.body) is not None


class Received(Unreader):
    """The bytes of a request for gunicorn's parser: after them nothing is waited for."""

    def chunk(self, size_hint=None):
        return b""


class Worker(ThreadWorker):
    """gunicorn's worker with threads, which get requests that are complete."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._unfinished = {}  # connection: when its request must be complete
        self._leaving = {}  # connection that has its last answer: when it is closed at the latest
        self._held = 0  # bytes of requests that are here
        self._next_look = 0

    def init_process(self):
        open_many_files()
        super().init_process()

    def accept(self, listener):
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                client, address = listener.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._make_room()
                elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                    raise
                return
            self._begin(client, address, listener)

    def _begin(self, client, address, listener):
        # An answer of 2,000 rows then waits in the kernel for its client, and the thread goes on.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 256 * 1024)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_TIME, 0))
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        self._await(TConn(self.cfg, client, address, listener.getsockname()))

    def _make_room(self):
        """The connection that has been silent longest goes, so that the next one, which may be a probe's, is served."""
        if self._unfinished:
            conn = next(iter(self._unfinished))
            self._refuse(conn, 408, "this service has no room for more connections")
            if conn in self._leaving:
                self._gone(conn)
        elif self._leaving:
            self._gone(next(iter(self._leaving)))
        elif self.keepalived_conns:
            self.keepalived_conns[0].timeout = 0
            self.murder_keepalived()

    def _await(self, conn, began=b""):
        """Waits for a request, of which this much is here."""
        conn.incoming, conn.is_told = Incoming(began), False
        conn.sock.setblocking(False)
        self._held += len(began)
        self._unfinished[conn] = time.monotonic() + (HEAD_TIME if self.alive else STOP_KEEPALIVE_LINGER)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read, conn))
        if began:
            self.method_queue.defer(self._look, conn)

    def on_client_socket_readable(self, conn, client):
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await(conn)
        self._read(conn, client)

    def _read(self, conn, client):
        try:
            piece = client.recv(256 * 1024)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            return self._drop(conn)
        conn.incoming += piece
        self._held += len(piece)
        if not piece and not conn.incoming:
            self._drop(conn)
        elif not piece:
            self._refuse(conn, 400, "the request ends before it is complete")
        else:
            self._look(conn)

    def _look(self, conn):
        if conn not in self._unfinished:
            return
        had_head = conn.incoming.body is not None
        if conn.incoming.is_tls:
            self._refuse(conn, 400, "this port speaks http, not https")
        elif conn.incoming.is_whole():
            self._hand_on(conn)
        elif self._held > MOST_HELD and len(conn.incoming) > SMALL:
            self._refuse(conn, 503, "too many large requests at once: send it again later")
        elif conn.incoming.body is not None and not had_head:
            self._unfinished[conn] += BODY_TIME
            if conn.incoming.awaits_word and not conn.is_told:
                conn.is_told = True
                _send(conn, b"HTTP/1.1 100 Continue\r\n\r\n")

    def _hand_on(self, conn):
        self._forget(conn)
        if conn.parser is None:
            conn.initialized = True
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = Received()
        is_probe = conn.incoming.startswith(PROBES)
        conn.parser.unreader.unread(bytes(conn.incoming))
        conn.held, conn.incoming = len(conn.incoming), None
        if not is_probe:
            return self.enqueue_req(conn)
        answered = futures.Future()
        answered.set_result(self.handle(conn))
        self.finish_request(conn, answered)

    def finish_request(self, conn, fs):
        self._held -= conn.held
        began = conn.parser.unreader.take_buffered()
        if fs.cancelled() or fs.exception() or not fs.result():
            self._leave(conn)
        elif began:
            self._await(conn, began)  # the next request came with this one
        else:
            super().finish_request(conn, fs)

    def _leave(self, conn):
        """The last answer is sent. What the client still sends is read and dropped for a while, or the kernel would throw the answer
        away; gunicorn itself waits for that here, and meanwhile nobody is served."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
        except OSError:
            return self._end(conn)
        self._leaving[conn] = time.monotonic() + LEAVE_TIME
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))

    def _drain(self, conn, client):
        try:
            if client.recv(64 * 1024):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass
        self._gone(conn)

    def _gone(self, conn):
        del self._leaving[conn]
        self.poller.unregister(conn.sock)
        self._end(conn)

    def _end(self, conn):
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self):
        """Ends what does not come; gunicorn calls this after each wait."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + 0.25
        if not self.alive:
            for conn, until in self._unfinished.items():
                self._unfinished[conn] = min(until, now + STOP_KEEPALIVE_LINGER)
        for conn in [conn for conn, until in self._unfinished.items() if until <= now]:
            if conn.incoming:
                self._refuse(conn, 408, "the request did not come in time")
            else:
                self._drop(conn)
        for conn in [conn for conn, until in self._leaving.items() if until <= now]:
            self._gone(conn)

    def _forget(self, conn):
        del self._unfinished[conn]
        self.poller.unregister(conn.sock)

    def _drop(self, conn):
        self._forget(conn)
        self._held -= len(conn.incoming)
        self._end(conn)

    def _refuse(self, conn, status, reason):
        if not conn.incoming:
            return self._drop(conn)
        _send(conn, refusal(status, reason))
        self._forget(conn)
        self._held -= len(conn.incoming)
        self._leave(conn)


def _send(conn, content):
    """Without waiting: who does not take these few bytes goes without them."""
    try:
        conn.sock.send(content)
    except OSError:
        pass


def refusal(status, reason, name=None):
    """An answer to what never becomes a request, as JSON like all others."""
    body = orjson.dumps({"error": reason}, option=orjson.OPT_APPEND_NEWLINE)
    name = name or {400: "Bad Request", 408: "Request Timeout", 503: "Service Unavailable"}[status]
    head = f"HTTP/1.1 {status} {name}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + body


def write_error(sock, status, name, reason):
    """Takes the place of gunicorn's own, which writes HTML."""
    util.write_nonblock(sock, refusal(status, reason or name, name))


util.write_error = write_error


def open_many_files():
    """Each connection needs a file descriptor, and the default soft limit is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
