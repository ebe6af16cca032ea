"""What does a CSV file with the columns Line, # Letter and any number of features hold?"""

import csv
import hashlib
import io
import math
import re
from dataclasses import dataclass

import numpy as np

# float() alone would also take "1_000", "nan" and digits of other scripts.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WHOLE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


class DataError(Exception):
    """A file that cannot be used; the text says where (file:line, column) and why."""


@dataclass(frozen=True)
class Dataset:
    """The rows of one file: n rows, m features."""

    features: list  # m names
    rows: np.ndarray  # n × m, float64, all finite
    truth: np.ndarray  # n class numbers, int64, from 0
    sha256: str  # of the file's bytes, hexadecimal


def letter(number, classes):
    """The name of a class: a letter where the alphabet reaches (`classes` is the highest class + 1), else its number."""
    return chr(65 + number) if classes <= 26 else str(number)


def read(path):
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: is not UTF-8") from None
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        features = _features(next(table, []), path)
        records = [_record(cells, place, features, path, table.line_num) for place, cells in enumerate(table)]
    except csv.Error as error:
        raise DataError(f"{path}:{table.line_num}: is not CSV: {error}") from None
    if not records:
        raise DataError(f"{path}:1: has no rows below its header")
    truth, rows = zip(*records)
    return Dataset(features, np.array(rows), np.array(truth), hashlib.sha256(content).hexdigest())


def read_pair(folder):
    """train.csv and test.csv of a folder, with the same features, and no class in the test that training never saw."""
    train, test = read(folder / "train.csv"), read(folder / "test.csv")
    if len(train.features) != len(test.features):
        raise DataError(f"{folder}/test.csv:1: has {len(test.features)} features, train.csv {len(train.features)}")
    for column, (expected, got) in enumerate(zip(train.features, test.features), start=3):
        if expected != got:
            raise DataError(f"{folder}/test.csv:1, column {column}: is {got!r}, in train.csv {expected!r}")
    classes = np.unique(train.truth)
    if len(classes) < 2 or len(train.truth) <= len(classes):
        raise DataError(f"{folder}/train.csv: needs two classes or more, and more rows than classes")
    unknown = np.flatnonzero(~np.isin(test.truth, classes))
    if len(unknown):
        number = test.truth[unknown[0]]
        raise DataError(f"{folder}/test.csv: row {unknown[0]} has class {number}, which train.csv does not have")
    return train, test


def _features(header, path):
    names = [name.strip() for name in header]
    for place, expected in enumerate(["Line", "# Letter"]):
        if names[place : place + 1] != [expected]:
            got = repr(names[place]) if place < len(names) else "missing"
            raise DataError(f"{path}:1, column {place + 1}: must be {expected!r}, is {got}")
    features = names[2:]
    if not features:
        raise DataError(f"{path}:1: has no features after Line and # Letter")
    for place, name in enumerate(features):
        if not name:
            raise DataError(f"{path}:1, column {place + 3}: has no name")
        if name in features[:place]:
            raise DataError(f"{path}:1, column {place + 3}: {name!r} is there twice")
    return features


def _record(cells, place, features, path, line):
    if len(cells) != len(features) + 2:
        raise DataError(f"{path}:{line}: has {len(cells)} columns, the header {len(features) + 2}")
    if cells[0].strip() != str(place):
        raise DataError(f"{path}:{line}, column 1 (Line): must be {place}, is {cells[0]!r}: rows are numbered from 0")
    if not WHOLE_NUMBER.fullmatch(cells[1].strip()):
        raise DataError(f"{path}:{line}, column 2 (# Letter): must be a class from 0 on, is {cells[1]!r}")
    values = []
    for column, (name, cell) in enumerate(zip(features, cells[2:]), start=3):
        value = float(cell) if NUMBER.fullmatch(cell.strip()) else math.nan
        if not math.isfinite(value):
            raise DataError(f"{path}:{line}, column {column} ({name}): must be a finite number, is {cell!r}")
        values.append(value)
    return int(cells[1]), values
