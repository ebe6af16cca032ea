"""What do example rows show: which columns, of which types, with which classes?"""

import os
import re
import unicodedata
from collections import Counter

from cells import BOOLEANS, LARGEST, MISSING, NUMBER, PLAIN, WHOLE_NUMBER, Decimals, doubtful, number_hint, value
from errors import DataError, counted, it_has, listed, shown
from header import header_of
from records import BLANK, opened
from schema import Column, Layout, Schema

BLOCK = 256  # rows whose types are looked at together
FEW_EXCEPTIONS = 0.1  # of a column's cells: fewer that are not numbers are mistakes, more make it text
ZERO_IN_FRONT = re.compile(r"[+-]?0\d", re.ASCII)  # 01234 is a postal code: as a number it would lose its zero
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+,\d+", re.ASCII)  # 1.107,5
TARGET, INDEX = "# Letter", "Line"  # where the inventory names no others


class Seen:
    """What has been seen of a column's cells."""

    def __init__(self):
        self.missing = self.numbers = self.booleans = self.texts = self.zeros = 0
        self.padded = 0  # of nothing but blanks, or of a word for nothing among them: missing, unless the column is text
        self.whole = True
        self.example = None
        self.odd = None  # (where, cell) of the first that is no number
        self.decimals, self.refused, self.note = Decimals(), None, None  # why a number may be another
        self.has_thousands = self.has_spaces = False  # in text, the latter around it
        self.digest = 0  # of all cells, to compare with other columns

    def add(self, cells, where, decimal):
        """Counts a block of cells by type; `where(n)` returns the position of the n-th, for messages."""
        self.digest = hash((self.digest, cells))
        joined = "".join(cells)
        if joined and not joined.encode().translate(None, PLAIN) and self._plain(cells, joined, where, decimal):
            return
        for number, cell in enumerate(cells):
            self._look(cell.strip(BLANK), cell, where, number, decimal)

    def _plain(self, cells, joined, where, decimal):
        """The fast path, for numbers without leading zeros."""
        try:
            if not all(-LARGEST <= number <= LARGEST for number in map(float, cells)):
                return False
        except ValueError:
            return False
        is_whole = not any(sign in joined for sign in ".eE")
        if is_whole and any(ZERO_IN_FRONT.match(cell.strip(BLANK)) or len(cell) > 18 for cell in cells):
            return False
        for number, cell in enumerate(cells) if decimal else ():
            self.decimals.add(cell.strip(BLANK), lambda: where(number))
        self.numbers += len(cells)
        self.whole = self.whole and is_whole
        if self.example is None:
            self.example = cells[0]
        return True

    def _look(self, text, cell, where, number, decimal):
        if text in MISSING:
            self.missing += cell in MISSING
            self.padded += cell not in MISSING
            return
        if self.example is None:
            self.example = cell
        if text in BOOLEANS:
            self.booleans += 1
        else:
            digits = text.replace(decimal, ".") if decimal and text.count(decimal) == 1 else text
            if NUMBER.fullmatch(digits):
                self.numbers += 1
                if decimal:
                    self.decimals.add(text, lambda: where(number))
                if ZERO_IN_FRONT.match(digits) and digits.lstrip("+-").isdigit():
                    self.zeros += 1
                self.whole = self.whole and bool(WHOLE_NUMBER.fullmatch(digits))
                if abs(float(digits)) > LARGEST:
                    raise DataError(f"{where(number)}: must be from -1e150 to 1e150, is {cell!r}")
                return
            self.texts += 1
            self.has_spaces = self.has_spaces or text != cell
            self.has_thousands = self.has_thousands or bool(decimal and THOUSANDS.fullmatch(text))
        if self.odd is None:
            self.odd = (where(number), cell, number_hint(text, decimal))

    def column(self, name, type=None):
        """The type of the column. A few cells that are not numbers, among many that are, are refused."""
        known = self.numbers + self.booleans + self.texts
        found = self._type(known)
        if type is None and found == "text" and self.numbers > known * (1 - FEW_EXCEPTIONS) and not self.zeros:
            where, cell, hint = self.odd
            raise DataError(f"{where}: must be a number as in {self.numbers} other rows, is {cell!r}"
                            f"{hint or ': correct it, or save the file as Parquet if the column is text'}")
        if type in ("number", "integer") and self.texts:  # as Parquet may have infinite ones
            where, cell, hint = self.odd
            raise DataError(f"{where}: must be a finite number, is {cell!r}{hint}")
        if type is None and self.booleans and self.numbers and not self.texts:
            where, cell, _ = self.odd
            others = counted(self.numbers, "other row")
            raise DataError(f"{where}: is {cell!r}, and the column has numbers in {others}: write True and False, or 1 and 0, in all of "
                            "them, or save the file as Parquet if the column is text")
        column = Column(name, type or found, bool(self.missing or self.padded and (type or found) != "text"))
        if self.refused and column.type in ("number", "integer"):
            raise DataError(f"{self.refused}, or save the file as Parquet if the column is text")
        decimal = "," if "," in (self.example or "") and column.type in ("number", "integer") else ""
        column.example = None if self.example is None else value(self.example, column, name, decimal)
        return column

    @property
    def is_numeric(self):
        return self._type(self.numbers + self.booleans + self.texts) in ("number", "integer")

    @property
    def is_zeros_alone(self):
        """Whether all cells are digits, which leading zeros make text."""
        return bool(self.zeros) and not self.booleans and not self.texts

    def _type(self, known):
        if not known:
            return "number"  # no example has a value
        if self.numbers == known:
            return "text" if self.zeros else "integer" if self.whole else "number"
        return "boolean" if self.booleans == known else "text"


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
    return _with_task(Schema(columns, column, index), train, test)


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
    strange = _strange(schema, train, test)
    # Of numbers only the models say whether they are classes.
    if strange and kind in ("text", "boolean"):
        raise DataError(strange)
    return schema


