"""Do rows look like those that the models were trained on?

For each column, training records how its values fall into bins: ten quantiles of numbers, and each number that many rows have; the twenty
commonest values of anything else.
The population stability index (PSI) compares that with other rows: below 0.1 they are alike, from 0.1 to 0.25 they have moved, above
0.25 the distribution is different.

Training, batch inference and `kubeforge drift` use it. The last runs it on the operator's computer, so that rows stay there: Python may be
as old as 3.8 there, and has no packages.
"""

import argparse
import json
import math
import os
import struct
import sys
import tempfile
from array import array
from bisect import bisect_right
from collections import Counter
from contextlib import contextmanager

import parquet
from errors import DataError
from header import header_of
from records import opened
from schema import Column, Layout, Schema

QUANTILES, COMMONEST = 10, 20
MOVED, LIMIT = 0.1, 0.25  # the usual ones: Siddiqi, Credit Risk Scorecards (2006)
FEWEST = 100  # rows: of fewer, a tenth is an accident
LEAST = 1e-4  # a share of nothing has no logarithm
NUMBERS = ("number", "integer")


def bins(examples, schema):
    """{column: {"edges": […], "shares": […]}} or {"values": […], "shares": […]}; the last share is of missing values, and that before
    it of values that are none of these."""
    kinds = [column.type for column in schema.columns]
    seen = [array("d") if kind in NUMBERS else Counter() for kind in kinds]
    missing = [0] * len(kinds)
    for _, values, _ in examples.records(schema):
        for place, value in enumerate(values):
            if value is None:
                missing[place] += 1
            elif kinds[place] in NUMBERS:
                seen[place].append(value)
            else:
                seen[place][value] += 1
    found = {}
    for column, values, gaps in zip(schema.columns, seen, missing):
        described = _edges(values) if isinstance(values, array) else {"values": [value for value, _ in values.most_common(COMMONEST)]}
        tally = Tally(described)
        for value in values:
            tally.add(value, 1 if isinstance(values, array) else values[value])
        tally.counts[-1] += gaps
        found[column.name] = dict(described, shares=tally.shares())
    return found


