"""What do the files of a model directory hold: rows of which columns, and which models?

The one reader of them: the image's build, training, the service and batch inference use it, and `kubeforge` runs it where it was
typed, before anything is built. There Python may be as old as 3.8, and has no packages.
"""

import argparse
import bz2
import csv
import functools
import gzip
import hashlib
import itertools
import json
import lzma
import math
import os
import re
import shlex
import sys
import unicodedata
import zipfile
import zlib
from array import array
from collections import Counter
from urllib.parse import unquote

PIECE = 256 * 1024  # bytes
LONGEST_LINE = 4 * 1024 * 1024  # bytes
LONGEST_CELL = 131_072  # characters; where a quote is not closed, the rest of the file is one cell
LARGEST = 1e150  # models square numbers; the sum of squares must be finite
BLOCK = 256  # rows whose types are looked at together
FEW_EXCEPTIONS = 0.1  # of a column's cells: fewer that are no numbers are mistakes, more make it text
# float() alone would also take "1_000", "nan" and digits of other scripts.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
ZERO_IN_FRONT = re.compile(r"[+-]?0\d", re.ASCII)  # 01234 is a postal code, and as a number another
# Cells of nothing else hold what float() takes just as NUMBER does.
PLAIN = b"0123456789+-.eE \t"
BLANK = " \t"
# What pandas.read_csv takes for a missing value, so that a service sees what a notebook saw.
MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
     "None", "n/a", "nan", "null"))
ALL = "all"  # columns of an input that are kept
BOOLEANS = {"True": True, "true": True, "TRUE": True, "False": False, "false": False, "FALSE": False}
GZIP = b"\x1f\x8b"
TARGET, INDEX = "# Letter", "Line"  # where the inventory names no others
# What people save instead of CSV in UTF-8, by how it begins.
OTHER_FILES = (
    (b"\xff\xfe", "is UTF-16: save it as UTF-8"), (b"\xfe\xff", "is UTF-16: save it as UTF-8"),
    (b"PK\x03\x04", "is a ZIP archive or an Excel workbook: save it as CSV"),
    (b"PAR1", "is a Parquet file: name it .parquet, or save it as CSV"),
)


class DataError(Exception):
    """A file that cannot be used; the text says where (file:line, column) and why."""


class Reader:
    """The records of a file that comes in pieces of bytes; it may be larger than the memory."""

    def __init__(self, pieces, name):
        self.name = name
        self.line = 0  # lines read so far
        self.offset = 0  # their bytes
        self.separator = ","
        self._pieces, self._digest = pieces, hashlib.sha256()

    @property
    def sha256(self):
        """Of all bytes, when all records have been read."""
        return self._digest.hexdigest()

    def records(self):
        """(line that it begins in, cells) of each record, the header among them; lines that are blank are none."""
        lines = self._lines()
        first = next(lines, None)
        if first is None:
            return
        self.separator = separator(first)
        csv.field_size_limit(LONGEST_CELL)
        part = []  # the lines of the record that is being read

        def noted():
            for line in itertools.chain([first], lines):
                part.append(line)
                yield line

        table, place, header = csv.reader(noted(), delimiter=self.separator, strict=True), 1, ()
        while True:
            try:
                cells = next(table, None)
            except csv.Error:
                raise DataError(f"{self.name}:{place}{_fault(''.join(part), self.separator, header)}") from None
            if cells is None:
                return
            if any(cell.strip(BLANK) for cell in cells) or len(cells) > 1:
                header = header or cells
                yield place, cells
            place = self.line + 1
            part.clear()

    def _lines(self):
        rest, started = b"", False
        for piece in unpacked(self._pieces, self.name):
            self._digest.update(piece)
            if not started:
                started = True
                for sign, reason in OTHER_FILES:
                    if piece.startswith(sign):
                        raise DataError(f"{self.name}: {reason}")
            # Of bytes: at \n, \r\n and \r, and nowhere else. A \r at the end may be half of \r\n.
            lines = (rest + piece).splitlines(keepends=True)
            rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
            for line in lines:
                yield self._text(line)
            if len(rest) > LONGEST_LINE:
                self._text(rest)
        if rest:
            yield self._text(rest)

    def _text(self, line):
        self.line += 1
        if len(line) > LONGEST_LINE:
            raise DataError(f"{self.name}:{self.line}: is longer than {LONGEST_LINE} bytes")
        if b"\0" in line:
            raise DataError(f"{self.name}:{self.line}: has a NUL byte: is it text?")
        self.offset += len(line)
        try:
            return line.decode("utf-8-sig" if self.line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{self.name}:{self.line}: is not UTF-8 (byte 0x{line[error.start]:02x}, as in Latin-1 or Windows-1252): "
                            "save it as UTF-8") from None


def _fault(text, separator, header):
    """Which cell of a record is none, why, and what would be: `, column 3 (x): …`."""
    column = begin = 0
    why = f"is longer than {LONGEST_CELL} characters: shorten it"
    while True:
        end = begin
        if text[begin : begin + 1] == '"':
            end = begin + 1
            while (end := text.find('"', end)) >= 0 and text[end + 1 : end + 2] == '"':
                end += 2
            if end < 0:
                within = f" within {LONGEST_CELL} characters" if len(text) - begin > LONGEST_CELL else ""
                why = f'begins with a quote (") that is not closed{within}: close it, and write a quote within a cell twice ("")'
                break
            end += 1
            if text[end : end + 1] not in (separator, "\r", "\n", ""):
                why = 'goes on behind its closing quote ("): write a quote within a cell twice ("")'
                break
        while end < len(text) and text[end] not in (separator, "\r", "\n"):
            end += 1
        if end - begin > LONGEST_CELL or text[end : end + 1] != separator:
            break
        column, begin = column + 1, end + 1
    name = f" ({header[column].strip(BLANK)})" if column < len(header) else ""
    return f", column {column + 1}{name}: {why}"