def _strange(schema, train, test):
    """Which class the test has first that the training has not; None if there is none."""
    known = set(schema.classes or ())
    for where, truth in test.truths(schema) if known and train is not None and test is not train else ():
        if truth not in known:
            return (f"{where}: class {shown(truth)} is not in {os.path.basename(train.name)}, which has "
                    f"{', '.join(map(shown, schema.classes[:30]))}{', …' if len(schema.classes) > 30 else ''}")
    return None


# ---- both files

class Data:
    """The examples of a directory: what they show, and what is worth knowing about them."""

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
        name = os.path.basename(train.name)
        if self.train is not None and (self.test is self.train or self.test.sha256 == self.train.sha256):
            what = "is missing: the rows of train.csv are the examples, and" if self.test is self.train else "has the rows of train.csv:"
            yield f"test.csv {what} scores tell how well models remember, not how well they do on new rows"
        strange = _strange(schema, self.train, self.test)
        if strange:
            yield f"{strange}: where models answer classes, none can be right"
        constant = self._constant(train, schema.features)
        if constant:
            yield (f"{name} has {counted(len(constant), 'feature')} with the same value in every row: "
                   f"{', '.join(constant[:5])}{', …' if len(constant) > 5 else ''}")
        equal = list(self._equal(train, [feature for feature in schema.features if feature not in constant]))
        if equal:
            yield f"{name} has features that are the same in every row: {', '.join(equal[:5])}{', …' if len(equal) > 5 else ''}"
        zeros = self._zeros(train, schema)
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
        if schema.target is not None and self.test.rows == 1:
            yield f"{os.path.basename(self.test.name)} has 1 row: its score is all or nothing"
        if not train.name.endswith(".parquet"):
            yield from self._zeros_in_front(train, types)
        empty = [column.name for column in schema.columns if column.example is None]
        if empty:
            yield f"no example has a value for {listed(empty)}"
        if schema.classes and self.train is not None:
            counts = Counter(truth for _, truth in train.truths(schema))
            number, count = min(counts.items(), key=lambda pair: pair[1])
            if count < 5:
                yield f"{name} has {counted(count, 'row')} of class {shown(number)}"
        if schema.target is None:
            yield f"no column is the target (service: target:): nothing is scored. The columns are {listed(schema.features)}"

    @staticmethod
    def _zeros_in_front(train, types):
        """Which columns are text for their zeros alone: a notebook has numbers there, unless it says otherwise."""
        found = [name for name, seen in zip(train.header, train.seen) if types.get(name) == "text" and seen.is_zeros_alone]
        if found:
            yield (f"{os.path.basename(train.name)} has leading zeros in {listed(found)}, which {'is' if len(found) == 1 else 'are'} "
                   f"text here; pandas.read_csv reads numbers, unless dtype={{{found[0]!r}: str}} says otherwise")

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

    @staticmethod
    def _equal(examples, names):
        """`a = b` for those of the columns that hold the same cells, of two rows or more."""
        alike = {}
        for name in names if examples.rows > 1 else ():
            alike.setdefault(examples.seen[examples.header.index(name)].digest, []).append(name)
        return (" = ".join(same) for same in alike.values() if len(same) > 1)

    @staticmethod
    def _zeros(examples, schema):
        """How many rows are nothing but zeros, where features are measured; flags and counts are often 0."""
        if len(schema.columns) < 2 or not schema.is_numeric or all(column.type == "integer" for column in schema.columns):
            return 0
        with opened(examples.path, examples.name) as reader:
            records = reader.records()
            places = Layout(Schema(schema.columns), header_of(next(records)[1], examples.name), reader).places
            return sum(not "".join([cells[place] for place in places]).strip("0.,+-" + BLANK) for _, cells in records)

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
        strange = _strange(schema, self.train, self.test)
        if strange:
            raise DataError(strange)
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
