"""What do example rows show: which columns, of which types, with which classes?"""

import os
import unicodedata
from collections import Counter

import example_notes
from cells import doubtful, value
from column_types import Seen
from errors import DataError, counted, it_has, listed, shown
from header import header_of
from records import opened
from schema import Column, Layout, Schema

BLOCK = 256  # rows whose types are looked at together
TARGET, INDEX = "# Letter", "Line"  # where the inventory names no others


class Examples:
    """A file of examples, read once: its columns, and what was seen in them."""

    def __init__(self, path, name=None):
        self.path, self.name = path, str(name or path)
        self.rows = 0
        with opened(path, self.name) as reader:
            records = reader.records()
            self.header = header_of(next(records, (1, []))[1], self.name)
            self.seen = [Seen() for _ in self.header]
            self._read(records, reader)
            self.sha256, self.separator = reader.sha256, reader.separator
        signs = "," if any(seen.has_thousands for seen in self.seen) else ""
        for seen, is_refused, why in doubtful({seen: seen.decimals for seen in self.seen if seen.is_numeric}, signs):
            seen.refused, seen.note = (why, None) if is_refused else (seen.refused, seen.note or why)
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


def schema_of(train, test, target=None, index=None, types=None):
    """What the examples show; `train` may be None. Both have the same columns, in any order; the order of the first counts."""
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
    return _with_task(Schema(columns, column, index), train or test)


def _named(name, default, examples, word, other=None):
    if not name:
        return default if default in examples.header else None
    if name not in examples.header and not (other and name in other.header):
        raise DataError(f"{examples.name}:1: has no column {name!r}, which {word}: names{it_has(examples.header)}")
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
            raise DataError(f"{test.name}:1: has no column {name!r}, which {os.path.basename(train.name)} has{it_has(test.header)}")
        one, other = seen[name], test.seen[place]
        for what in ("missing", "padded", "numbers", "booleans", "texts", "zeros"):
            setattr(one, what, getattr(one, what) + getattr(other, what))
        one.whole, one.odd = one.whole and other.whole, one.odd or other.odd
        one.refused, one.note = one.refused or other.refused, one.note or other.note
        one.example = other.example if one.example is None else one.example


def _with_task(schema, examples):
    """Text and booleans are classes; whole numbers are, where there are few of them."""
    counts = Counter(truth for _, truth in examples.truths(schema))
    kind, rows = schema.target.type, sum(counts.values())
    whole = kind != "number" or all(float(number).is_integer() for number in counts)
    many = kind in ("integer", "number") and len(counts) > max(30, rows // 2 if rows < 2000 else 1000)
    if not whole or many:
        schema.task = "regression"
    else:
        schema.task, schema.classes = "classification", sorted(counts)
    return schema


def _strange(schema, train, test):
    """Which class the test has first that the training has not; None if there is none."""
    if not schema.classes or train is None or test is train:
        return None
    known = set(schema.classes)
    for where, truth in test.truths(schema):
        if truth not in known:
            return (f"{where}: class {shown(truth)} is not in {os.path.basename(train.name)}, which has "
                    f"{', '.join(map(shown, schema.classes[:30]))}{', …' if len(schema.classes) > 30 else ''}")
    return None


class Data:
    """The examples of a directory: what they show, and what is worth knowing about them."""

    def __init__(self, train, test, target=None, index=None, types=None):
        """Two files, each a path or (path, name for messages); either may be None, and then the other is both."""
        read = [None if file is None else Examples(*(file if isinstance(file, tuple) else (file,))) for file in (train, test)]
        self.train, self.test = read[0], read[1] or read[0]
        self.schema = schema_of(self.train, self.test, target, index, types)
        self.strange = _strange(self.schema, self.train, self.test)  # a class that training has not, as a sentence, or None
        # Of numbers only the models say whether they are classes.
        if self.strange and self.schema.target.type in ("text", "boolean"):
            raise DataError(self.strange)
        self.notes = list(example_notes.notes(self))

    def as_json(self):
        """Which files they are: what golden.json and metadata.json say of them."""
        read = {"train": self.train, "test": self.test}
        return {name: {"sha256": one.sha256, "rows": one.rows} for name, one in read.items() if one is not None}

    def check_numbers(self):
        """What the models of the example need: numbers in every cell, and classes with rows to learn them from."""
        train, schema = self.train or self.test, self.schema
        for examples in {id(one): one for one in (train, self.test)}.values():
            for column in schema.columns:
                seen = examples.seen[[unicodedata.normalize("NFC", name) for name in examples.header].index(
                    unicodedata.normalize("NFC", column.name))]
                if seen.missing or seen.padded or column.type not in ("number", "integer"):
                    self._find_no_number(examples, column)
        if schema.target is None:
            raise DataError(f"{train.name}:1: has no column {TARGET!r}, which says what models are to learn{it_has(train.header)}; "
                            "service: target: names another")
        rows, classes = train.rows, len(schema.classes or ())
        if schema.task != "classification":
            raise DataError(f"{train.name}: its target {schema.target.name!r} has numbers, not classes: use a train.py of your own "
                            "for them (service: model:)")
        if self.strange:
            raise DataError(self.strange)
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