def unpacked(pieces, name):
    """The bytes as they come, or what they hold where they are packed with gzip."""
    unpacking, is_within = None, False
    for number, piece in enumerate(pieces):
        if number == 0 and piece.startswith(GZIP):
            unpacking = zlib.decompressobj(31)
        if unpacking is None:
            if piece:
                yield piece
            continue
        try:
            while piece:
                content = unpacking.decompress(piece, PIECE)
                if content:
                    yield content
                is_within, piece = not unpacking.eof, unpacking.unconsumed_tail
                if unpacking.eof:  # several files packed one behind the other are one
                    piece = unpacking.unused_data
                    unpacking = zlib.decompressobj(31)
                elif not content:
                    break
        except zlib.error:
            raise DataError(f"{name}: is packed with gzip, and damaged: pack it again, or leave it unpacked") from None
    if is_within:
        raise DataError(f"{name}: is packed with gzip, and cut off: copy it again, or leave it unpacked")


def separator(header):
    """What stands between columns: a comma, or where a header has none, a semicolon or a tab."""
    bare = re.sub('"[^"]*"', "", header)
    return next((sign for sign in ",;\t" if sign in bare), ",")


class Column:
    """What the examples show of a column."""

    def __init__(self, name, type, optional=False, example=None):
        self.name, self.type, self.optional, self.example = name, type, optional, example

    def as_json(self):
        return {"name": self.name, "type": self.type, "optional": self.optional, "example": self.example}


class Schema:
    """Which columns rows have, and which of them models see."""

    def __init__(self, columns, target=None, index=None, task=None, classes=None):
        self.columns = columns  # the features, in the order of the header
        self.features = [column.name for column in columns]
        self.target = target  # Column, or None
        self.index = index  # name, or None
        self.task = task  # classification, regression or None
        self.classes = classes  # of the target, sorted; None without or for regression
        self.is_numeric = all(column.type in ("number", "integer") and not column.optional for column in columns)

    def as_json(self):
        return {
            "columns": [column.as_json() for column in self.columns], "target": self.target and self.target.as_json(),
            "index": self.index, "task": self.task, "classes": self.classes,
        }

    @staticmethod
    def of(content):
        """From what as_json made."""
        target = content["target"] and Column(**content["target"])
        return Schema([Column(**column) for column in content["columns"]], target, content["index"], content["task"], content["classes"])


# ---- from cells to values

def value(cell, column, where, decimal=""):
    """A cell as JSON has it; None is a missing value. `decimal`: a comma where numbers are written with it."""
    text = cell.strip(BLANK)
    if text in MISSING:
        if not column.optional:
            raise DataError(f"{where}: is missing ({cell!r}): fill it in, or leave the row out")
        return None
    if column.type == "text":
        return text
    if column.type == "boolean":
        if text not in BOOLEANS:
            raise DataError(f"{where}: must be true or false, is {cell!r}")
        return BOOLEANS[text]
    if decimal and text.count(decimal) == 1:
        text = text.replace(decimal, ".")
    if not NUMBER.fullmatch(text):
        raise DataError(f"{where}: must be a finite number, is {cell!r}{_hint(text)}")
    if column.type == "integer" and WHOLE_NUMBER.fullmatch(text):
        return int(text)
    number = float(text)
    if not -LARGEST <= number <= LARGEST:
        raise DataError(f"{where}: must be from -1e150 to 1e150, is {cell!r}")
    return number


def _hint(text):
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return ": write decimals with a point"
    return ""


class Layout:
    """Where the columns of a schema are in a file: they are found by their names, in any order."""

    def __init__(self, schema, header, reader, needs_target=False, keep=()):
        self.schema, self.name, self.width = schema, reader.name, len(header)
        self.decimal = "," if reader.separator == ";" else ""
        places = {unicodedata.normalize("NFC", name): place for place, name in enumerate(header)}

        def place(name):
            return places.get(unicodedata.normalize("NFC", name))

        self.places = [place(name) for name in schema.features]
        missing = [name for name, at in zip(schema.features, self.places) if at is None]
        if missing:
            raise DataError(f"{self.name}:1: has no column {listed(missing)}{_has(header)}")
        self.target = None if schema.target is None else place(schema.target.name)
        if needs_target and schema.target is not None and self.target is None:
            raise DataError(f"{self.name}:1: has no column {schema.target.name!r}, the target{_has(header)}")
        self.index = None if schema.index is None else place(schema.index)
        if schema.index == "" and header[:1] != [""]:
            self.index = None
        self.kept, self.keep = list(keep), [place(name) for name in keep]
        lost = [name for name, at in zip(keep, self.keep) if at is None]
        if lost:
            raise DataError(f"{self.name}:1: has no column {listed(lost)}, which is to be kept{_has(header)}")

    @property
    def has_truth(self):
        return self.target is not None

    def values(self, cells, line):
        """The features of a record, in the schema's order: JSON values, or floats where all are numbers."""
        self.check_width(cells, line)
        own = [cells[place] for place in self.places]
        if self.schema.is_numeric and not "".join(own).encode().translate(None, PLAIN):
            try:
                values = list(map(float, own))
            except ValueError:
                values = [math.nan]
            if all(-LARGEST <= number <= LARGEST for number in values):
                return values
        # Slower, and says which it is.
        return [value(cell, column, self.where(line, place), self.decimal)
                for cell, column, place in zip(own, self.schema.columns, self.places)]

    def truth(self, cells, line):
        """The target of a record."""
        return value(cells[self.target], self.schema.target, self.where(line, self.target, self.schema.target.name), self.decimal)

    def where(self, line, place, name=None):
        name = name or self.schema.columns[self.places.index(place)].name
        return f"{self.name}:{line}, column {place + 1} ({name})"

    def check_width(self, cells, line):
        if len(cells) != self.width:
            comma = " (a comma separates columns: write decimals with a point)" if len(cells) > self.width and not self.decimal else ""
            raise DataError(f"{self.name}:{line}: has {counted(len(cells), 'column')}, the header {self.width}{comma}")


