"""How does Parquet become CSV, and how do answers become Parquet? In batches: a file may be larger than memory.

Everything else reads and writes CSV. Parquet needs pyarrow, which requirements.txt of a model directory names.
"""

import csv
import importlib.util
import re

from cells import BOOLEANS, MISSING, TEXT, WHOLE_NUMBER
from errors import DataError, listed
from records import BLANK

MAGIC = b"PAR1"
LEVEL = re.compile(r"__index_level_\d+__")  # what pandas calls an index without a name
ROWS = 10_000  # at a time
IN_IMAGE = "add it to requirements.txt of the model directory"  # where it is to be installed


def to_csv(path, target, name=None, remedy=IN_IMAGE, wanted=None):
    """Writes a Parquet file as CSV; returns what it says of the types of its columns. `wanted`: those that must hold one value in each
    cell; None: all."""
    name = name or path
    parquet, _ = _pyarrow(name, remedy)
    try:
        file = parquet.ParquetFile(path)
        own = [name for name in file.schema_arrow.names if not LEVEL.fullmatch(name)]
        wanted = set(own if wanted is None else wanted)
        _check(file.schema_arrow, name, wanted)
        with open(target, "w", encoding="utf-8", newline="") as out:
            table = csv.writer(out, lineterminator="\n")
            places = _places(file.schema_arrow.names, wanted)
            table.writerow(places.values())
            for batch in file.iter_batches(ROWS):
                columns = [(batch.schema.names[place], batch.columns[place]) for place in places]
                table.writerows(zip(*(_cells(column.to_pylist(), f"{name}: column {key!r}", key in wanted) for key, column in columns)))
        return {field.name: kind for field in file.schema_arrow if field.name in wanted and (kind := _kind(field.type))}
    except (OSError, ValueError) as error:  # ArrowInvalid is one
        reason = str(error).strip().splitlines() or ["it is damaged"]
        raise DataError(f"{name}: cannot be read as Parquet: {reason[0]}") from None


def is_single(path):
    """Whether a column has numbers of 32 or 16 bits, with which a notebook calculates as it has them."""
    parquet, pyarrow = _pyarrow(path)
    return any(pyarrow.types.is_float32(field.type) or pyarrow.types.is_float16(field.type) for field in parquet.read_schema(path))


def from_csv(path, target, types):
    """Writes answers, which have a header, as Parquet; columns without a type in `types` are text. Cells that are kept of an input are
    as people write them."""
    parquet, pyarrow = _pyarrow(target)
    kinds = {"number": pyarrow.float64(), "integer": pyarrow.int64(), "boolean": pyarrow.bool_()}
    convert = {"number": _number, "integer": int, "boolean": BOOLEANS.__getitem__}
    types = dict(types, **{name: "number" for name in _fractions(path, types)})
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        schema = pyarrow.schema([(name, kinds.get(types.get(name), pyarrow.string())) for name in header])
        with parquet.ParquetWriter(target, schema) as writer:
            while part := [cells for _, cells in zip(range(ROWS), rows)]:
                columns = [_values(column, convert.get(types.get(name))) for name, column in zip(header, zip(*part))]
                arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, schema)]
                writer.write_table(pyarrow.table(arrays, schema=schema))


def is_there():
    """Whether pyarrow is installed."""
    return importlib.util.find_spec("pyarrow") is not None


def _values(cells, convert):
    if convert is None:
        return [cell or None for cell in cells]
    return [None if (text := cell.strip()) in MISSING else convert(text) for cell in cells]


def _number(text):
    """The number in a cell; a comma in it is a decimal comma, as it was read."""
    return float(text.replace(",", "."))


def _fractions(path, types):
    """Which columns of whole numbers have others: an input may, where the examples had none."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        places = [(name, place) for place, name in enumerate(next(rows)) if types.get(name) == "integer"]
        found = set()
        for cells in rows if places else ():
            found |= {name for name, place in places if not WHOLE_NUMBER.fullmatch(text := cells[place].strip()) and text not in MISSING}
        return found


def _pyarrow(path, remedy=IN_IMAGE):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise DataError(f"{path}: is Parquet, which needs pyarrow: {remedy}") from None
    return pyarrow.parquet, pyarrow


def _places(names, wanted):
    """{place of a column: its name in CSV}, in the order there: the index of pandas comes first, and has no name."""
    levels = [place for place, name in enumerate(names) if LEVEL.fullmatch(name) and name not in wanted]
    return dict([(place, "") for place in levels[:1]] + [(place, name) for place, name in enumerate(names) if place not in levels])


def _check(schema, name, wanted):
    """Refuses columns that hold lists, structs or maps: no model takes them."""
    from pyarrow import types

    nested = [field for field in schema if types.is_nested(field.type) and field.name in wanted]
    if nested:
        raise DataError(f"{name}: has {nested[0].type} in column {listed([field.name for field in nested])}: one number, text or boolean "
                        "is required in each cell: make columns of it, or leave it out")


def _cells(values, where, is_wanted):
    try:
        return [_cell(value) for value in values]
    except UnicodeDecodeError:
        if is_wanted:
            raise DataError(f"{where}: has bytes that are no text in UTF-8: store text in it, or leave it out") from None
        return values


def _cell(value):
    if isinstance(value, bytes):  # as Impala and old versions of Spark write text
        value = value.decode()
    if isinstance(value, str):
        return TEXT + value if value.strip(BLANK) in MISSING or value.startswith(TEXT) else value
    return "" if value is None or value != value else value


def _kind(type):
    from pyarrow import types

    if types.is_dictionary(type):
        type = type.value_type
    if types.is_boolean(type):
        return "boolean"
    if types.is_integer(type):
        return "integer"
    return "number" if types.is_floating(type) or types.is_decimal(type) else "text"
