"""Which rows does an input for the models hold? It is read piece by piece: it may be larger than the memory."""

import csv
import http.client
import math
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from dataset import NUMBER, WHOLE_NUMBER, DataError

LONGEST_LINE = 4 * 1024 * 1024  # bytes
CHUNK = 1000  # rows; the perceptron's hidden layer takes 4 kB for each
PATIENCE = 60  # seconds without a byte
# A line of nothing else holds, between its commas, what float() takes just as NUMBER does.
PLAIN = b"0123456789+-.eE, \t"


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


def layout(header, name, golden):
    """The layout that a header line (bytes) names, if the models of this golden.json can use it."""
    names = [cell.strip() for cell in split(header, f"{name}:1", "utf-8-sig")]
    if not names:
        raise DataError(f"{name}:1, column 1: must be 'Line', is missing")
    has_truth = names[1:2] == ["# Letter"]
    expected = ["Line", *["# Letter"][: int(has_truth)], *golden["features"]]
    for column, (want, got) in enumerate(zip(expected, names), start=1):
        if want != got:
            other = " or '# Letter'" if column == 2 and not has_truth else ""
            raise DataError(f"{name}:1, column {column}: must be {want!r}{other}, is {got!r}")
    if len(names) != len(expected):
        raise DataError(f"{name}:1: has {len(names)} columns, the models need {len(expected)}")
    return Layout(name, golden["features"], golden["classes"], has_truth)


def split(line, where, encoding="utf-8"):
    """The cells of one line (bytes)."""
    try:
        text = line.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError:
        raise DataError(f"{where}: is not UTF-8") from None
    if '"' not in text:
        return text.split(",") if text else []
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise DataError(f"{where}: is not CSV: {error}") from None


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
        while piece := stream.read(256 * 1024):
            yield piece
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{name}: ended too early: {error}") from None
    check_complete(stream, name)


def check_complete(stream, name):
    # An answer counts down the bytes that are to come; when its connection breaks, it just ends.
    missing = getattr(stream, "length", None)
    if missing:
        raise DataError(f"{name}: ended {missing} bytes too early")


def records(rows, layout, first=2):
    """(place in the file, row number, cells) of each of these lines; the number of cells is right, rows ascend."""
    before = -1
    for place, line in enumerate(rows, start=first):
        where = f"{layout.name}:{place}"
        cells = split(line, where)
        if len(cells) != layout.width:
            raise DataError(f"{where}: has {len(cells)} columns, the header {layout.width}")
        if not WHOLE_NUMBER.fullmatch(cells[0].strip()):
            raise DataError(f"{where}, column 1 (Line): must be a row number from 0 on, is {cells[0]!r}")
        row = int(cells[0])
        if row <= before:
            raise DataError(f"{where}, column 1 (Line): must be above {before}, the row before it, is {row}")
        before = row
        yield place, row, cells


def chunks(rows, layout, first=2):
    """(row numbers, n × m features, class numbers or None) of at most 1,000 rows at a time."""
    numbers, features, truth = [], [], []
    for place, row, cells in records(rows, layout, first):
        where = f"{layout.name}:{place}"
        numbers.append(row)
        features.append(_values(cells, layout, where))
        if layout.has_truth:
            truth.append(_class(cells[1], layout, where))
        if len(numbers) == CHUNK:
            yield numbers, np.array(features), truth if layout.has_truth else None
            numbers, features, truth = [], [], []
    if numbers:
        yield numbers, np.array(features), truth if layout.has_truth else None


def _values(cells, layout, where):
    own = cells[layout.before :]
    if not "".join(own).encode().translate(None, PLAIN):
        try:
            values = [float(cell) for cell in own]
        except ValueError:
            values = [math.nan]
        if all(map(math.isfinite, values)):
            return values
    # Slower, and says which it is.
    for column, (name, cell) in enumerate(zip(layout.features, own), start=layout.before + 1):
        if not NUMBER.fullmatch(cell.strip()) or not math.isfinite(float(cell)):
            raise DataError(f"{where}, column {column} ({name}): must be a finite number, is {cell!r}")
    return [float(cell) for cell in own]


def _class(cell, layout, where):
    if not WHOLE_NUMBER.fullmatch(cell.strip()) or int(cell) >= layout.classes:
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
    name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DataError(f"{name}: is not an address with http:// or https://")
    if "@" in parts.netloc:
        raise DataError(f"{name}: a user name or password in the address is not supported")
    try:
        return urllib.request.urlopen(address, timeout=PATIENCE), name
    except urllib.error.HTTPError as error:
        raise DataError(f"{name}: answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DataError(f"{name}: cannot be reached: {getattr(error, 'reason', error)}") from None