def _has(header):
    return f"; it has {listed([name for name in header if name])}" if any(header) else ""


def names(text):
    """Columns that somebody has listed: a,b or a,"b, c"."""
    return list(dict.fromkeys(name.strip(BLANK) for name in next(csv.reader([text], skipinitialspace=True), []) if name.strip(BLANK)))


def listed(names, most=8):
    return ", ".join(repr(name) for name in names[:most]) + (", …" if len(names) > most else "")


# ---- from examples to a schema

class Seen:
    """What has been seen of a column's cells."""

    def __init__(self):
        self.missing = self.numbers = self.booleans = self.texts = self.zeros = 0
        self.whole = True
        self.example = None
        self.odd = None  # (where, cell) of the first that is no number

    def add(self, cells, where, decimal):
        """Counts a block of cells by type; `where(n)` returns the position of the n-th, for messages."""
        joined = "".join(cells)
        if joined and not joined.encode().translate(None, PLAIN) and self._plain(cells, joined):
            return
        for number, cell in enumerate(cells):
            self._look(cell.strip(BLANK), cell, where, number, decimal)

    def _plain(self, cells, joined):
        """The fast way for numbers without zeros in front."""
        try:
            if not all(-LARGEST <= number <= LARGEST for number in map(float, cells)):
                return False
        except ValueError:
            return False
        is_whole = not any(sign in joined for sign in ".eE")
        if is_whole and any(ZERO_IN_FRONT.match(cell.strip(BLANK)) or len(cell) > 18 for cell in cells):
            return False
        self.numbers += len(cells)
        self.whole = self.whole and is_whole
        if self.example is None:
            self.example = cells[0].strip(BLANK)
        return True

    def _look(self, text, cell, where, number, decimal):
        if text in MISSING:
            self.missing += 1
            return
        if self.example is None:
            self.example = text
        if text in BOOLEANS:
            self.booleans += 1
        else:
            plain = text.replace(decimal, ".") if decimal and text.count(decimal) == 1 else text
            if NUMBER.fullmatch(plain):
                self.numbers += 1
                if ZERO_IN_FRONT.match(plain) and plain.lstrip("+-").isdigit():
                    self.zeros += 1
                self.whole = self.whole and bool(WHOLE_NUMBER.fullmatch(plain))
                if abs(float(plain)) > LARGEST:
                    raise DataError(f"{where(number)}: must be from -1e150 to 1e150, is {cell!r}")
                return
            self.texts += 1
        if self.odd is None:
            self.odd = (where(number), cell, _hint(text))

    def column(self, name, type=None):
        """What the column is; a few cells that are no numbers among many that are get refused."""
        known = self.numbers + self.booleans + self.texts
        found = self._type(known)
        if type is None and found == "text" and self.numbers > known * (1 - FEW_EXCEPTIONS) and not self.zeros:
            where, cell, hint = self.odd
            raise DataError(f"{where}: must be a number as in {self.numbers} other rows, is {cell!r}"
                            f"{hint or ': correct it, or save the file as Parquet if the column is text'}")
        column = Column(name, type or found, self.missing > 0)
        decimal = "," if "," in (self.example or "") and column.type in ("number", "integer") else ""
        column.example = None if self.example is None else value(self.example, column, name, decimal)
        return column

    def _type(self, known):
        if not known:
            return "number"  # no example has a value
        if self.numbers == known:
            return "text" if self.zeros else "integer" if self.whole else "number"
        return "boolean" if self.booleans == known else "text"


class Examples:
    """A file of examples, read once: its columns, and what has been seen in them."""

    def __init__(self, path, name=None):
        self.path, self.name = path, str(name or path)
        self.rows = 0
        with opened(path, self.name) as reader:
            records = reader.records()
            self.header = header_of(next(records, (1, []))[1], self.name)
            self.seen = [Seen() for _ in self.header]
            self._read(records, reader)
            self.sha256, self.separator = reader.sha256, reader.separator
        if not self.rows:
            raise DataError(f"{self.name}:1: has no rows below its header")

    def _read(self, records, reader):
        width, decimal, block, lines = len(self.header), "," if reader.separator == ";" else "", [], []
        shape = Layout(Schema([]), self.header, reader)

        def look():
            for place, cells in enumerate(zip(*block)):
                name = self.header[place]
                self.seen[place].add(cells, lambda number: f"{self.name}:{lines[number]}, column {place + 1} ({name})", decimal)
            self.rows += len(block)
            block.clear()
            lines.clear()

        for line, cells in records:
            if len(cells) != width:
                shape.check_width(cells, line)
            block.append(cells)
            lines.append(line)
            if len(block) == BLOCK:
                look()
        look()

    def truths(self, schema):
        """(place, target) of each row; nothing where the file has no such column."""
        with opened(self.path, self.name) as reader:
            records = reader.records()
            layout = Layout(Schema([], schema.target), header_of(next(records)[1], self.name), reader)
            if layout.has_truth:
                for line, cells in records:
                    yield layout.where(line, layout.target, schema.target.name), layout.truth(cells, line)

    def records(self, schema, needs_target=False):
        """(line, features, truth or None) of each row, features and truth as JSON values."""
        whole = [place for place, column in enumerate(schema.columns) if column.type == "integer"]
        with opened(self.path, self.name) as reader:
            records = reader.records()
            layout = Layout(schema, header_of(next(records)[1], self.name), reader, needs_target)
            for line, cells in records:
                values = layout.values(cells, line)
                for place in whole:
                    if type(values[place]) is float and values[place].is_integer():
                        values[place] = int(values[place])
                yield line, values, layout.truth(cells, line) if layout.has_truth else None