def _edges(values):
    """The edges between the tenths of the values, each once. A value that more than a tenth of the rows have, such as 0 of a flag, is a bin
    of its own: with what is above it in one bin, nobody would see it change."""
    values = sorted(values)
    edges = Counter(values[len(values) * part // QUANTILES] for part in range(1, QUANTILES)) if values else {}
    return {"edges": sorted({*edges, *(_above(value) for value, count in edges.items() if count > 1)})}


def _above(number):
    """The next larger float; math.nextafter is not in Python 3.8."""
    if number == 0:
        return 5e-324
    bits, = struct.unpack("<q", struct.pack("<d", number))
    return struct.unpack("<d", struct.pack("<q", bits + (1 if number > 0 else -1)))[0]


class Tally:
    """How many values fell into each bin of one column."""

    def __init__(self, described):
        self.edges = described.get("edges")
        self.places = None if self.edges is not None else {value: place for place, value in enumerate(described["values"])}
        self.counts = [0] * (len(described["values"] if self.edges is None else self.edges) + 2)

    def add(self, value, count=1):
        if value is None or value != value:
            self.counts[-1] += count
        elif self.edges is None:
            self.counts[self.places.get(value, len(self.places))] += count
        else:
            self.counts[bisect_right(self.edges, value)] += count

    def add_all(self, values):
        """A numpy array of them."""
        import numpy as np

        if self.edges is None:
            for value, count in Counter(values.tolist()).items():
                self.add(value, count)
            return
        values = values.astype(np.float64) if values.dtype == object else values  # whole numbers beside fractions
        numbers = values[~np.isnan(values)] if values.dtype.kind == "f" else values
        places = np.searchsorted(self.edges, numbers, side="right")
        for place, count in enumerate(np.bincount(places, minlength=len(self.counts) - 1).tolist()):
            self.counts[place] += count
        self.counts[-1] += len(values) - len(numbers)

    def shares(self):
        rows = sum(self.counts)
        return [count / rows if rows else 0.0 for count in self.counts]


class Watch:
    """Counts rows, and compares them with the bins of a training."""

    def __init__(self, schema, bins):
        self._expected = {name: bins[name]["shares"] for name in schema.features if name in bins}
        self._tallies = {name: Tally(bins[name]) for name in self._expected}
        self._in_order = [self._tallies.get(name) for name in schema.features]
        self.rows = 0

    def add(self, rows):
        """rows.Rows"""
        self.rows += len(rows)
        for name, tally in self._tallies.items():
            tally.add_all(rows.column(name))

    def add_row(self, values):
        """Values in the order of the schema."""
        self.rows += 1
        for tally, value in zip(self._in_order, values):
            if tally is not None:
                tally.add(value)

    def table(self):
        """{column: PSI}, the largest first; empty where too few rows passed for shares to mean something."""
        if self.rows < FEWEST:
            return {}
        found = {name: round(psi(self._expected[name], tally.shares()), 4) for name, tally in self._tallies.items()}
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    def missing(self, name):
        """The shares of rows without a value: in the training, and here."""
        return self._expected[name][-1], self._tallies[name].shares()[-1]


def psi(expected, got):
    """The population stability index of two lists of shares."""
    total = 0.0
    for one, other in zip(expected, got):
        one, other = max(one, LEAST), max(other, LEAST)
        total += (other - one) * math.log(other / one)
    return total


# ---- a file of rows

def compare(path, content):
    """The Watch over all rows of a file. `content`: what metadata.json holds."""
    if not content.get("bins"):
        raise DataError("these models were trained before kubeforge recorded how their columns are distributed: train them again")
    schema = Schema.of(content["schema"])
    # A gap where the training has none is a part of the drift.
    lenient = Schema([Column(column.name, column.type, optional=True) for column in schema.columns])
    watch = Watch(schema, content["bins"])
    with as_csv(path, schema) as plain, opened(plain, path) as reader:
        records = reader.records()
        header = header_of(next(records, (1, []))[1], path)
        layout, other = Layout(schema, header, reader), Layout(lenient, header, reader)
        for line, cells in records:
            try:
                watch.add_row(layout.values(cells, line))
            except DataError:
                watch.add_row(other.values(cells, line))
        layout.check_decimals()
    return watch


@contextmanager
def as_csv(path, schema):
    """The path of a CSV file with the same rows, in which the columns of the schema are plain."""
    with open_or_refuse(path) as file:
        is_parquet = file.read(len(parquet.MAGIC)) == parquet.MAGIC
    if not is_parquet:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="kubeforge-") as directory:
        plain = os.path.join(directory, "rows.csv")
        remedy = "activate a virtual environment that has it, or save the file as CSV"
        parquet.to_csv(path, plain, path, remedy, schema.names)
        yield plain


def open_or_refuse(path):
    try:
        return open(path, "rb")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def verdict(value, limit=LIMIT):
    """What an index says."""
    return "drifted" if value > limit else "moved" if value >= min(MOVED, limit) else "stable"


def said(watch, content, limit):
    """What kubeforge shows, as --json prints it."""
    types = {column["name"]: column["type"] for column in content["schema"]["columns"]}
    columns = [{"name": name, "type": types[name], "psi": value, "verdict": verdict(value, limit), "missing": watch.missing(name)}
               for name, value in watch.table().items()]
    return {"rows": watch.rows, "fewest": FEWEST, "limit": limit, "version": content.get("version"), "columns": columns}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="CSV or Parquet")
    parser.add_argument("--metadata", default=os.path.join(os.environ.get("MODELS_DIR", "models"), "metadata.json"),
                        help="metadata.json of the training; -: standard input")
    parser.add_argument("--limit", type=float, default=LIMIT, help="the index above which a column has drifted")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    try:
        if options.metadata == "-":
            content = json.load(sys.stdin)
        else:
            with open_or_refuse(options.metadata) as file:
                content = json.load(file)
        watch = compare(options.file, content)
    except DataError as error:
        return print(json.dumps({"refused": str(error)})) if options.json else sys.exit(str(error))
    found = said(watch, content, options.limit)
    if options.json:
        return print(json.dumps(found))
    if not found["columns"]:
        return print(f"{watch.rows} rows are too few to compare: at least {FEWEST} are needed")
    print(f"{watch.rows} rows, against {found['version']} (PSI: below {MOVED} is stable, above {options.limit} has drifted)")
    width = max(len(column["name"]) for column in found["columns"])
    for column in found["columns"]:
        print(f"{column['name']:<{width}}  {column['psi']:7.4f}  {column['verdict']}")


if __name__ == "__main__":
    main()
