"""Do rows look as those did that models were trained on?

For each column, how the training's values fall into bins: ten quantiles of numbers, the twenty commonest values of anything else. The
population stability index (PSI) compares that with other rows: 0 is the same, above 0.25 is another distribution.
"""

import argparse
import json
import math
import os
import sys
from array import array
from bisect import bisect_right
from collections import Counter
from pathlib import Path

import numpy as np

QUANTILES, COMMONEST = 10, 20
LIMIT = 0.25  # the usual one: Siddiqi, Credit Risk Scorecards (2006)
FEWEST = 100  # rows: of fewer, a tenth is an accident
LEAST = 1e-4  # a share of nothing has no logarithm


def bins(examples, schema):
    """{column: {"edges": […], "shares": […]}} or {"values": […], "shares": […]}; the last share is of missing values, and that before
    it of values that are none of these."""
    kinds = [column.type for column in schema.columns]
    seen = [array("d") if kind in ("number", "integer") else Counter() for kind in kinds]
    missing = [0] * len(kinds)
    for _, values, _ in examples.records(schema):
        for place, value in enumerate(values):
            if value is None:
                missing[place] += 1
            elif kinds[place] in ("number", "integer"):
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
        found[column.name] = described | {"shares": tally.shares()}
    return found


def _edges(values):
    """Between the tenths of the values; equal ones are one."""
    values = sorted(values)
    edges = [values[len(values) * part // QUANTILES] for part in range(1, QUANTILES)] if values else []
    return {"edges": sorted(set(edges))}


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
        if self.edges is None:
            for value, count in Counter(values.tolist()).items():
                self.add(value, count)
            return
        numbers = values[~np.isnan(values)] if values.dtype.kind == "f" else values
        places = np.searchsorted(self.edges, numbers, side="right")
        for place, count in enumerate(np.bincount(places, minlength=len(self.counts) - 1).tolist()):
            self.counts[place] += count
        self.counts[-1] += len(values) - len(numbers)

    def shares(self):
        rows = sum(self.counts)
        return [count / rows if rows else 0.0 for count in self.counts]


class Watch:
    """Rows that pass by, compared with the bins of a training."""

    def __init__(self, schema, bins):
        self._expected = {name: bins[name]["shares"] for name in schema.features if name in bins}
        self._tallies = {name: Tally(bins[name]) for name in self._expected}
        self.rows = 0

    def add(self, rows):
        """rows.Rows"""
        self.rows += len(rows)
        for name, tally in self._tallies.items():
            tally.add_all(rows.column(name))

    def table(self):
        """{column: PSI}, the largest first; empty where too few rows passed for shares to mean something."""
        if self.rows < FEWEST:
            return {}
        found = {name: round(psi(self._expected[name], tally.shares()), 4) for name, tally in self._tallies.items()}
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def psi(expected, got):
    """The population stability index of two lists of shares."""
    total = 0.0
    for one, other in zip(expected, got):
        one, other = max(one, LEAST), max(other, LEAST)
        total += (other - one) * math.log(other / one)
    return total


def say(table):
    """The table as text: each column with its index, and what drifted marked."""
    width = max(map(len, table), default=0)
    return "".join(f"{name:<{width}}  {value:7.4f}{'  drifted' if value > LIMIT else ''}\n" for name, value in table.items())


def main():
    import inputs
    import metadata
    from table import DataError, Schema

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="CSV or Parquet, or an http(s) address")
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("MODELS_DIR", Path(__file__).parent / "models")))
    parser.add_argument("--json", action="store_true", help="says it as JSON")
    options = parser.parse_args()
    try:
        content = metadata.Trained(options.models).content
        schema = Schema.of(content["schema"])
        with inputs.opened(options.file) as (packed, name), inputs.as_csv(packed, name) as stream:
            layout, _, rows = inputs.begin(stream, name, schema)
            watch = Watch(schema, content["bins"])
            for chunk in inputs.chunks(rows, layout):
                watch.add(chunk[1])
    except DataError as error:
        sys.exit(str(error))
    table = watch.table()
    if options.json:
        return print(json.dumps({"rows": watch.rows, "limit": LIMIT, "drift": table}))
    if not table:
        return print(f"{watch.rows} rows are too few to be compared: it takes {FEWEST}")
    print(f"{watch.rows} rows, against {content['version']} (PSI: 0 is the same, above {LIMIT} has drifted)\n{say(table)}", end="")


if __name__ == "__main__":
    main()
