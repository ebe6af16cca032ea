"""What did a notebook answer? expected.csv, in the form of predictions.csv."""

import csv
import math
import re
import sys

from golden_files import clash
from golden_models import SINGLE


class Expected:
    """What a notebook answered: expected.csv, in the form of predictions.csv."""

    def __init__(self, path, todo, models):
        self.todo, self.models, self.seen, self.told = todo, models, 0, {}
        (_, header), *lines = read(path) or sys.exit("expected.csv:1: has no header: its first line must name the columns")
        for line, cells in lines:
            if len(cells) != len(header):
                sys.exit(f"expected.csv:{line}: has {len(cells)} column{'s' * (len(cells) != 1)}, the header {len(header)}")
        rows = [cells for _, cells in lines]
        index = todo["schema"]["index"]
        place = header.index(index) if index in header else header.index("row") if "row" in header else None
        self.by_index = index in header
        self.rows = {(cells[place].strip() if place is not None else str(number)): cells for number, cells in enumerate(rows)}
        if len(self.rows) < len(rows):
            sys.exit(f"expected.csv: names a row twice in column {header[place]!r}")
        count = todo["data"]["test"]["rows"]
        if place is None and len(rows) != count:
            column = "row" if index is None else f"{index!r} or row"
            sys.exit(f"expected.csv: has {len(rows)} row{'s' * (len(rows) != 1)}, and the examples have {count}: without a column {column} "
                     "its rows are matched by position, and there must be one for each")
        self.columns = {name: self._columns(name, header) for name in models}
        if not any(self.columns.values()):
            sys.exit(f"expected.csv: has no column {' or '.join(map(repr, models))}, which would hold a model's answers; it has "
                     + ", ".join(map(repr, header)))

    def _columns(self, name, header):
        """Where a model's answer and its probability are in expected.csv; either may be None."""
        alone = len(self.models) == 1
        first = self.todo["labels"]["columns"][0] if self.todo["labels"] else None
        of = [f"{name}_{first}", name] + (["prediction", "class", "value", self.todo["schema"]["target"] and self.todo["schema"]["target"]["name"]]
                                          if alone else [])
        found = next((header.index(one) for one in of if one in header), None)
        likely = [f"{name}_probability"] + (["probability"] if alone else [])
        for wanted in (of[:2] if found is None else [], likely if not any(one in header for one in likely) else []):
            self._refuse_alike(wanted, header)
        return None if found is None else (found, next((header.index(one) for one in likely if one in header), None))

    def _refuse_alike(self, wanted, header):
        """Refuses a column that differs by case alone from one that is looked for: nobody would notice that it is not compared."""
        schema = self.todo["schema"]
        own = {schema["index"], schema["target"] and schema["target"]["name"]}
        own |= {*self.models, *(f"{name}_probability" for name in self.models)}
        for place, name in enumerate(header, start=1):
            meant = next((one for one in wanted if one.casefold() == name.casefold()), None)
            if meant and name not in own:
                sys.exit(f"expected.csv:1, column {place}: {name!r} is no model's column, {meant!r} is: write it so")

    def compare(self, row, index, answers):
        cells = self.rows.get(index if self.by_index else str(row))
        if cells is None:
            return
        self.seen += 1
        for name, (value, probabilities) in answers.items():
            if self.columns[name]:
                self._compare(name, row, cells, value, probabilities)

    def _compare(self, name, row, cells, value, probabilities):
        model, (at, likely) = self.models[name], self.columns[name]
        want = cells[at] if model.classes and any(same_class(one, cells[at]) for one in model.classes) else cells[at].strip()
        if model.classes is None:
            there = self._number(want, row, name)
            if abs(value - there) > self._room(want, value, model):
                here, there = apart(value, there)
                self.told.setdefault(name, []).append(f"row {row}: {here}, expected {there}")
            return
        chance = None if probabilities is None else float(probabilities[model.classes.index(value)])
        likely = "" if likely is None else cells[likely].strip()
        said = self._number(likely, row, name) if likely else None
        if not same_class(value, want):
            known = [float(probabilities[place]) for place, one in enumerate(model.classes) if same_class(one, want)] if chance else []
            if known and abs(chance - known[0]) <= model.tolerance * max(chance, known[0]):
                return  # the two best are as likely
            there = f"{want} {said:.2f}" if said is not None else want
            here = f"{shown(value)} {chance:.2f}" if chance is not None else shown(value)
            self.told.setdefault(name, []).append(f"row {row}: {here}, expected {there}")
        elif said is not None and chance is not None and abs(said - chance) > self._room(likely, chance, model):
            here, there = apart(chance, said)
            self.told.setdefault(name, []).append(f"row {row}: {shown(value)} {here}, expected {there}")

    @staticmethod
    def _number(cell, row, name):
        try:
            number = float(cell)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            hint = "write decimals with a point"
            if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell):
                hint = f"write {cell.replace(',', '')} if the comma separates thousands, {cell.replace(',', '.')} if it is a decimal comma"
            sys.exit(f"expected.csv: row {row} of {name} must be a finite number, is {cell!r}: {hint}")
        return number

    def _room(self, cell, value, model):
        """The tolerance of the model, or half of the last digit that was written. A notebook calculates with 32 bits where its columns have
        them."""
        digits = cell.lower().partition("e")
        shift = int(digits[2] or 0) if digits[2].lstrip("+-").isdigit() else 0
        written = 0.5 * 10.0 ** (shift - len(digits[0].partition(".")[2])) if "." in digits[0] or "e" in cell.lower() else 0
        tolerance = max(model.tolerance, SINGLE) if self.todo["is_single"] else model.tolerance
        return max(tolerance * max(abs(value), 1e-12), written * 1.000001)

    def end(self):
        if not self.seen:
            sys.exit("expected.csv: none of its rows matches a row of the examples: rows are matched by index, or by position")
        for name, told in self.told.items():
            sys.exit(f"{name} differs from expected.csv on {len(told)} of {self.seen} rows ({told[0]}){self._why(name)}")
        for note in self.notes():
            print(note)
        print(f"{self.seen} of {self.todo['data']['test']['rows']} rows match expected.csv", flush=True)

    def _why(self, name):
        saved = next((model["version"] for model in self.todo["models"] if model["name"] == name), None)
        if not saved:
            return ""
        import sklearn

        if saved == sklearn.__version__:
            return ""
        return f"; the model was saved by scikit-learn {saved}, and {sklearn.__version__} is installed"

    def notes(self):
        """What was not compared, and versions that differ without changing the answers."""
        left = [name for name, columns in self.columns.items() if columns is None]
        if left:
            yield f"note: expected.csv has no column {' or '.join(map(repr, left))}: these answers were not compared"
        for model in self.todo["models"]:
            if clash(model["version"]):
                yield f"note: {model['file']}{clash(model['version']).replace(';', ':', 1)}; the answers match expected.csv anyway"


