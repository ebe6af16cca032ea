"""Which values do cells stand for: numbers, booleans, text, or nothing?"""

import re

from errors import DataError
from records import BLANK

LARGEST = 1e150  # models square numbers; the sum of squares must be finite
EXACT = 2**53  # from here on not every whole number is a float
# float() alone would also take "1_000", "nan" and digits of other scripts.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
# 1,107 and 1.107.000,25: thousands, and decimals behind them.
GROUPED = re.compile(r"([+-]?[1-9]\d{0,2}(?:(?:,\d{3})+(?![\d,])|(?:\.\d{3})+(?![\d.])))(?:[.,](\d+))?", re.ASCII)
# 1.107 and 1,107 are 1107 where the sign separates thousands.
AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
# Cells of nothing else hold what float() takes just as NUMBER does.
PLAIN = b"0123456789+-.eE \t"
# What pandas.read_csv takes for a missing value, so that a service sees what a notebook saw.
MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
     "None", "n/a", "nan", "null"))
# Before what Parquet has as text and CSV would take for a missing value. No text has this character: Unicode keeps it free.
TEXT = "\ufdd0"
BOOLEANS = {"True": True, "true": True, "TRUE": True, "False": False, "false": False, "FALSE": False}


def value(cell, column, where, decimal=""):
    """A cell as JSON has it; None is a missing value. `decimal`: a comma where numbers are written with it."""
    if column.type == "text" and cell.startswith(TEXT):
        return cell[len(TEXT):]
    cell = plain(cell)
    text = cell.strip(BLANK)
    if (cell if column.type == "text" else text) in MISSING:
        if not column.optional:
            raise DataError(f"{where}: is missing ({cell!r}): fill it in, or leave the row out")
        return None
    if column.type == "text":
        return cell  # with the spaces around it: for pandas they are a part of it
    if column.type == "boolean":
        if text not in BOOLEANS:
            raise DataError(f"{where}: must be true or false, is {cell!r}")
        return BOOLEANS[text]
    digits = text.replace(decimal, ".") if decimal and text.count(decimal) == 1 else text
    if not NUMBER.fullmatch(digits):
        raise DataError(f"{where}: must be a finite number, is {cell!r}{number_hint(text, decimal)}")
    if column.type == "integer" and WHOLE_NUMBER.fullmatch(digits):
        return int(digits)
    number = float(digits)
    if not -LARGEST <= number <= LARGEST:
        raise DataError(f"{where}: must be from -1e150 to 1e150, is {cell!r}")
    return number


def plain(cell):
    """A cell as people write it."""
    return cell[len(TEXT):] if cell.startswith(TEXT) else cell


def number_hint(text, decimal=""):
    """How to write a number that the text looks like; "" if it looks like none."""
    grouped = GROUPED.fullmatch(text)
    if grouped:
        head, decimals = grouped.groups()
        whole = re.sub("[.,]", "", head)
        if decimals:
            return f": write {whole}{decimal or '.'}{decimals}"
        if len(re.findall("[.,]", head)) > 1:
            return f": write {whole}"
        return f": write {whole} if the comma separates thousands, {head.replace(',', '.')} if it is a decimal comma"
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return ": write decimals with a point"
    return ""


class Decimals:
    """The decimal signs in the numbers of a column. A file separated by semicolons may have commas or points."""

    def __init__(self):
        self.sure = set()  # those that can only begin decimals, as in 0,5 and 1.25
        self.ambiguous = {}  # sign: (where, text) of the first number in which it may separate thousands
        self.is_short = self.is_long = False  # whether there are whole numbers of up to three digits, and of more

    def add(self, text, where):
        """Looks at a number; `where()` is its position, for messages."""
        sign = "," if "," in text else "." if "." in text else ""
        if not sign:
            is_long = len(text.lstrip("+-")) > 3
            self.is_long, self.is_short = self.is_long or is_long, self.is_short or not is_long
        elif not AMBIGUOUS.fullmatch(text):
            self.sure.add(sign)
        elif sign not in self.ambiguous:
            self.ambiguous[sign] = where(), text


def doubtful(columns, signs=()):
    """(column, whether it is to be refused, why) of the Decimals by column: of numbers that may be others by a factor of 1000, in columns
    without other decimals. `signs`: those that decimals have elsewhere in the file. pandas reads 1,107 as 1.107 with decimal=",", and
    takes a point for none then."""
    signs = {sign for column in columns.values() for sign in (*column.sure, *column.ambiguous)}.union(signs)
    sure = {sign for column in columns.values() for sign in column.sure}
    for key, column in columns.items():
        for sign, (where, text) in column.ambiguous.items():
            whole, own, other = text.replace(sign, ""), *(("comma", ".") if sign == "," else ("point", ","))
            if sign == "." and "," in signs and sign not in column.sure:
                yield key, True, (f"{where}: is {text!r}, and the file has decimal commas, too: write {whole} if the point separates "
                                  f"thousands, {text.replace('.', ',')} if it is a decimal point")
            elif sign not in sure and (other in signs or column.is_short and not column.is_long):
                yield key, False, f"{where}: {text!r} is read as {text.replace(',', '.')}: write {whole} if the {own} separates thousands"