class opened:
    """A file, as the reader of its records."""

    def __init__(self, path, name):
        self.path, self.name = path, name

    def __enter__(self):
        try:
            self.file = open(self.path, "rb")
        except OSError as error:
            raise DataError(f"{self.name}: cannot be read: {error.strerror}") from None
        return Reader(iter(lambda: self.file.read(PIECE), b""), self.name)

    def __exit__(self, *_):
        self.file.close()


def header_of(cells, name):
    """The names of columns. One without a name may stand in front: pandas writes its index so."""
    header = [cell.strip(BLANK) for cell in cells]
    if not any(header):
        raise DataError(f"{name}:1: has no header: its first line must name the columns")
    if len(header) == 1 and "|" in header[0]:
        raise DataError(f"{name}:1: its columns are separated by '|': separate them by commas")
    if all(NUMBER.fullmatch(cell) for cell in header if cell) and not _counts(header):
        raise DataError(f"{name}:1: has no header: its first line must name the columns, and has numbers")
    if header[0] == "Unnamed: 0":
        header[0] = ""
    seen = {}
    for column, cell in enumerate(header, start=1):
        if not cell and column > 1:
            raise DataError(f"{name}:1, column {column}: has no name")
        composed = unicodedata.normalize("NFC", cell)
        if composed in seen:
            other = ", composed of other Unicode characters" if seen[composed] != cell else ""
            raise DataError(f"{name}:1, column {column}: {cell!r} is there twice{other}")
        seen[composed] = cell
    return header


def _counts(header):
    """Whether names are 0, 1, 2 …: so pandas names columns that have no names."""
    numbers = [cell for cell in header if cell]
    return all(map(WHOLE_NUMBER.fullmatch, numbers)) and list(map(int, numbers)) == list(range(len(numbers)))


def schema_of(train, test, target=None, index=None, types=None):
    """What the examples teach; `train` may be None. Both have the same columns, in any order; the order of the first counts."""
    first = train or test
    target = _named(target, TARGET, first, "target", test)
    index = _named(index, INDEX, first, "index")
    if index is None and first.header[0] == "":
        index = ""
    names = [name for name in first.header if name and name not in (target, index)]
    if not names:
        raise DataError(f"{first.name}:1: has no features: each of its columns is the index or the target")
    seen = {name: seen for name, seen in zip(first.header, first.seen)}
    if train is not None and test is not train:
        _merge(seen, train, test, names, target)
    types = types or {}
    columns = [seen[name].column(name, types.get(name)) for name in names]
    if target is None:
        return Schema(columns, None, index)
    column = seen[target].column(target, types.get(target))
    column.optional = False
    return _with_task(Schema(columns, column, index), train, test)


def _named(name, default, examples, word, other=None):
    if not name:
        return default if default in examples.header else None
    if name not in examples.header and not (other and name in other.header):
        raise DataError(f"{examples.name}:1: has no column {name!r}, which {word}: names{_has(examples.header)}")
    return name


def _merge(seen, train, test, names, target):
    """What has been seen in the test, too."""
    places = {unicodedata.normalize("NFC", name): place for place, name in enumerate(test.header)}
    known = {unicodedata.normalize("NFC", name) for name in train.header}
    more = [name for name in test.header if name and unicodedata.normalize("NFC", name) not in known]
    if more:
        raise DataError(f"{test.name}:1: has a column {listed(more)}, which {os.path.basename(train.name)} lacks")
    for name in names + [target] * (target is not None):
        place = places.get(unicodedata.normalize("NFC", name))
        if place is None:
            if name == target:  # examples without truth
                continue
            raise DataError(f"{test.name}:1: has no column {name!r}, which {os.path.basename(train.name)} has{_has(test.header)}")
        one, other = seen[name], test.seen[place]
        for what in ("missing", "numbers", "booleans", "texts", "zeros"):
            setattr(one, what, getattr(one, what) + getattr(other, what))
        one.whole, one.odd = one.whole and other.whole, one.odd or other.odd
        one.example = other.example if one.example is None else one.example


