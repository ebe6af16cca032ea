"""What does a file of predictions look like?

A line per row: its name, what each model answers, the truth where the input has it, and the columns that are kept.
"""

import copy
import csv
import io
from functools import lru_cache
from hashlib import blake2b

from cells import NUMBER
from errors import DataError, shown
from schema import ALL, Schema

ROW = "row"  # the first column, where the inventory names none


class Form:
    """The columns of predictions by the models of a training."""

    def __init__(self, trained, keep=(), index=None):
        content, golden = trained.content, trained.golden()
        if "schema" not in content:
            raise DataError(f"{trained.directory}: was trained before kubeforge recorded the types of columns: train again")
        self.schema, self.bins = Schema.of(content["schema"]), content.get("bins") or {}
        self.keep, self.tasks = tuple(keep), golden["tasks"]
        if set(self.tasks.values()) == {"regression"}:
            # Few whole numbers look like classes; the models know better.
            self.schema.task, self.schema.classes = "regression", None
        self.index = index if index and index == self.schema.index else ROW
        self.parts = {name: list(golden["rows"][0][name]) for name in golden["models"]}  # class, probability, value …
        known = golden.get("classes") or {}
        if self.schema.classes is not None:
            # A truth may be what any model may answer.
            others = {one: None for classes in known.values() for one in classes if one not in self.schema.classes}
            self.schema.classes = None if golden.get("open_classes") else [*self.schema.classes, *others]
        # Of models that say themselves which they have: others may answer one that no example shows.
        self.classes = {name: set(map(shown, classes)) for name, classes in known.items() if name not in golden.get("open_classes", ())}
        self._kinds = {name: kind_of(classes) for name, classes in known.items()}
        self.texts = {name for name, kind in self._kinds.items() if kind == "text"}
        self._truth = list(golden["rows"][0].get("truth") or {})

    def wanted(self, header):
        """The input columns to copy into the predictions; the index is there anyway."""
        names = [name for name in header if name] if self.keep == (ALL,) else self.keep
        return [name for name in names if not name == self.index == self.schema.index]

    def keeping(self, names):
        """The same form, with these columns kept."""
        form = copy.copy(self)
        form.keep = tuple(names)
        return form

    @property
    def names(self):
        """The names of the models."""
        return list(self.parts)

    def columns(self, has_truth):
        """The names of all columns. A kept column that has the name of another becomes input_NAME."""
        found = self._answers(has_truth)
        for name in self.keep:
            while name in found:
                name = f"input_{name}"
            found.append(name)
        return found

    def _answers(self, has_truth):
        found = [self.index]
        for name, parts in self.parts.items():
            found += [name if part in ("class", "value") else f"{name}_{part}" for part in parts]
        if has_truth:
            found += ["truth" if part in ("class", "value") else f"truth_{part}" for part in self._truth]
        return found

    def types(self, has_truth):
        """The types of the columns, for Parquet; a column without one is text."""
        answers = self._answers(has_truth)
        found = {name: "number" for name in answers if name.endswith("_probability")}
        target = self.schema.target and self.schema.target.type
        found |= {name: self._kinds.get(name, "number") for name in self.names}
        known = {column.name: column.type for column in self.schema.columns}
        if has_truth:
            found["truth"] = known[self.schema.target.name] = target
        # What the models know was read as that; of other columns nobody has said what they hold.
        found |= {column: known.get(name) for name, column in zip(self.keep, self.columns(has_truth)[len(answers):])}
        return {name: kind for name, kind in found.items() if kind and kind != "text"}

    def header(self, has_truth):
        return text([self.columns(has_truth)])

    def table(self, names, answers, truth, kept):
        """The cells of each line for rows with these names; `truth` is a list of what answers are like, or None."""
        cells = [[row] + [_cell(cell) for answer in said.values() for cell in answer.values()] for row, said in zip(names, answers)]
        for line, shape in zip(cells, truth or ()):
            line += map(_cell, shape.values())
        for line, own in zip(cells, kept):
            line += own
        return cells

    def width(self):
        """The number of columns of all models' answers."""
        return sum(map(len, self.parts.values()))

    def checked(self, lines, rows, has_truth):
        """The cells of each line (bytes) below the header, if they are the predictions of exactly these rows (numbers of row_number)."""
        expected = self.header(has_truth)
        if next(lines, b"") != expected.encode():
            raise DataError(f"line 1 must be {expected.strip()}")
        records, width = csv.reader(line.decode("utf-8", "replace") for line in lines), len(self.columns(has_truth))
        place = 1
        for place, row in enumerate(rows, start=2):
            cells = next(records, [""])
            if row_number(cells[0] if cells else "") != row:
                about = f"row {row}" if row < HASHED else "another row"
                raise DataError(f"line {place} must be about {about}, is about {(cells or [''])[0][:40]!r}")
            if len(cells) != width or not self._are_answers(cells[1:]):
                raise DataError(f"line {place} must have {width} columns, with what models can answer")
            yield cells
        if next(records, None) is not None:
            raise DataError(f"line {place + 1} is one too many: the shard has {len(rows)} rows")

    def _are_answers(self, cells):
        place = 0
        for name, parts in self.parts.items():
            first = cells[place]
            if name in self.classes and first not in self.classes[name]:
                return False
            if self.tasks[name] == "regression" and not NUMBER.fullmatch(first):
                return False
            place += len(parts)
        return True


