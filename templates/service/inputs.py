"""Which rows does an input for the models hold? It is read piece by piece: it may be larger than the memory."""

import base64
import http.client
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np

from table import BLANK, LONGEST_LINE, PIECE, WHOLE_NUMBER, DataError, Reader, check_width, is_other_composition, names, numbers

CHUNK = 1000  # rows; the perceptron's hidden layer takes 4 kB for each
PATIENCE = 60  # seconds without a byte


@dataclass(frozen=True)
class Layout:
    """The columns of an input: Line, perhaps # Letter, then the features that the models know, in their order."""

    name: str  # what messages call the input
    features: list
    classes: int  # truth is below
    has_truth: bool

    @property
    def before(self):
        """How many columns stand before the first feature."""
        return 2 if self.has_truth else 1

    @property
    def width(self):
        return self.before + len(self.features)


def begin(stream, name, golden):
    """The layout that an input's header names, if the models of this golden.json can use it; its reader; the records below."""
    reader = Reader(pieces(stream, name), name)
    rows = reader.records()
    return _layout(names(next(rows, (1, []))[1], name), name, golden), reader, rows


def _layout(header, name, golden):
    if not header:
        raise DataError(f"{name}:1, column 1: must be 'Line', is missing")
    has_truth = header[1:2] == ["# Letter"]
    expected = ["Line", *["# Letter"][: int(has_truth)], *golden["features"]]
    for column, (want, got) in enumerate(zip(expected, header), start=1):
        if want != got:
            other = " or '# Letter'" if column == 2 and not has_truth else ""
            same = ", composed of other Unicode characters" if is_other_composition(want, got) else ""
            raise DataError(f"{name}:1, column {column}: must be {want!r}{other}, is {got!r}{same}")
    if len(header) != len(expected):
        raise DataError(f"{name}:1: has {len(header)} columns, the models need {len(expected)}")
    return Layout(name, golden["features"], golden["classes"], has_truth)


def lines(stream, name):
    """The lines of a file or an answer, as bytes with their line ends."""
    place = 0
    while True:
        try:
            line = stream.readline(LONGEST_LINE + 1)
        except (OSError, http.client.HTTPException) as error:
            raise DataError(f"{name}: ended after line {place}: {error}") from None
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
        raise DataError(f"{name}: ended too early: {error}") from None
    check_complete(stream, name)


def check_complete(stream, name):
    # An answer counts down the bytes that are to come; when its connection breaks, it just ends.
    missing = getattr(stream, "length", None)
    if missing:
        raise DataError(f"{name}: ended {missing} bytes too early")


def records(rows, layout, shift=0):
    """(line in the file, row number, cells) of each of these records; the number of cells is right, rows ascend."""
    before = -1
    for line, cells in rows:
        line += shift
        where = f"{layout.name}:{line}"
        check_width(cells, layout.width, where)
        if not WHOLE_NUMBER.fullmatch(cells[0].strip(BLANK)):
            raise DataError(f"{where}, column 1 (Line): must be a row number from 0 to 999999999, is {cells[0]!r}")
        row = int(cells[0])
        if row <= before:
            raise DataError(f"{where}, column 1 (Line): must be above {before}, the row before it, is {row}")
        before = row
        yield line, row, cells


def chunks(rows, layout, shift=0):
    """(row numbers, n × m features, class numbers or None) of at most 1,000 rows at a time."""
    places, features, truth = [], [], []
    for line, row, cells in records(rows, layout, shift):
        where = f"{layout.name}:{line}"
        places.append(row)
        features.append(numbers(cells, layout.features, layout.before, where))
        if layout.has_truth:
            truth.append(_class(cells[1], layout, where))
        if len(places) == CHUNK:
            yield places, np.array(features), truth if layout.has_truth else None
            places, features, truth = [], [], []
    if places:
        yield places, np.array(features), truth if layout.has_truth else None


def _class(cell, layout, where):
    if not WHOLE_NUMBER.fullmatch(cell.strip(BLANK)) or int(cell) >= layout.classes:
        raise DataError(f"{where}, column 2 (# Letter): must be a class from 0 to {layout.classes - 1}, is {cell!r}")
    return int(cell)


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
    # What stands before the @ or behind the ? may be a password: it is not repeated.
    login, _, host = parts.netloc.rpartition("@")
    name = f"{parts.scheme}://{host}{parts.path}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DataError(f"{name}: is not an address with http:// or https://")
    request = urllib.request.Request(parts._replace(netloc=host).geturl())
    if login:
        user, _, password = login.partition(":")
        pair = f"{unquote(user)}:{unquote(password)}".encode()
        # Not for whom the server may send us on to.
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
    try:
        return urllib.request.urlopen(request, timeout=PATIENCE), name
    except urllib.error.HTTPError as error:
        raise DataError(f"{name}: answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DataError(f"{name}: cannot be reached: {getattr(error, 'reason', error)}") from None