def _with_task(schema, train, test):
    """Text and booleans are classes; whole numbers are, where there are few of them."""
    first = train or test
    counts = Counter(truth for _, truth in first.truths(schema))
    kind, rows = schema.target.type, sum(counts.values())
    whole = kind != "number" or all(float(number).is_integer() for number in counts)
    many = kind in ("integer", "number") and len(counts) > max(30, rows // 2 if rows < 2000 else 1000)
    if not whole or many:
        schema.task = "regression"
        return schema
    schema.task, schema.classes = "classification", sorted(counts)
    if train is not None and test is not train:
        for where, truth in test.truths(schema):
            if truth not in counts:
                raise DataError(f"{where}: class {shown(truth)} is not in "
                                f"{os.path.basename(train.name)}, which has {', '.join(map(shown, schema.classes[:30]))}"
                                f"{', …' if len(schema.classes) > 30 else ''}")
    return schema


def shown(value):
    """A value as a file has it."""
    return {True: "True", False: "False"}[value] if isinstance(value, bool) else str(value)


def counted(number, word):
    return f"{number} {word}" if number == 1 else f"{number} {word}es" if word.endswith("s") else f"{number} {word}s"


# ---- a directory of data and models

class Data:
    """The examples of a directory: what they teach, and what is worth knowing about them."""

    def __init__(self, train, test, target=None, index=None, types=None):
        """Two files, each a path or (path, name for messages); either may be None, and then the other is both."""
        read = [None if file is None else Examples(*(file if isinstance(file, tuple) else (file,))) for file in (train, test)]
        self.train, self.test = read[0], read[1] or read[0]
        self.schema = schema_of(self.train, self.test, target, index, types)
        self.notes = list(self._notes())

    def as_json(self):
        """Which files they are: what golden.json and metadata.json say of them."""
        read = {"train": self.train, "test": self.test}
        return {name: {"sha256": one.sha256, "rows": one.rows} for name, one in read.items() if one is not None}

    def _notes(self):
        schema, train = self.schema, self.train or self.test
        if self.train is not None and (self.test is self.train or self.test.sha256 == self.train.sha256):
            what = "is missing: the rows of train.csv are the examples, and" if self.test is self.train else "has the rows of train.csv:"
            yield f"test.csv {what} scores tell how well models remember, not how well they do on new rows"
        constant = self._constant(train, schema.features)
        if constant:
            yield (f"{os.path.basename(train.name)} has {counted(len(constant), 'feature')} with the same value in every row: "
                   f"{', '.join(constant[:5])}{', …' if len(constant) > 5 else ''}")
        empty = [column.name for column in schema.columns if column.example is None]
        if empty:
            yield f"no example has a value of {listed(empty)}"
        if schema.classes and self.train is not None:
            counts = Counter(truth for _, truth in train.truths(schema))
            number, count = min(counts.items(), key=lambda pair: pair[1])
            if count < 5:
                yield f"{os.path.basename(train.name)} has {counted(count, 'row')} of class {shown(number)}"
        if schema.target is None:
            yield f"no column is the target (service: target:): nothing is scored. There are {listed(schema.features)}"

    @staticmethod
    def _constant(examples, names):
        """Those of the columns with the same cell in every row, of two rows or more."""
        with opened(examples.path, examples.name) as reader:
            records = reader.records()
            header, first = header_of(next(records)[1], examples.name), next(records)[1]
            left = [(name, header.index(name)) for name in names] if examples.rows > 1 else []
            for _, cells in records:
                left = [(name, place) for name, place in left if cells[place] == first[place]]
                if not left:
                    break
            return [name for name, _ in left]

    def check_numbers(self):
        """What the models of the example need: numbers in every cell, and classes with rows to learn them from."""
        train, schema = self.train or self.test, self.schema
        for examples in {id(one): one for one in (train, self.test)}.values():
            for column in schema.columns:
                seen = examples.seen[[unicodedata.normalize("NFC", name) for name in examples.header].index(
                    unicodedata.normalize("NFC", column.name))]
                if seen.missing or column.type not in ("number", "integer"):
                    self._find_no_number(examples, column)
        if schema.target is None:
            raise DataError(f"{train.name}:1: has no column {TARGET!r}, which says what models are to learn{_has(train.header)}; "
                            "service: target: names another")
        rows, classes = train.rows, len(schema.classes or ())
        if schema.task != "classification":
            raise DataError(f"{train.name}: its target {schema.target.name!r} has numbers, not classes: bring a train.py of your own "
                            "for them (service: model:)")
        if classes < 2 or rows <= classes:
            raise DataError(f"{train.name}: needs two classes or more, and more rows than classes; "
                            f"it has {counted(classes, 'class')} in {counted(rows, 'row')}")

    @staticmethod
    def _find_no_number(examples, column):
        strict = Column(column.name, "number")
        with opened(examples.path, examples.name) as reader:
            records = reader.records()
            layout = Layout(Schema([strict]), header_of(next(records)[1], examples.name), reader)
            for line, cells in records:
                value(cells[layout.places[0]], strict, layout.where(line, layout.places[0]), layout.decimal)


MODEL_FILES = {".joblib": "joblib", ".pkl": "joblib", ".pickle": "joblib", ".skops": "skops", ".onnx": "onnx", ".ubj": "xgboost",
               ".json": "xgboost", ".txt": "lightgbm"}
LIBRARIES = {"joblib": "scikit-learn", "skops": "scikit-learn", "onnx": "onnxruntime", "xgboost": "xgboost", "lightgbm": "lightgbm",
             "python": None}
OWN_MODEL = {"name": "model", "file": "model.py", "format": "python", "library": None, "version": None}
# Modules of the service: a module of this name in a model directory would never be imported.
OWN_MODULES = frozenset(
    ("access", "api", "batching", "bodies", "body", "coordinator", "dataset", "draining", "drift", "envelope", "golden",
     "golden_expected", "golden_files", "golden_models", "golden_rows", "handover", "inference", "inputs", "metadata", "metrics", "models",
     "openapi", "packages", "page", "parquet", "predictions", "pushed", "reading", "refusal", "rows", "server", "serving", "sftp",
     "shards", "signing", "store", "table", "v2"))
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
VERSION_IN_PICKLE = re.compile(rb"_sklearn_version(?:\x94|q.|r....)?(?:\x8c(.)|X(.)\0\0\0)(.{3,24})", re.DOTALL)
VERSION_IN_SKOPS = re.compile(r'"_sklearn_version":\s*\{[^{}]*"content":\s*"\\"([0-9][^"\\]*)')
OTHER_MODULES = re.compile(rb"(?:\x8c.|\nc|c)(xgboost|lightgbm|catboost|imblearn|category_encoders|torch)\.", re.DOTALL)
PANDAS_WORDS = (b"feature_names_in_", b"pandas.core", b"make_column_selector")


class Directory:
    """A directory with models, or with what makes them."""

    def __init__(self, path, train=None, test=None):
        self.path = str(path)
        try:
            self.names = sorted(name for name in os.listdir(self.path) if not name.startswith("."))
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error.strerror}") from None
        self.train, self.test = train or self._examples("train"), test or self._examples("test")
        self.trains = "train.py" in self.names and bool(self.train or "generate_data.py" in self.names)
        for name in self.names:
            if name[:-3] in OWN_MODULES and name.endswith(".py"):
                raise DataError(f"{self.file(name)}: the service has a module of this name: rename it")
        self.models = [] if self.trains else self._models()

    def file(self, name):
        return os.path.join(self.path, name)

    def _examples(self, name):
        return next((self.file(found) for found in (f"{name}.csv", f"{name}.csv.gz", f"{name}.parquet") if found in self.names), None)

    def _models(self):
        if "model.py" in self.names:
            return [dict(OWN_MODEL)]
        return models_in(self.path, self.names)

    def bytes(self):
        """Of all files."""
        return sum(os.path.getsize(os.path.join(directory, name)) for directory, _, names in os.walk(self.path) for name in names
                   if os.path.isfile(os.path.join(directory, name)))


