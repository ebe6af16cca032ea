"""What do train.csv and test.csv hold, as numpy wants it?"""

from dataclasses import dataclass

import numpy as np

import table
from table import WHOLE_NUMBER, DataError  # noqa: F401  others know them from here


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
    return _of(table.read(path))


def read_pair(folder):
    """train.csv and test.csv of a folder, which fit each other, and what is worth knowing about them."""
    train, test = table.read_pair(folder / "train.csv", folder / "test.csv")
    return _of(train), _of(test), list(table.notes(train, test))


def _of(read):
    # The same memory: nothing is copied.
    rows = np.frombuffer(read.values, dtype=np.float64).reshape(len(read.truth), len(read.features))
    return Dataset(read.features, rows, np.frombuffer(read.truth, dtype=np.int64), read.sha256)
