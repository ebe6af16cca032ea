"""What does a CSV file with the columns Line, # Letter and any number of features hold?

The one reader of such files: the image's build, training, the service and batch inference use it, and `kubeforge deploy` runs it
where it was typed, before anything is built. There Python may be as old as 3.8, and has no packages.
"""

import argparse
import csv
import hashlib
import itertools
import json
import math
import re
import sys
import unicodedata
from array import array
from collections import Counter

PIECE = 256 * 1024  # bytes
LONGEST_LINE = 4 * 1024 * 1024  # bytes
LARGEST = 1e150  # models square numbers; the sum of squares must be finite
# float() alone would also take "1_000", "nan" and digits of other scripts.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WHOLE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
# Cells of nothing else hold what float() takes just as NUMBER does.
PLAIN = b"0123456789+-.eE \t"
BLANK = " \t"
MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
# What people save instead of CSV in UTF-8, by how it begins.
OTHER_FILES = (
    (b"\xff\xfe", "is UTF-16: save it as UTF-8"), (b"\xfe\xff", "is UTF-16: save it as UTF-8"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it"), (b"PK\x03\x04", "is a ZIP archive or an Excel workbook: save it as CSV"),
    (b"PAR1", "is a Parquet file: save it as CSV"),
)


class DataError(Exception):
    """A file that cannot be used; the text says where (file:line, column) and why."""


class Reader:
    """The records of a file that comes in pieces of bytes; it may be larger than the memory."""

    def __init__(self, pieces, name):
        self.name = name
        self.line = 0  # lines read so far
        self.offset = 0  # their bytes
        self._pieces, self._digest = pieces, hashlib.sha256()

    @property
    def sha256(self):
        """Of all bytes, when all records have been read."""
        return self._digest.hexdigest()

    def records(self):
        """(line that it begins in, cells) of each record, the header among them."""
        table = csv.reader(self._lines(), strict=True)
        while True:
            first = self.line + 1
            try:
                cells = next(table, None)
            except csv.Error as error:
                raise DataError(f"{self.name}:{first}: is not CSV: {error}") from None
            if cells is None:
                return
            yield first, cells

    def _lines(self):
        rest, started = b"", False
        for piece in self._pieces:
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
            raise DataError(f"{self.name}:{self.line}: is not UTF-8 (byte 0x{line[error.start]:02x}): save it as UTF-8") from None


class Table:
    """The rows of one file: n rows, m features."""

    def __init__(self, name):
        self.name = name
        self.features = []  # m names
        self.values = array("d")  # n × m, row by row, all finite
        self.truth = array("q")  # n class numbers, from 0
        self.sha256 = ""  # of the file's bytes, hexadecimal
        self.first_line = 2  # of row 0

    def row(self, number):
        """The features of a row."""
        width = len(self.features)
        return self.values[number * width : (number + 1) * width]


def names(cells, name):
    """The names in a header; columns that are separated by something else than a comma are told as that."""
    for separator, word in ((";", "';'"), ("\t", "a tab"), ("|", "'|'")):
        if len(cells) == 1 and separator in cells[0]:
            raise DataError(f"{name}:1: its columns are separated by {word}: separate them by commas, and write decimals with a point")
    return [cell.strip(BLANK) for cell in cells]


def is_other_composition(one, other):
    """Whether two names look the same but differ: é can be one character, or e and a combining accent."""
    return one != other and unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def check_width(cells, width, where):
    if not cells:
        raise DataError(f"{where}: is empty: remove the line")
    if len(cells) != width:
        comma = " (a comma separates columns: write decimals with a point)" if len(cells) > width else ""
        raise DataError(f"{where}: has {len(cells)} columns, the header {width}{comma}")


def numbers(cells, features, before, where):
    """The features in the last cells of a record, as floats; `before` columns stand in front of them."""
    own = cells[before:]
    if not "".join(own).encode().translate(None, PLAIN):
        try:
            values = list(map(float, own))
        except ValueError:
            values = [math.nan]
        if all(-LARGEST <= value <= LARGEST for value in values):
            return values
    # Slower, and says which it is.
    for column, (name, cell) in enumerate(zip(features, own), start=before + 1):
        if not NUMBER.fullmatch(cell.strip(BLANK)):
            raise DataError(f"{where}, column {column} ({name}): must be a finite number, is {cell!r}{_hint(cell)}")
        if not -LARGEST <= float(cell) <= LARGEST:
            raise DataError(f"{where}, column {column} ({name}): must be from -1e150 to 1e150, is {cell!r}")
    return list(map(float, own))


def _hint(cell):
    if cell.strip(BLANK).lower() in MISSING:
        return ": a missing value must be filled in, or its row left out"
    if re.fullmatch(r"[+-]?\d+,\d+", cell.strip(BLANK)):
        return ": write decimals with a point"
    return ""


def read(path, name=None):
    """A file of examples: Line, # Letter and features, rows numbered from 0."""
    table = Table(str(name or path))
    try:
        with open(path, "rb") as file:
            _fill(table, Reader(iter(lambda: file.read(PIECE), b""), table.name))
    except OSError as error:
        raise DataError(f"{table.name}: cannot be read: {error.strerror}") from None
    if not table.truth:
        raise DataError(f"{table.name}:1: has no rows below its header")
    return table


def _fill(table, reader):
    records = reader.records()
    table.features = _features(names(next(records, (1, []))[1], table.name), table.name)
    table.first_line, width = reader.line + 1, len(table.features) + 2
    for place, (line, cells) in enumerate(records):
        where = f"{table.name}:{line}"
        check_width(cells, width, where)
        if cells[0].strip(BLANK) != str(place):
            raise DataError(f"{where}, column 1 (Line): must be {place}, is {cells[0]!r}: rows are numbered from 0")
        if not WHOLE_NUMBER.fullmatch(cells[1].strip(BLANK)):
            raise DataError(f"{where}, column 2 (# Letter): must be a class, a whole number from 0 to 999999999, is {cells[1]!r}")
        table.values.extend(numbers(cells, table.features, 2, where))
        table.truth.append(int(cells[1]))
    table.sha256 = reader.sha256


def _features(header, name):
    for place, expected in enumerate(["Line", "# Letter"]):
        if header[place : place + 1] != [expected]:
            got = repr(header[place]) if place < len(header) else "missing"
            raise DataError(f"{name}:1, column {place + 1}: must be {expected!r}, is {got}")
    features = header[2:]
    if not features:
        raise DataError(f"{name}:1: has no features after Line and # Letter")
    seen = {}
    for column, feature in enumerate(features, start=3):
        if not feature:
            raise DataError(f"{name}:1, column {column}: has no name")
        composed = unicodedata.normalize("NFC", feature)
        if composed in seen:
            other = ", composed of other Unicode characters" if seen[composed] != feature else ""
            raise DataError(f"{name}:1, column {column}: {feature!r} is there twice{other}")
        seen[composed] = feature
    return features


def read_pair(train, test, train_name=None, test_name=None):
    """Examples for training and for the test: the same features, and no class in the test that training never saw."""
    train, test = read(train, train_name), read(test, test_name)
    _check_features(train, test)
    classes = Counter(train.truth)
    if len(classes) < 2 or len(train.truth) <= len(classes):
        raise DataError(f"{train.name}: needs two classes or more, and more rows than classes; "
                        f"it has {counted(len(classes), 'class')} in {counted(len(train.truth), 'row')}")
    for row, number in enumerate(test.truth):
        if number not in classes:
            known = ", ".join(map(str, sorted(classes)[:30])) + (", …" if len(classes) > 30 else "")
            raise DataError(f"{test.name}:{test.first_line + row}, column 2 (# Letter): "
                            f"class {number} is not in train.csv, which has {known}")
    _check_variation(train)
    return train, test


def _check_features(train, test):
    for column, (expected, got) in enumerate(itertools.zip_longest(train.features, test.features), start=3):
        if expected is None or got is None:
            raise DataError(f"{test.name}:1: has {counted(len(test.features), 'feature')}, train.csv {len(train.features)}")
        if is_other_composition(expected, got):
            raise DataError(f"{test.name}:1, column {column}: {got!r} looks as in train.csv, and is composed of other Unicode "
                            f"characters ({_points(got)} here, {_points(expected)} there): use the same form in both")
        if expected != got:
            raise DataError(f"{test.name}:1, column {column}: is {got!r}, in train.csv {expected!r}")


def _points(name):
    return " ".join(f"U+{ord(character):04X}" for character in name if ord(character) > 127)


def _check_variation(train):
    """LDA needs rows of a class that differ. Both models see each row divided by its length."""
    first = {}
    for row, number in enumerate(train.truth):
        values = train.row(row)
        length = math.sqrt(math.fsum(value * value for value in values)) or 1.0
        scaled = [value / length for value in values]
        other = first.setdefault(number, scaled)
        if other is not scaled and any(abs(one - two) > 1e-9 for one, two in zip(scaled, other)):
            return
    reason = ("with one feature, every row becomes 1 or -1: give two features or more" if len(train.features) == 1
              else "give rows of a class that differ in more than their size")
    raise DataError(f"{train.name}: cannot be trained on: models see each row divided by its length (its L2 norm), and then all rows "
                    f"of a class are the same; {reason}")


def notes(train, test):
    """What is allowed, and worth knowing."""
    if train.values == test.values and train.truth == test.truth:
        yield "test.csv has the rows of train.csv: scores tell how well models remember, not how well they do on new rows"
    width = len(train.features)
    constant = [name for column, name in enumerate(train.features) if _is_constant(train.values, column, width)]
    if constant:
        shown = ", ".join(constant[:5]) + (", …" if len(constant) > 5 else "")
        yield f"train.csv has {counted(len(constant), 'feature')} with the same value in every row: {shown}"
    rare = [(count, number) for number, count in Counter(train.truth).items() if count < 5]
    if rare:
        count, number = min(rare)
        yield f"train.csv has {counted(count, 'row')} of class {number}: cross-validation takes fewer than 5 folds, or is left out"


def _is_constant(values, column, width):
    return all(value == values[column] for value in itertools.islice(values, column, None, width))


def counted(number, word):
    return f"{number} {word}" if number == 1 else f"{number} {word}es" if word.endswith("s") else f"{number} {word}s"


def write_rows(path, table):
    """The rows as JSON, one a line, for who compares answers with them: {"row": 0, "features": [1.5, 0.25]}."""
    with open(path, "w", encoding="utf-8") as file:
        for number in range(len(table.truth)):
            file.write(json.dumps({"row": number, "features": table.row(number).tolist()}) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Says whether models can be trained on two files.")
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--rows", help="the file that the rows of the test are written to, as JSON")
    parser.add_argument("--json", action="store_true", help="says it as JSON")
    options = parser.parse_args()
    try:
        train, test = read_pair(options.train, options.test)
    except DataError as error:
        if not options.json:
            sys.exit(str(error))
        return print(json.dumps({"refused": str(error)}))
    told = list(notes(train, test))
    if options.rows:
        write_rows(options.rows, test)
    if options.json:
        return print(json.dumps({"notes": told, "features": len(train.features), "train": len(train.truth), "test": len(test.truth)}))
    for note in told:
        print(f"note: {note}", flush=True)


if __name__ == "__main__":
    main()