def models_in(directory, names=None):
    """The models in a directory: name, file, format, and library and version that wrote it."""
    found = []
    for name in names or sorted(os.listdir(directory)):
        stem, ending = os.path.splitext(name)
        path, kind = os.path.join(directory, name), MODEL_FILES.get(ending.lower())
        if kind is None or not os.path.isfile(path) or not is_model(path, kind):
            continue
        if any(model["name"] == stem for model in found):
            raise DataError(f"{path}: two models are named {stem!r}: rename one")
        if not MODEL_NAME.fullmatch(stem) or stem in ("line", "row", "truth"):
            raise DataError(f"{path}: {stem!r} is to be the model's name in answers: use letters, digits, _ and -")
        found.append({"name": stem, "file": name, "format": kind, "library": LIBRARIES[kind], "version": version_of(path, kind)[0]})
    if not found:
        raise DataError(f"{directory}: holds no model: it needs a file .joblib, .pkl, .skops, .onnx, .ubj or .json (XGBoost), .txt "
                        "(LightGBM), a model.py, or a train.py with train.csv")
    return found


def is_model(path, kind):
    """JSON and text may be anything: XGBoost's and LightGBM's begin in their own way."""
    if not path.endswith((".json", ".txt")):
        return True
    with open(path, "rb") as file:
        head = file.read(4096)
    return head.lstrip().startswith(b"{") and b'"learner"' in head if kind == "xgboost" else head.startswith(b"tree\n")


@functools.lru_cache(maxsize=None)  # a pickle is read to its end, and may be large
def version_of(path, kind):
    """(version of scikit-learn that a model was saved by or None, names of other packages that it needs), without loading it."""
    if kind == "skops":
        try:
            with zipfile.ZipFile(path) as archive:
                text = archive.read("schema.json")
        except (OSError, KeyError, zlib.error, zipfile.BadZipFile) as error:
            why = getattr(error, "strerror", None)
            raise DataError(f"{path}: cannot be read: {why}" if why else f"{path}: is no skops file, which is a ZIP archive with a schema.json: "
                            "save the model again with skops.io.dump") from None
        found = VERSION_IN_SKOPS.search(text.decode("utf-8", "replace"))
        return (found and found.group(1)), {"pandas"} if any(word in text for word in PANDAS_WORDS) else set()
    return _pickled(path) if kind == "joblib" else (None, set())


def _pickled(path):
    version, others, rest = None, set(), b""
    try:
        with _unpacked_pickle(path) as file:
            while True:
                piece = file.read(1 << 20)
                if not piece:
                    break
                text = rest + piece
                found = None if version else VERSION_IN_PICKLE.search(text)
                if found:
                    length = (found.group(1) or found.group(2))[0]
                    version = found.group(3)[:length].decode("ascii", "replace")
                others |= {name.decode() for name in OTHER_MODULES.findall(text)}
                others |= {"pandas"} if any(word in text for word in PANDAS_WORDS) else set()
                rest = text[-256:]
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        why = getattr(error, "strerror", None)
        raise DataError(f"{path}: cannot be read: {why}" if why else f"{path}: is packed, and damaged or cut off: save or copy it again") from None
    return version, others


def _unpacked_pickle(path):
    """joblib packs in several ways, and tells them by the first bytes."""
    with open(path, "rb") as file:
        head = file.read(6)
    if head.startswith(GZIP):
        return gzip.open(path)
    if head.startswith(b"BZ"):
        return bz2.open(path)
    if head.startswith((b"\xfd7zXZ", b"\x5d\x00")):
        return lzma.open(path)
    file = open(path, "rb")
    return _Inflated(file) if head[:1] == b"\x78" else file


class _Inflated:
    """A file of zlib, as a stream."""

    def __init__(self, file):
        self.file, self.unpacking = file, zlib.decompressobj()

    def read(self, size):
        content = b""
        while not content:
            piece = self.unpacking.unconsumed_tail or self.file.read(size)
            if not piece:
                return b""
            content = self.unpacking.decompress(piece, size)
        return content

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()


# ---- which packages a model directory asks for

REQUIREMENTS = "requirements.txt"
COMMENT = re.compile(r"(^|\s+)#.*$")  # as pip has it
VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
SPECIFIER = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[^\s,;()<>=!~]+"
REQUIREMENT = re.compile(rf"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*"
                         rf"(?:@\s*(\S+)|\(?\s*(?:{SPECIFIER}(?:\s*,\s*{SPECIFIER})*)?\s*,?\s*\)?)\s*(?:;.*)?", re.ASCII)
EXACT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?\s*={2,3}\s*([^\s,;()*]+)\s*\)?", re.ASCII)  # without a marker
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.ASCII | re.MULTILINE)
WHEEL = re.compile(r"([A-Za-z0-9._]+)-[^-]+(?:-\d[^-]*)?-[^-]+-[^-]+-([^-]+)\.whl", re.ASCII)
ARCHIVES = (".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma", ".zip")
LONG = {"-r": "--requirement", "-c": "--constraint", "-f": "--find-links", "-i": "--index-url", "-e": "--editable"}
WITH_VALUE = ("--index-url", "--pypi-url", "--extra-index-url", "--trusted-host", "--only-binary", "--use-feature", "--hash",
              "--global-option", "--config-setting", "--config-settings")
WITHOUT_VALUE = ("--no-index", "--pre", "--prefer-binary", "--require-hashes")
NO_SOURCES = "the image has no compiler: build a wheel of it (`pip wheel --no-deps -w wheels {}`), and name that: ./wheels/….whl"