def kind_of(classes):
    """The type of a column of these classes."""
    kinds = set(map(type, classes))
    return "boolean" if kinds == {bool} else "integer" if kinds == {int} else "number" if kinds <= {int, float} else "text"


HASHED = 1 << 63


def row_number(name):
    """A number for the name of a row: itself, where it is one."""
    if name.isascii() and name.isdigit() and len(name) < 19 and (name == "0" or name[0] != "0"):
        return int(name)
    return HASHED | int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")


def _cell(cell):
    return "" if cell is None else cell


def _is_same(said, truth, are_texts):
    """Whether an answer is the truth: as they are where both are texts, else also as numbers: 0, 0.0, 00 and False are the same."""
    if said == truth or are_texts:
        return said == truth
    number = _number(said)
    return number is not None and number == _number(truth)


@lru_cache(maxsize=4096)
def _number(cell, other=None):
    """The number in a cell, or what else it is."""
    if NUMBER.fullmatch(cell):
        return float(cell)
    return {"true": 1.0, "false": 0.0}.get(cell.casefold(), other)


def text(lines):
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(lines)
    return file.getvalue()


class Tally:
    """How well each model's answers match the truth."""

    def __init__(self, form, has_truth):
        self.rows, self._form, self._has_truth = 0, form, has_truth
        self._is_text = form.schema.target is None or form.schema.target.type == "text"
        self._may_be_empty = "" in (form.schema.classes or ())
        self._right = {name: {} for name in form.names}
        # Rows, the mean of the truth, squares of its differences from it, and sums of squared and absolute errors.
        self._sums = {name: [0, 0.0, 0.0, 0.0, 0.0] for name in form.names}

    def add(self, lines):
        """Counts lines of predictions, each as a list of its cells."""
        form, at = self._form, 1 + self._form.width()
        for cells in lines:
            self.rows += 1
            if not self._has_truth:
                continue
            place, truth = 1, str(cells[at])
            if not truth and not self._may_be_empty:
                continue  # nobody knows it yet
            for name, parts in form.parts.items():
                self._add(name, str(cells[place]), truth)
                place += len(parts)

    def _add(self, name, said, truth):
        if self._form.tasks[name] == "classification":
            of = self._right[name].setdefault(truth if self._is_text else _number(truth, truth), [0, 0])
            of[0] += _is_same(said, truth, self._is_text and name in self._form.texts)
            of[1] += 1
        elif NUMBER.fullmatch(truth):
            number, sums = float(truth), self._sums[name]
            # Welford's way: the sum of squares less the square of the sum would be nothing but rounding where numbers are large.
            sums[0] += 1
            step = number - sums[1]
            sums[1] += step / sums[0]
            sums[2] += step * (number - sums[1])
            error = number - float(said)
            sums[3] += error * error
            sums[4] += abs(error)

    def scores(self):
        """{"rows": 1300, "score": {"lda": 0.69}, "scores": {"lda": {"accuracy": …}}}; None where there is no truth."""
        if not self._has_truth or not self.rows:
            return {"rows": self.rows, "score": None, "scores": None}
        scores = {name: score for name in self._form.names if (score := self._scores(name))}
        if not scores:
            return {"rows": self.rows, "score": None, "scores": None}
        first = {name: score.get("accuracy", score.get("r2")) for name, score in scores.items()}
        return {"rows": self.rows, "score": {name: score for name, score in first.items() if score is not None}, "scores": scores}

    def _scores(self, name):
        if self._form.tasks[name] == "classification":
            of = self._right[name].values()
            if not of:
                return {}
            return {"accuracy": sum(right for right, _ in of) / sum(rows for _, rows in of),
                    "balanced_accuracy": sum(right / rows for right, rows in of) / len(of)}
        rows, _, spread, squared, absolute = self._sums[name]
        if not rows:
            return {}  # numbers, where the truth is none
        return ({"r2": 1 - squared / spread} if spread > 0 else {}) | {"mae": absolute / rows}