def read(path):
    """(the line it begins in, its cells) of the header and of each row; blank lines are skipped."""
    found, line = [], 1
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            if re.fullmatch(r'"?sep=[^"\w]?"?[,;\t]*\s*', first, re.ASCII | re.IGNORECASE):
                sys.exit(f"expected.csv:1: is not the header, but tells Excel the separator ({first.strip()!r}): remove this line")
            file.seek(0)
            table = csv.reader(file, delimiter=max(",;\t", key=re.sub('"[^"]*"', "", first).count))
            for cells in table:
                if len(cells) > 1 or cells == [""] or any(cell.strip() for cell in cells):  # "" alone is an answer that is empty
                    found.append((line, cells if found else [cell.strip() for cell in cells]))
                line = table.line_num + 1
    except UnicodeDecodeError:
        sys.exit("expected.csv: is not UTF-8: save it as UTF-8")
    except csv.Error:
        sys.exit(f"expected.csv:{line}: has a cell of more than {csv.field_size_limit()} characters: is a quote (\") not closed?")
    return found


def same_class(value, text):
    """Whether a class is the one in a file: 1, 1.0 and True are the same."""
    if isinstance(value, str):
        return value == text
    try:
        return float(value) == ({"true": 1.0, "false": 0.0}[text.lower()] if text.lower() in ("true", "false") else float(text))
    except ValueError:
        return False


def shown(value):
    return str(value)


def apart(one, other):
    """Two numbers with six digits, or as many as tell them apart."""
    for digits in range(6, 18):
        if f"{one:.{digits}g}" != f"{other:.{digits}g}":
            break
    return f"{one:.{digits}g}", f"{other:.{digits}g}"
