"""Which rows does an input for the models hold? It is read piece by piece: it may be larger than memory."""

import base64
import http.client
import os
import ssl
import tempfile
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import drift
import parquet
from cells import plain
from errors import DataError, listed, shown
from header import header_of
from records import LONGEST_LINE, PIECE, Reader
from rows import Rows
from schema import Layout

CHUNK = 1000  # rows; the perceptron's hidden layer takes 4 kB for each
PATIENCE = 60  # seconds without a byte
EXAMPLES = ("test.csv", "test.csv.gz", "test.parquet", "train.csv", "train.csv.gz", "train.parquet")
HERE = Path(__file__).resolve().parent


def own_examples():
    """The file of examples that models were tested with."""
    directory = Path(os.environ.get("MODEL_DIR", HERE / "model"))
    return str(next((directory / name for name in EXAMPLES if (directory / name).exists()), directory / EXAMPLES[0]))


def begin(stream, name, schema, keep=()):
    """Where the models' columns are in an input, found by their names; its reader; the records below its header. `keep`: columns that
    are kept, or what chooses them from those of the header."""
    reader = Reader(pieces(stream, name), name)
    rows = reader.records()
    header = header_of(next(rows, (1, []))[1], name)
    layout = Layout(schema, header, reader, keep=keep(header) if callable(keep) else keep)
    return layout, reader, rows


def lines(stream, name):
    """The lines of a file or an answer, as bytes with their line ends."""
    place = 0
    while True:
        try:
            line = stream.readline(LONGEST_LINE + 1)
        except (OSError, http.client.HTTPException) as error:
            raise DataError(f"{name}: ended after line {place}: {reason(error)}") from None
        place += 1
        if len(line) > LONGEST_LINE:
            raise DataError(f"{name}:{place}: is longer than {LONGEST_LINE} bytes")
        if not line:
            return check_complete(stream, name)
        yield line


def pieces(stream, name):
    """The bytes of a file or an answer, 256 kB at a time."""
    try:
        while piece := stream.read(PIECE):
            yield piece
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{name}: ended too early: {reason(error)}") from None
    check_complete(stream, name)


def check_complete(stream, name):
    # An answer counts down the bytes that are to come; when its connection breaks, it just ends.
    missing = getattr(stream, "length", None)
    if missing:
        raise DataError(f"{name}: ended {missing} bytes too early")


def records(rows, layout, shift=0, first=0):
    """(line in the file, name of the row, cells) of each of these records, whose number of cells is right. Rows that no column names are
    numbered from `first`."""
    for number, (line, cells) in enumerate(rows, start=first):
        line += shift
        layout.check_width(cells, line)
        yield line, str(number) if layout.index is None else plain(cells[layout.index]).strip(" \t"), cells


def chunks(rows, layout, shift=0, first=0):
    """(names of rows, features as models take them, truths or None, cells of columns that are kept) of at most 1,000 rows at a time."""
    names, features, truth, kept = [], [], [], []
    known = None if layout.schema.classes is None else set(layout.schema.classes)
    for line, name, cells in records(rows, layout, shift, first):
        names.append(name)
        features.append(layout.values(cells, line))
        kept.append([plain(cells[place]) for place in layout.keep])
        if layout.has_truth:
            truth.append(layout.truth_if_known(cells, line))
            if known is not None and truth[-1] is not None and truth[-1] not in known:
                where = layout.where(line, layout.target, layout.schema.target.name)
                raise DataError(f"{where}: must be a class that models know ({listed(layout.schema.classes)}), is {shown(truth[-1])!r}")
        if len(names) == CHUNK:
            yield names, Rows.of(features, layout.schema), truth if layout.has_truth else None, kept
            names, features, truth, kept = [], [], [], []
    if names:
        yield names, Rows.of(features, layout.schema), truth if layout.has_truth else None, kept


class Watched:
    """Passes chunks on, and measures how far their columns are from those of the training."""

    def __init__(self, chunks, schema, bins):
        self._chunks, self._watch = chunks, drift.Watch(schema, bins)

    def __iter__(self):
        for chunk in self._chunks:
            self._watch.add(chunk[1])
            yield chunk

    def drift(self):
        return self._watch.table()


@contextmanager
def as_csv(stream, name, schema):
    """The same stream, or that of the CSV that a Parquet file becomes, in which these columns must be plain."""
    head = stream.read(len(parquet.MAGIC))
    if head != parquet.MAGIC:
        yield Begun(head, stream)
        return
    with tempfile.TemporaryDirectory(prefix="kubeforge-") as directory:
        packed, text = Path(directory, "input.parquet"), Path(directory, "input.csv")
        with packed.open("wb") as file:
            file.write(head)
            for piece in pieces(stream, name):
                file.write(piece)
        parquet.to_csv(packed, text, name, wanted=schema.names)
        with text.open("rb") as file:
            yield file


class Begun:
    """A stream whose first bytes have already been read."""

    def __init__(self, head, stream):
        self._head, self._stream = head, stream

    @property
    def length(self):
        return getattr(self._stream, "length", None)

    def read(self, size):
        head, self._head = self._head, b""
        return head or self._stream.read(size)


@contextmanager
def opened(source):
    """A file, or what an http(s) address answers, as a stream of bytes. Yields it with the name for messages."""
    if "://" not in source:
        try:
            stream = Path(source).open("rb")
        except OSError as error:
            raise DataError(f"{source}: cannot be read: {error.strerror}") from None
        name = source
    else:
        stream, name = _asked(source)
    with stream:
        yield stream, name


def _asked(address):
    parts = urlsplit(address)
    # What is before the @ or after the ? may be a password: it is not repeated.
    login, _, host = parts.netloc.rpartition("@")
    name = f"{parts.scheme}://{host}{parts.path}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DataError(f"{name}: is not an address with http:// or https://")
    request = urllib.request.Request(parts._replace(netloc=host).geturl())
    if login:
        user, _, password = login.partition(":")
        pair = f"{unquote(user)}:{unquote(password)}".encode()
        # Not sent to where the server may redirect.
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
    try:
        return urllib.request.urlopen(request, timeout=PATIENCE), name
    except urllib.error.HTTPError as error:
        raise DataError(f"{name}: answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DataError(f"{name}: cannot be reached: {reason(error)}") from None


def reason(error):
    """Why an address did not answer, or a file could not be read, as a person says it."""
    error = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(error, TimeoutError):
        return f"nothing arrived for {PATIENCE} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "the TLS handshake failed"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, http.client.IncompleteRead):
        return "the connection was lost"
    if isinstance(error, http.client.HTTPException | OSError) and not isinstance(error, http.client.InvalidURL):
        return "it closed the connection without an HTTP answer"
    return "it is not an address: write http://HOST:PORT/PATH, with %20 for a space"
