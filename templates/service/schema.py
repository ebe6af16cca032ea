"""Which columns do models take, and where are they in a file?

With records.py, header.py and cells.py the one reader of rows: the image's build, training, the service and batch inference use it, and
`kubeforge` sends it with the modules that first_look.py needs to the Python of the computer where it was typed. There Python may be as
old as 3.8, and has no packages.
"""

import math
import re
import unicodedata

from cells import EXACT, LARGEST, NUMBER, PLAIN, Decimals, doubtful, value
from errors import DataError, counted, it_has, listed
from records import BLANK

ALL = "all"  # columns of an input that are kept


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
        self.unused = {}  # of features that no model knows: what stands in for a value
        # Places of the columns that are integers in a data frame; with a gap in one, pandas makes floats of it.
        self.whole = [place for place, column in enumerate(columns) if column.type == "integer" and not column.optional]

    @property
    def names(self):
        """Of all columns that are read: the features, the target and the index."""
        return [*self.features, *([self.target.name] if self.target else []), *([self.index] if self.index else [])]

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


class Layout:
    """The positions of a schema's columns in a file; they are found by name, in any order."""

    def __init__(self, schema, header, reader, needs_target=False, keep=()):
        self.schema, self.name, self.width, self.first = schema, reader.name, len(header), header[0]
        self.separator, self.decimal = reader.separator, "," if reader.separator == ";" else ""
        places = {unicodedata.normalize("NFC", name): place for place, name in enumerate(header)}

        def place(name):
            return places.get(unicodedata.normalize("NFC", name))

        self.places = [place(name) for name in schema.features]
        missing = [name for name, at in zip(schema.features, self.places) if at is None]
        if missing:
            raise DataError(f"{self.name}:1: has no column {listed(missing)}{it_has(header)}")
        self.target = None if schema.target is None else place(schema.target.name)
        if needs_target and schema.target is not None and self.target is None:
            raise DataError(f"{self.name}:1: has no column {schema.target.name!r}, the target{it_has(header)}")
        self._known = schema.target and Column(schema.target.name, schema.target.type, optional=True)
        self.index = None if schema.index is None else place(schema.index)
        if schema.index == "" and header[:1] != [""]:
            self.index = None
        self.decimals = {place: Decimals() for place, column in zip((*self.places, self.target), (*schema.columns, schema.target))
                         if self.decimal and place is not None and column.type in ("number", "integer")}
        self.kept, self.keep = list(keep), [place(name) for name in keep]
        lost = [name for name, at in zip(keep, self.keep) if at is None]
        if lost:
            raise DataError(f"{self.name}:1: has no column {listed(lost)}, which is to be kept{it_has(header)}")

    @property
    def has_truth(self):
        return self.target is not None

    def values(self, cells, line):
        """The features of a record, in the schema's order: JSON values, or floats where all are numbers."""
        self.check_width(cells, line)
        own = [cells[place] for place in self.places]
        for place, decimals in self.decimals.items():
            if any(sign in cells[place] and sign not in decimals.sure for sign in ",."):
                text = cells[place].strip(BLANK)
                if NUMBER.fullmatch(text.replace(",", ".", 1)):
                    decimals.add(text, lambda place=place: self.where(line, place))
        if self.schema.is_numeric and not "".join(own).encode().translate(None, PLAIN):
            try:
                values = list(map(float, own))
            except ValueError:
                values = [math.nan]
            if all(-LARGEST <= number <= LARGEST for number in values) and all(-EXACT < values[at] < EXACT for at in self.schema.whole):
                return values
        # Slower, and names the cell at fault; whole numbers that are no floats stay what they are.
        return [value(cell, column, self.where(line, place), self.decimal)
                for cell, column, place in zip(own, self.schema.columns, self.places)]

    def truth(self, cells, line):
        """The target of a record."""
        return value(cells[self.target], self.schema.target, self.where(line, self.target, self.schema.target.name), self.decimal)

    def truth_if_known(self, cells, line):
        """The target of a record, or None where the cell is empty: new rows may not have a label yet."""
        return value(cells[self.target], self._known, self.where(line, self.target, self.schema.target.name), self.decimal)

    def check_decimals(self):
        """Refuses ambiguous numbers; call it after all rows of a file have been read."""
        for _, is_refused, why in doubtful(self.decimals):
            if is_refused:
                raise DataError(why)

    def where(self, line, place, name=None):
        name = name or (self.schema.target if place == self.target else self.schema.columns[self.places.index(place)]).name
        return f"{self.name}:{line}, column {place + 1} ({name})"

    def check_width(self, cells, line):
        if len(cells) != self.width:
            hint = self._width_hint(cells, line)
            raise DataError(f"{self.name}:{line}: has {counted(len(cells), 'column')}, the header {self.width}{hint}")

    def _width_hint(self, cells, line):
        """Why a record may have another number of cells than the header."""
        is_more, is_comment = len(cells) > self.width, self.first.startswith("#")
        is_header = not any(NUMBER.fullmatch(cell.strip(BLANK)) for cell in cells) or re.search("[;\t]", "".join(cells))
        if is_header and (is_comment or self.width == 1) and (is_more or line == 2):
            return f" (the first line must name the columns, begins with {self.first[:60]!r})"
        if is_more and self.separator == ",":
            return " (a comma separates columns: write decimals with a point, and thousands without a comma)"
        return ""