def pinned(text):
    """{name: version} of the packages that a requirements.txt pins."""
    return {_index_name(name): version for name, version in PIN.findall(text)}


def _index_name(name):
    """Of a package, as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Requirements:
    """requirements.txt of a model directory and the files that it names: packages are installed before the rest of the directory is
    part of the image. What pip could not install there is refused, and so is another version of what the service itself runs on (`pins`:
    {name: version}), which pip would put in its place."""

    def __init__(self, directory, pins=None):
        self.directory = str(directory)
        self._pins = pins or {}
        self.files = []  # paths in the directory; requirements.txt is the first
        self.names = set()  # of packages, as the index writes them
        self._hashed = self._bare = None  # where one stands with a digest, and one without
        self._read(REQUIREMENTS)
        if self._hashed and self._bare:
            raise DataError(f"{self._bare}: has no --hash, as {self._hashed.rpartition('/')[2]} has: pip then takes no package without one")

    def _read(self, path, is_constraint=False):
        self.files.append(path)
        file = os.path.join(self.directory, path)
        for number, line in self._lines(file):
            where = f"{file}:{number}"
            variable = VARIABLE.search(line)
            if variable:
                raise DataError(f"{where}: {variable.group()} is no variable of the image's build: write what it stands for")
            words = line.split(" ")
            place = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
            wanted, options = " ".join(words[:place]).strip(), self._options(" ".join(words[place:]), where)
            if wanted:
                self._look(wanted, where)
                if not is_constraint:
                    self._compare(wanted, where)
                self._count(wanted, where, "--hash" in dict(options), is_constraint)
            for name, value in options:
                self._take(name, value, os.path.dirname(path), where)

    @staticmethod
    def _lines(file):
        """(number, text) of each line, as pip joins and strips them."""
        try:
            with open(file, "rb") as stream:
                text = stream.read().decode("utf-8-sig")
        except OSError as error:
            raise DataError(f"{file}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            line = error.object[:error.start].count(b"\n") + 1
            raise DataError(f"{file}:{line}: is not UTF-8: save it as UTF-8") from None
        joined, begin = [], 1
        for number, line in enumerate(text.splitlines(), start=1):
            begin = begin if joined else number
            is_comment = COMMENT.match(line)
            joined.append(f" {line}" if is_comment else line.strip("\\") if line.endswith("\\") else line)
            if line.endswith("\\") and not is_comment:
                continue
            text, joined = COMMENT.sub("", "".join(joined)).strip(), []
            if text:
                yield begin, text
        if joined and "".join(joined).strip():
            yield begin, "".join(joined).strip()

    @staticmethod
    def _options(text, where):
        """[(name, value or None)]"""
        try:
            words = shlex.split(text)
        except ValueError:
            raise DataError(f"{where}: has a quote that is not closed") from None
        found = []
        while words:
            word = words.pop(0)
            if re.match(r"-[rcfie].", word):
                word, joined = word[:2], word[2:]
                words.insert(0, joined.lstrip("="))
            name, sign, value = word.partition("=")
            name = LONG.get(name, name)
            takes = name in WITH_VALUE or name in LONG.values() or name == "--no-binary"
            if not takes and name not in WITHOUT_VALUE:
                raise DataError(f"{where}: {name[:40]!r} is no option of a requirements file: pip knows {', '.join(sorted(LONG.values()))} and "
                                "few others there")
            if takes and not sign:
                if not words:
                    raise DataError(f"{where}: {name} needs a value")
                value = words.pop(0)
            found.append((name, value if takes else None))
        return found

    def _take(self, name, value, directory, where):
        """What an option says beside the packages."""
        if name in ("--requirement", "--constraint"):
            if "://" not in value:
                path = self._path(os.path.join(directory, value), value, where)
                if path not in self.files:
                    self._read(path, name == "--constraint")
        elif name == "--find-links" and "://" not in value:
            beside = os.path.join(directory, value)  # as pip looks: beside the file, then in the directory
            path = self._path(beside if os.path.exists(os.path.join(self.directory, beside)) else value, value, where)
            self._add(path, where)
        elif name in ("--editable", "--no-binary"):
            raise DataError(f"{where}: {name} needs sources, and " + NO_SOURCES.format(value))
        elif name == "--require-hashes":
            self._hashed = self._hashed or where

    def _count(self, wanted, where, has_hash, is_constraint):
        if is_constraint:
            return
        if has_hash:
            self._hashed = self._hashed or where
        else:
            self._bare = self._bare or where

    def _compare(self, wanted, where):
        """What is not as plain as one version is left to pip, which gets the service's versions as constraints."""
        found = EXACT.fullmatch(wanted)
        own = found and self._pins.get(_index_name(found.group(1)))
        if own and re.sub(r"(\.0)+$", "", found.group(2)) != re.sub(r"(\.0)+$", "", own):
            name = found.group(1)
            raise DataError(f"{where}: is {name} {found.group(2)}, and the service itself runs on {name} {own}: take the line out, or write "
                            f"{name}=={own}")

    def _look(self, wanted, where):
        """Notes the package that a requirement names, and the wheel, where it names that."""
        found = REQUIREMENT.fullmatch(wanted)
        bare = wanted.partition(";")[0].strip()
        place = re.sub(r"\[[^\]]*\]$", "", found.group(2) if found and found.group(2) else bare)
        if "\\" in wanted:
            raise DataError(f"{where}: has a backslash: paths of the image are written with /")
        if re.match(r"(git|hg|svn|bzr)\+", place):
            raise DataError(f"{where}: is a repository, and " + NO_SOURCES.format(f"'{place}'"))
        if re.match(r"https?://", place):
            if not re.split(r"[?#]", place)[0].endswith(".whl"):
                raise DataError(f"{where}: is not the address of a wheel (.whl), and " + NO_SOURCES.format(f"'{place}'"))
            self._name(os.path.basename(re.split(r"[?#]", place)[0]), where)
        elif place.startswith("file:"):
            path = re.split(r"[?#]", unquote(place[5:]))[0]
            self._local("/" + path.lstrip("/") if path.startswith("/") else path, where, found and found.group(1))
        elif "/" in place or place.startswith(".") or place.endswith((".whl", *ARCHIVES)):
            self._local(place, where)
        elif not found:
            raise DataError(f"{where}: {wanted[:80]!r} is no requirement: write one as scikit-learn==1.6.1, package>=1,<2 or ./wheels/….whl")
        if found:
            self.names.add(_index_name(found.group(1)))

    def _local(self, place, where, name=None):
        if os.path.isabs(place):
            also = f", or {name}==VERSION, where the index has it" if name else ""
            raise DataError(f"{where}: {place} is a path of one computer, which the image does not have: put a wheel into the directory, and "
                            f"write ./wheels/….whl{also}")
        path = self._path(place, place, where)
        if not path.endswith(".whl"):
            raise DataError(f"{where}: {place} is no wheel (.whl), and " + NO_SOURCES.format(place))
        self._name(os.path.basename(path), where)
        self._add(path, where)

    def _name(self, file, where):
        found = WHEEL.fullmatch(unquote(file))
        if not found:
            raise DataError(f"{where}: {file} is no name of a wheel, which is as package-1.0-py3-none-any.whl: keep the name that it was made with")
        if re.match(r"(win|macosx)", found.group(2)):
            raise DataError(f"{where}: {file} is for another system: the image is Linux")
        self.names.add(_index_name(found.group(1)))

    def _path(self, path, shown, where):
        """Of a file or directory, within the directory."""
        path = os.path.normpath(path)
        if os.path.isabs(path) or path.split(os.sep)[0] == os.pardir:
            raise DataError(f"{where}: {shown} is not in the directory, which alone becomes part of the image: put it there")
        if not os.path.exists(os.path.join(self.directory, path)):
            raise DataError(f"{where}: there is no {shown} in {self.directory}")
        if any(part.startswith(".") for part in path.split(os.sep) if part != os.curdir):
            raise DataError(f"{where}: {shown} is hidden, and hidden files stay out of the image: rename it")
        return path

    def _add(self, path, where):
        """A wheel, a page of links, or all wheels of a directory."""
        file = os.path.join(self.directory, path)
        if not os.path.isdir(file):
            more = [path]
        else:
            more = [os.path.normpath(os.path.join(path, name)) for name in sorted(os.listdir(file)) if name.endswith(".whl")]
            if not more:
                raise DataError(f"{where}: {path} holds no wheel (.whl)")
        self.files += [name for name in more if name not in self.files]


