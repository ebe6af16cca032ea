"""Which rows of features does the body of a request hold?"""

import math
from operator import itemgetter

import numpy as np
import orjson

from cells import EXACT, LARGEST
from records import BLANK
from refusal import Refusal

LARGEST_BODY = 8 * 1024 * 1024  # bytes: 1,000 rows of 160 features with all their digits are 3.5 MB
MOST_ROWS = 2000  # the perceptron's hidden layer takes 4 kB per row
NUMBERS = {int, float}
WORDS = {"text": (str, "a string"), "boolean": (bool, "true or false")}


class Rows:
    """n rows of the columns of a schema, as models take them."""

    def __init__(self, schema, matrix=None, columns=None):
        self.schema = schema
        self._matrix = matrix  # n × m, float64, where every column has numbers that are floats, and no gaps
        # Else m arrays of n: float64, int64, bool, or objects, among them whole numbers beside fractions; NaN is a missing value.
        self._columns = columns

    @staticmethod
    def of(rows, schema):
        """From lists of JSON values in the schema's order, which were checked."""
        if schema.is_numeric:
            matrix = np.array(rows, dtype=np.float64).reshape(len(rows), len(schema.columns))
            if not schema.whole or (np.abs(matrix[:, schema.whole]) < EXACT).all():
                return Rows(schema, matrix)
        return Rows(schema, columns=[_array(list(cells), column) for cells, column in zip(zip(*rows), schema.columns)])

    def __len__(self):
        return len(self._matrix if self._columns is None else self._columns[0])

    def __getitem__(self, part):
        """The rows of a slice."""
        if self._columns is None:
            return Rows(self.schema, self._matrix[part])
        return Rows(self.schema, columns=[column[part] for column in self._columns])

    @staticmethod
    def joined(parts):
        """The rows of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        if all(rows._columns is None for rows in parts):
            return Rows(parts[0].schema, np.concatenate([rows._matrix for rows in parts]))
        # What a column's arrays are depends on its type alone, except that int64 becomes objects beside them, and no number another.
        return Rows(parts[0].schema, columns=[np.concatenate(columns) for columns in zip(*(rows._in_columns() for rows in parts))])

    def _in_columns(self):
        if self._columns is not None:
            return self._columns
        return [_array(self._matrix[:, place].tolist(), column) for place, column in enumerate(self.schema.columns)]

    def alike(self):
        """[(places, Rows)]: the rows in parts. In each a column of whole numbers has nothing but them, or nothing but fractions: in a data
        frame a fraction would make 3.0 of another row's 3, and what encodes it as text would answer that row otherwise."""
        whole = self.schema.whole
        if whole and len(self) > 1:
            if self._columns is None:
                is_whole = _is_whole(self._matrix[:, whole])
            else:
                mixed = [self._columns[place] for place in whole if self._columns[place].dtype == object]
                is_whole = np.array([[type(cell) is int for cell in column] for column in mixed], dtype=bool).T
            if not is_whole.all():
                _, kinds = np.unique(is_whole, axis=0, return_inverse=True)
                return [(places, self[places]) for kind in range(kinds.max() + 1) if len(places := np.flatnonzero(kinds == kind))]
        return [(slice(None), self)]

    def array(self):
        """n × m: numbers, or objects where a column has text."""
        if self._columns is None:
            return self._matrix
        if any(column.type == "text" for column in self.schema.columns):
            cells = np.empty((len(self), len(self._columns)), dtype=object)
            for place, column in enumerate(self._columns):
                cells[:, place] = column
            return cells
        return np.column_stack([column.astype(np.float64) for column in self._columns])

    def column(self, name):
        """One column's values."""
        place = self.schema.features.index(name)
        return self._matrix[:, place] if self._columns is None else self._columns[place]

    def too_large(self):
        """The first (row, column) of a number whose square overflows, if there is one."""
        if self._columns is None:
            return np.argwhere(~(np.abs(self._matrix) <= LARGEST))[:1].tolist()
        for place, column in enumerate(self._columns):
            if self.schema.columns[place].type in ("number", "integer"):
                is_over = np.abs(column.astype(np.float64)) > LARGEST
                if is_over.any():
                    return [(int(is_over.argmax()), place)]
        return []

    def table(self, names):
        """What a model takes: a data frame where it knows columns by name, else an array."""
        if names is None:
            return self.array()
        import pandas

        return self.frame(pandas, names)

    def frame(self, pandas, names):
        """A data frame of these columns, with the types that pandas.read_csv gives them."""
        if self._columns is None:
            frame = pandas.DataFrame(self._matrix, columns=self.schema.features)
            for place in self.schema.whole:
                if _is_whole(self._matrix[:, place]).all():
                    name = self.schema.features[place]
                    frame[name] = frame[name].astype("int64")
        else:
            text = pandas.Series(["a"]).dtype
            typed = {place: _typed(self._columns[place]) for place in self.schema.whole}
            frame = pandas.DataFrame({
                column.name: pandas.Series(values, dtype=text if column.type == "text" else values.dtype)
                for column, values in zip(self.schema.columns, (typed.get(place, own) for place, own in enumerate(self._columns)))})
        if names == self.schema.features:
            return frame
        # A header's names are without the spaces around them. Models that pandas gave " age" know that name.
        features = set(self.schema.features)
        frame = frame[[name if name in features else name.strip(BLANK) for name in names]]
        frame.columns = names
        return frame


