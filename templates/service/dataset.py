"""Which examples does the service show? The first rows of the test set, as train.py wrote them."""

import json
from dataclasses import dataclass

from errors import DataError
from rows import Rows
from schema import Schema


@dataclass(frozen=True)
class Dataset:
    """n rows, m features."""

    schema: Schema
    values: list  # n lists of m JSON values
    rows: Rows  # the same, as models take them
    truth: list  # n classes or numbers; None where the examples have no target
    sha256: str  # of the test set's bytes, hexadecimal
    rows_of_test: int  # of which these are the first

    @property
    def features(self):
        """m names."""
        return self.schema.features

    def line(self, place):
        """The features of a row by name."""
        return dict(zip(self.features, self.values[place]))


def read(directory):
    """What rows.jsonl and data.json hold."""
    path = directory / "rows.jsonl"
    try:
        described = json.loads((directory / "data.json").read_bytes())
        schema = Schema.of(described["schema"])
        with path.open("rb") as file:
            lines = [json.loads(line) for line in file]
        values = [line["features"] for line in lines]
        test = described["data"]["test"]
        return Dataset(schema, values, Rows.of(values, schema), [line.get("truth") for line in lines], test["sha256"], test["rows"])
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from None
    except (ValueError, LookupError, TypeError) as error:
        raise DataError(f"{path}: cannot be read: {type(error).__name__}: {error}") from None