# ---- what it says

def look(directory=None, train=None, test=None, target=None, index=None, pins=None):
    """What kubeforge asks before it builds, as the JSON of --json."""
    found = None if directory is None else Directory(directory, train, test)
    if found is not None and REQUIREMENTS in found.names:
        Requirements(directory, pins)
    train, test = (train, test) if found is None else (found.train, found.test)
    notes = []
    for file in (train, test):
        if file and file.endswith(".parquet"):
            notes.append(f"{file} is looked at when the image is built: it is Parquet")
    said = {"test": None, "features": None, "columns": [], "target": None, "index": None, "task": None, "classes": None, "data": {}}
    if not train and not test:
        if not (found.trains and "generate_data.py" in found.names):
            raise DataError(f"{found.path}: has no test.csv or test.parquet: models need example rows, which teach names and types")
        notes.append("generate_data.py writes the examples when the image is built")
    elif not notes:
        data = Data(train, test, target, index)
        if found is None:
            data.check_numbers()
        notes, schema = data.notes, data.schema
        said = {"test": data.test.rows, "features": len(schema.columns), "columns": [column.as_json() for column in schema.columns],
                "target": schema.target and schema.target.name, "index": schema.index, "task": schema.task,
                "classes": schema.classes and len(schema.classes), "data": data.as_json()}
        if data.train is not None:
            said["train"] = data.train.rows
    said["notes"] = notes
    said.update({"models": [] if found is None else found.models, "trains": found is None or found.trains,
                 "expected": found is not None and "expected.csv" in found.names,
                 "requirements": found is not None and REQUIREMENTS in found.names,
                 "bytes": None if found is None else found.bytes()})
    return said


def check_rows(path, keep):
    """Refuses rows for batch inference of which columns are to be kept that they do not have; says nothing of other columns."""
    with opened(path, path) as reader:
        header = header_of(next(reader.records(), (1, []))[1], path)
        Layout(Schema([]), header, reader, keep=() if keep == [ALL] else keep)
    return {"columns": header}


def main():
    parser = argparse.ArgumentParser(description="Says what a model directory, or the example's two files, hold.")
    parser.add_argument("--directory", help="with models, or with what makes them")
    parser.add_argument("--train", help="the example's files, or others than the directory's")
    parser.add_argument("--test")
    parser.add_argument("--target", help="the column with the truth")
    parser.add_argument("--index", help="the column that names a row")
    parser.add_argument("--pins", default="", help="the packages that the service itself runs on: a==1 b==2")
    parser.add_argument("--rows", help="rows for batch inference, whose header is looked at")
    parser.add_argument("--keep", default="", help="columns that these rows must have")
    parser.add_argument("--json", action="store_true", help="says it as JSON")
    options = parser.parse_args()
    try:
        if options.rows:
            said = check_rows(options.rows, names(options.keep))
        else:
            pins = pinned("\n".join(options.pins.split()))
            said = look(options.directory, options.train, options.test, options.target, options.index, pins)
    except DataError as error:
        if not options.json:
            sys.exit(str(error))
        return print(json.dumps({"refused": str(error)}))
    if options.json:
        return print(json.dumps(said))
    for note in said.get("notes", ()):
        print(f"note: {note}", flush=True)


if __name__ == "__main__":
    main()
