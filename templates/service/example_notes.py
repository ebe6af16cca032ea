"""Which notes does a user get about example rows that are valid?"""

import os
from collections import Counter

from errors import counted, listed, shown
from header import header_of
from records import BLANK, opened
from schema import Layout, Schema


def notes(data):
    """Yields the notes, one sentence each."""
    schema, train = data.schema, data.train or data.test
    name = os.path.basename(train.name)
    if data.train is not None and (data.test is data.train or data.test.sha256 == data.train.sha256):
        what = "is missing: the rows of train.csv are the examples, and" if data.test is data.train else "has the rows of train.csv:"
        yield f"test.csv {what} scores tell how well models remember, not how well they do on new rows"
    if data.strange:
        yield f"{data.strange}: where models answer classes, none can be right"
    constant = _constant(train, schema.features)
    if constant:
        yield (f"{name} has {counted(len(constant), 'feature')} with the same value in every row: "
               f"{', '.join(constant[:5])}{', …' if len(constant) > 5 else ''}")
    equal = list(_equal(train, [feature for feature in schema.features if feature not in constant]))
    if equal:
        yield f"{name} has features that are the same in every row: {', '.join(equal[:5])}{', …' if len(equal) > 5 else ''}"
    zeros = _zeros(train, schema)
    if zeros:
        yield f"{name} has {counted(zeros, 'row')} in which every feature is 0"
    types = {column.name: column.type for column in (*schema.columns, schema.target) if column is not None}
    known = {column for column, kind in types.items() if kind in ("number", "integer")}
    yield from (seen.note for header, seen in zip(train.header, train.seen) if seen.note and header in known)
    spaced = [header for header, seen in zip(train.header, train.seen)
              if (seen.has_spaces or seen.padded) and types.get(header) == "text"]
    if spaced and not name.endswith(".parquet"):
        yield (f"{name} has spaces around text in {listed(spaced)}: they are a part of it, as for pandas.read_csv without "
               "skipinitialspace=True")
    if schema.target is not None and data.test.rows == 1:
        yield f"{os.path.basename(data.test.name)} has 1 row: its score is all or nothing"
    if not train.name.endswith(".parquet"):
        yield from _zeros_in_front(train, types)
    empty = [column.name for column in schema.columns if column.example is None]
    if empty:
        yield f"no example has a value for {listed(empty)}"
    if schema.classes and data.train is not None:
        counts = Counter(truth for _, truth in train.truths(schema))
        number, count = min(counts.items(), key=lambda pair: pair[1])
        if count < 5:
            yield f"{name} has {counted(count, 'row')} of class {shown(number)}"
    if schema.target is None:
        yield f"no column is the target (service: target:): nothing is scored. The columns are {listed(schema.features)}"


def _zeros_in_front(train, types):
    """Which columns are text for their zeros alone: a notebook has numbers there, unless it says otherwise."""
    found = [name for name, seen in zip(train.header, train.seen) if types.get(name) == "text" and seen.is_zeros_alone]
    if found:
        yield (f"{os.path.basename(train.name)} has leading zeros in {listed(found)}, which {'is' if len(found) == 1 else 'are'} "
               f"text here; pandas.read_csv reads numbers, unless dtype={{{found[0]!r}: str}} says otherwise")


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


def _equal(examples, names):
    """`a = b` for those of the columns that hold the same cells, of two rows or more."""
    alike = {}
    for name in names if examples.rows > 1 else ():
        alike.setdefault(examples.seen[examples.header.index(name)].digest, []).append(name)
    return (" = ".join(same) for same in alike.values() if len(same) > 1)


def _zeros(examples, schema):
    """How many rows are nothing but zeros, where features are measured; flags and counts are often 0."""
    if len(schema.columns) < 2 or not schema.is_numeric or all(column.type == "integer" for column in schema.columns):
        return 0
    with opened(examples.path, examples.name) as reader:
        records = reader.records()
        places = Layout(Schema(schema.columns), header_of(next(records)[1], examples.name), reader).places
        return sum(not "".join([cells[place] for place in places]).strip("0.,+-" + BLANK) for _, cells in records)