def _is_whole(numbers):
    """Which of them are whole, and told apart from their neighbours."""
    return (numbers == np.floor(numbers)) & (np.abs(numbers) < EXACT)


def _whole(cell):
    """A number of a column of whole ones: an int, where it is one of 64 bits."""
    if type(cell) is int:
        return cell if -(2**63) <= cell < 2**63 else float(cell)
    return int(cell) if cell.is_integer() and -EXACT < cell < EXACT else cell


def _array(cells, column):
    """The type of the column decides what it is, never what other rows hold: they may be another client's."""
    if column.type == "integer" and not column.optional:
        return _typed(_objects([_whole(cell) for cell in cells]), object)
    if column.type in ("number", "integer"):
        return np.array(cells, dtype=np.float64)
    if column.type == "boolean" and not column.optional:
        return np.array(cells, dtype=bool)
    return _objects([math.nan if cell is None else cell for cell in cells] if column.optional else cells)


def _objects(cells):
    values = np.empty(len(cells), dtype=object)
    values[:] = cells
    return values


def _typed(numbers, mixed=np.float64):
    """The numbers as int64 where all of them are whole, else as `mixed`."""
    return numbers.astype(np.int64 if numbers.dtype != object or all(type(cell) is int for cell in numbers) else mixed)


def rows_of(body, models):
    """The rows of {"rows": [[…], …]} or {"rows": [{name: value}, …]}, or of the list alone; rows that are lists are in the order of the
    header."""
    content = json_of(body)
    rows = content["rows"] if isinstance(content, dict) and list(content) == ["rows"] else content
    if not isinstance(rows, list):
        raise Refusal(400, 'the body must be {"rows": [[…], …]} and nothing else')
    return checked(rows, models.schema)


def json_of(body):
    """What the body of a request holds."""
    try:
        # The standard library's json takes 32 of 50 ms for 1,000 rows; it also lets NaN and 1e999 pass.
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refusal(400, f"the body is not JSON with finite numbers: {where}: "
                           'write text in double quotes, numbers as -1.5e3, and true, false or null; all in UTF-8') from None


def checked(rows, schema):
    """The rows of a request, each a list or an object in JSON; refuses those that the models cannot take."""
    if not rows:
        raise Refusal(400, "rows is empty: send one row or more")
    if len(rows) > MOST_ROWS:
        raise Refusal(413, f"{len(rows)} rows are too many: send at most {MOST_ROWS} at once")
    features, lists = schema.features, []
    known, pick = set(features), itemgetter(*features) if len(features) > 1 else lambda row: (row[features[0]],)
    for place, row in enumerate(rows):
        if isinstance(row, dict):
            lists.append(list(pick(row)) if row.keys() == known else in_order(row, f"rows[{place}]", schema, known))
            check(lists[-1], f"rows[{place}]", schema, features)
        else:
            check(row, f"rows[{place}]", schema)
            lists.append(row)
    found = Rows.of(lists, schema)
    check_size(found)
    return found


def in_order(row, name, schema, known):
    """The values of an object, in the order of the header; a column that is left out is missing, unless no model knows it, and unknown
    ones are refused."""
    features = schema.features
    strange = row.keys() - known
    if strange:
        told = ", ".join(features[:20]) + (", …" if len(features) > 20 else "")
        raise Refusal(400, f"{name} has a column {min(strange)[:40]!r}, which the models do not know; they know {told}")
    return [row.get(feature, schema.unused.get(feature)) for feature in features]


def check_size(rows):
    """Refuse numbers whose squares overflow: models divide a row by its norm, so all such rows would get the same answer."""
    for row, column in rows.too_large():
        raise Refusal(400, f"rows[{row}][{column}] is too large: numbers are from -1e150 to 1e150")


def written(cell):
    """How a value begins in JSON."""
    try:
        return orjson.dumps(cell).decode()[:40]
    except TypeError:  # it reads lists in lists that are deeper than what it writes
        return f"{'a list' if isinstance(cell, list) else 'an object'} with many more in it"


def check(row, name, schema, names=None):
    """Refuses a row that the models cannot take. `names`: the columns of an object; without them errors name a value by its place."""
    if not isinstance(row, list):
        raise Refusal(400, f"{name} is not a list of {'numbers' if schema.is_numeric else 'values'}")
    width = len(schema.columns)
    if len(row) != width:
        raise Refusal(400, f"{name} has {len(row)} features, the models need {width}")
    # numpy would take true, null and "1.5" for numbers.
    if schema.is_numeric and set(map(type, row)) <= NUMBERS:
        return
    for place, (cell, column) in enumerate(zip(row, schema.columns)):
        kind, wanted = type(cell), column.type
        if cell is None and column.optional or wanted in WORDS and kind is WORDS[wanted][0] or wanted not in WORDS and kind in NUMBERS:
            continue
        where = f"{name}.{column.name}" if names else f"{name}[{place}]"
        got = written(cell)
        if cell is None and names:
            raise Refusal(400, f"{where} is missing, but required")
        if wanted in WORDS:
            raise Refusal(400, f"{where} must be {WORDS[wanted][1]}, is {got}")
        raise Refusal(400, f"{where} is not a number: {got}")
