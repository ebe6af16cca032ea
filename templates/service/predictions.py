"""What does a file of predictions look like?

A line per row: its number, each model's class as number and letter, and the truth where the input has it.
"""

from dataset import letter
from metadata import MODELS as NAMES
from table import WHOLE_NUMBER, DataError


def header(has_truth):
    columns = ["row"] + [f"{name}_{part}" for name in (*NAMES, *["truth"][: int(has_truth)]) for part in ("number", "letter")]
    return ",".join(columns) + "\n"


def table(numbers, answers, truth, classes):
    """The cells of each line for rows with these numbers; `truth` is a list of classes or None."""
    cells = [[row] + [cell for name in NAMES for cell in answer[name].values()] for row, answer in zip(numbers, answers)]
    for line, number in zip(cells, truth or ()):
        line += [number, letter(number, classes)]
    return cells


def text(lines):
    return "".join(",".join(map(str, cells)) + "\n" for cells in lines)


def checked(lines, rows, has_truth):
    """The cells of each line (bytes) below the header, if they are the predictions of exactly these rows."""
    expected = header(has_truth)
    if next(lines, b"") != expected.encode():
        raise DataError(f"line 1 must be {expected.strip()}")
    width, place = expected.count(",") + 1, 1
    for place, row in enumerate(rows, start=2):
        cells = next(lines, b"").decode("utf-8", "replace").rstrip("\n").split(",")
        if cells[0] != str(row):
            raise DataError(f"line {place} must be about row {row}, is about {cells[0][:40]!r}")
        if len(cells) != width or not all(map(WHOLE_NUMBER.fullmatch, cells[1::2])):
            raise DataError(f"line {place} must have {width} columns, with a class number in every second")
        yield cells
    if next(lines, b""):
        raise DataError(f"line {place + 1} is one too many: the shard has {len(rows)} rows")


class Tally:
    """How often each model met the truth."""

    def __init__(self, has_truth):
        self.rows, self.right = 0, dict.fromkeys(NAMES, 0) if has_truth else None

    def add(self, lines):
        """Counts lines of predictions, each as a list of its cells."""
        for cells in lines:
            self.rows += 1
            if self.right is not None:
                for place, name in enumerate(NAMES):
                    self.right[name] += int(cells[1 + 2 * place]) == int(cells[1 + 2 * len(NAMES)])

    def scores(self):
        """{"rows": 1300, "score": {"lda": 0.69, "mlp": 0.66}}; the score is None where there is no truth."""
        known = self.right is not None and self.rows
        return {"rows": self.rows, "score": {name: n / self.rows for name, n in self.right.items()} if known else None}
