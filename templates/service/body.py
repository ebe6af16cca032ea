"""What does the body of a request hold, piece by piece? http.server does not read it by itself."""

PIECE = 256 * 1024  # bytes
LONGEST_SIZE = 20  # bytes of the line that says how long a chunk is


class BadBody(Exception):
    """A body that ends early, or does not say where it ends."""


def pieces(headers, stream):
    """The bytes of the body; it is complete when this ends without BadBody."""
    if headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
        yield from _chunked(stream)
        return
    length = headers.get("Content-Length", "0" if "Transfer-Encoding" not in headers else "")
    if not (length.isascii() and length.isdigit()) or len(length) > 18:
        raise BadBody("the body must have a Content-Length, or be chunked")
    yield from exactly(stream, int(length))


def _chunked(stream):
    while True:
        line = stream.readline(LONGEST_SIZE)
        size = line.partition(b";")[0].strip()
        if not line.endswith(b"\n") or not size or size.translate(None, b"0123456789abcdefABCDEF"):
            raise BadBody("the body's chunked encoding is invalid")
        if int(size, 16) == 0:
            break
        yield from exactly(stream, int(size, 16))
        if stream.readline(LONGEST_SIZE) not in (b"\r\n", b"\n"):
            raise BadBody("the body's chunked encoding is invalid")
    while stream.readline(1000) not in (b"\r\n", b"\n", b""):
        pass


def exactly(stream, length):
    """The next bytes of a stream."""
    while length:
        piece = stream.read(min(PIECE, length))
        if not piece:
            raise BadBody(f"the body ends {length} bytes too early")
        length -= len(piece)
        yield piece
