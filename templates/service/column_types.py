"""Which type does a column have, judging by its cells?"""

import re

from cells import BOOLEANS, LARGEST, MISSING, NUMBER, PLAIN, WHOLE_NUMBER, Decimals, number_hint, value
from errors import DataError, counted
from records import BLANK
from schema import Column

FEW_EXCEPTIONS = 0.1  # of a column's cells: fewer that are not numbers are mistakes, more make it text
ZERO_IN_FRONT = re.compile(r"[+-]?0\d", re.ASCII)  # 01234 is a postal code: as a number it would lose its zero
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+,\d+", re.ASCII)  # 1.107,5


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
        """The column with its type. Raises DataError where a few cells of a numeric column are not numbers."""
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
