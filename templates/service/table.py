"""What rows does a file hold, and are its cells what columns take?

The one reader of rows: the image's build, training, the service and batch inference use it, and `kubeforge` sends it with the modules
that first_look.py needs to the Python of the computer where it was typed. There Python may be as old as 3.8, and has no packages.
"""

import csv
import hashlib
import itertools
import math
import re
import unicodedata
import zlib

PIECE = 256 * 1024  # bytes
LONGEST_LINE = 4 * 1024 * 1024  # bytes
LONGEST_CELL = 131_072  # characters; where a quote is not closed, the rest of the file is one cell
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
BLANK = " \t"
# What pandas.read_csv takes for a missing value, so that a service sees what a notebook saw.
MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
     "None", "n/a", "nan", "null"))
# Before what Parquet has as text and CSV would take for a missing value. No text has this character: Unicode keeps it free.
TEXT = "\ufdd0"
ALL = "all"  # columns of an input that are kept
BOOLEANS = {"True": True, "true": True, "TRUE": True, "False": False, "false": False, "FALSE": False}
# What nobody can see in a name: control characters, marks of direction, fillers, and what Unicode lets programs ignore.
HIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800"
                    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")
# Of these, what scripts and emoji need behind another character: joiners, what chooses between two forms, and what says whose flag it is.
JOINERS = "\u200c\u200d"
SELECTORS, KEYCAP = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"), "\u20e3"
TAGS, FLAG = re.compile("[\U000e0020-\U000e007f]"), "\U0001f3f4"
# Excel's own line about the separator, before the header; programs that fill up rows have put more separators behind it.
EXCEL = re.compile(r'"?sep=[^"\w]?"?[,;\t]*\s*', re.ASCII | re.IGNORECASE)
GZIP = b"\x1f\x8b"
# What people save instead of CSV in UTF-8, by how it begins.
OTHER_FILES = (
    (b"\xff\xfe", "is UTF-16: save it as UTF-8"), (b"\xfe\xff", "is UTF-16: save it as UTF-8"),
    (b"PK\x03\x04", "is a ZIP archive or an Excel workbook: save it as CSV"),
    (b"PAR1", "is a Parquet file: name it .parquet, or save it as CSV"),
)


class DataError(Exception):
    """A file that cannot be used; the text says where (file:line, column) and why."""


class Reader:
    """The records of a file that comes in pieces of bytes; it may be larger than the memory."""

    def __init__(self, pieces, name):
        self.name = name
        self.line = 0  # lines read so far
        self.offset = 0  # their bytes
        self.separator = ","
        self._pieces, self._digest = pieces, hashlib.sha256()

    @property
    def sha256(self):
        """The digest of all bytes, once all records have been read."""
        return self._digest.hexdigest()

    def records(self):
        """(line that it begins in, cells) of each record, the header among them; lines that are blank are none."""
        lines = self._lines()
        first = next(lines, None)
        if first is None:
            return
        if EXCEL.fullmatch(first):
            raise DataError(f"{self.name}:1: is not the header, but tells Excel the separator ({first.strip()!r}): remove this line")
        self.separator = separator(first)
        csv.field_size_limit(LONGEST_CELL)
        part = []  # the lines of the record that is being read

        def noted():
            for line in itertools.chain([first], lines):
                part.append(line)
                yield line

        table, place, header = csv.reader(noted(), delimiter=self.separator, strict=True), 1, ()
        while True:
            try:
                cells = next(table, None)
            except csv.Error:
                raise DataError(f"{self.name}:{place}{_fault(''.join(part), self.separator, header)}") from None
            if cells is None:
                return
            if any(cell.strip(BLANK) for cell in cells) or len(cells) > 1:
                header = header or cells
                yield place, cells
            place = self.line + 1
            part.clear()

    def _lines(self):
        rest, started = b"", False
        for piece in unpacked(self._pieces, self.name):
            self._digest.update(piece)
            if not started:
                started = True
                for sign, reason in OTHER_FILES:
                    if piece.startswith(sign):
                        raise DataError(f"{self.name}: {reason}")
            # Of bytes: at \n, \r\n and \r, and nowhere else. A \r at the end may be half of \r\n.
            lines = (rest + piece).splitlines(keepends=True)
            rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
            for line in lines:
                yield self._text(line)
            if len(rest) > LONGEST_LINE:
                self._text(rest)
        if rest:
            yield self._text(rest)

    def _text(self, line):
        self.line += 1
        if len(line) > LONGEST_LINE:
            raise DataError(f"{self.name}:{self.line}: is longer than {LONGEST_LINE} bytes")
        if b"\0" in line:
            raise DataError(f"{self.name}:{self.line}: has a NUL byte: is it text?")
        self.offset += len(line)
        try:
            return line.decode("utf-8-sig" if self.line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{self.name}:{self.line}: is not UTF-8 (byte 0x{line[error.start]:02x}, as in Latin-1 or Windows-1252): "
                            "save it as UTF-8") from None


def _fault(text, separator, header):
    """Which cell of a record is malformed, why, and what to write instead: `, column 3 (x): …`."""
    column = begin = 0
    why = f"is longer than {LONGEST_CELL} characters: shorten it"
    while True:
        end = begin
        if text[begin : begin + 1] == '"':
            end = begin + 1
            while (end := text.find('"', end)) >= 0 and text[end + 1 : end + 2] == '"':
                end += 2
            if end < 0:
                within = f" within {LONGEST_CELL} characters" if len(text) - begin > LONGEST_CELL else ""
                why = f'begins with a quote (") that is not closed{within}: close it, and write a quote within a cell twice ("")'
                break
            end += 1
            if text[end : end + 1] not in (separator, "\r", "\n", ""):
                why = 'continues after its closing quote ("): write a quote within a cell twice ("")'
                break
        while end < len(text) and text[end] not in (separator, "\r", "\n"):
            end += 1
        if end - begin > LONGEST_CELL or text[end : end + 1] != separator:
            break
        column, begin = column + 1, end + 1
    name = f" ({header[column].strip(BLANK)})" if column < len(header) else ""
    return f", column {column + 1}{name}: {why}"


def unpacked(pieces, name):
    """Yields the bytes, decompressed if they are gzip."""
    unpacking, is_within = None, False
    for number, piece in enumerate(pieces):
        if number == 0 and piece.startswith(GZIP):
            unpacking = zlib.decompressobj(31)
        if unpacking is None:
            if piece:
                yield piece
            continue
        try:
            while piece:
                content = unpacking.decompress(piece, PIECE)
                if content:
                    yield content
                is_within, piece = not unpacking.eof, unpacking.unconsumed_tail
                if unpacking.eof:  # several gzip files one after the other are one
                    piece = unpacking.unused_data
                    unpacking = zlib.decompressobj(31)
                elif not content:
                    break
        except zlib.error:
            raise DataError(f"{name}: is compressed with gzip and damaged: compress it again, or leave it uncompressed") from None
    if is_within:
        raise DataError(f"{name}: is compressed with gzip and cut off: copy it again, or leave it uncompressed")


def separator(header):
    """What stands between columns: a comma, or a semicolon or a tab where a header has more of them."""
    return max(",;\t", key=re.sub('"[^"]*"', "", header).count)


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


# ---- from cells to values

def value(cell, column, where, decimal=""):
    """A cell as JSON has it; None is a missing value. `decimal`: a comma where numbers are written with it."""
    if column.type == "text" and cell.startswith(TEXT):
        return cell[len(TEXT):]
    cell = plain(cell)
    text = cell.strip(BLANK)
    if text in MISSING:
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
    """What to write instead of text that is almost a number."""
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
    """Which signs the numbers of a column have, in a file with semicolons, which has decimal commas or decimal points."""

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


class Layout:
    """Where the columns of a schema are in a file: they are found by their names, in any order."""

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

    def check_decimals(self):
        """Once all rows of a file have been read: refuses numbers with two readings."""
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


def it_has(header):
    """The end of a sentence about a column that is not there."""
    return f"; it has {listed([name for name in header if name])}" if any(header) else ""


# ---- a file and its header

class opened:
    """A file, as the reader of its records."""

    def __init__(self, path, name):
        self.path, self.name = path, name

    def __enter__(self):
        try:
            self.file = open(self.path, "rb")
        except OSError as error:
            raise DataError(f"{self.name}: cannot be read: {error.strerror}") from None
        return Reader(iter(lambda: self.file.read(PIECE), b""), self.name)

    def __exit__(self, *_):
        self.file.close()


def header_of(cells, name):
    """The names of columns. The first may have none: pandas writes its index that way."""
    header = [cell.strip(BLANK) for cell in cells]
    if not any(header):
        raise DataError(f"{name}:1: has no header: its first line must name the columns")
    if len(header) == 1 and "|" in header[0]:
        raise DataError(f"{name}:1: its columns are separated by '|': separate them with commas")
    if all(NUMBER.fullmatch(cell) for cell in header if cell) and not _counts(header):
        raise DataError(f"{name}:1: has no header: its first line must name the columns, but has numbers")
    if header[0] == "Unnamed: 0":
        header[0] = ""
    seen = {}
    for column, cell in enumerate(header, start=1):
        if not cell and column > 1:
            raise DataError(f"{name}:1, column {column}: has no name")
        composed = unicodedata.normalize("NFC", cell)
        sign = hidden(composed)
        if sign:
            called = f"U+{ord(sign):04X}" + (f", {unicodedata.name(sign).lower()}" if unicodedata.name(sign, "") else "")
            raise DataError(f"{name}:1, column {column}: {cell!r} has a character that cannot be seen ({called}): remove it")
        if composed in seen:
            other = ", composed of different Unicode characters" if seen[composed] != cell else ""
            raise DataError(f"{name}:1, column {column}: {cell!r} appears twice{other}")
        seen[composed] = cell
    return header


def hidden(name):
    """The first character of a name that nobody can see, unless a script or an emoji needs it there; "" if there is none. A no-break space
    is seen between other characters."""
    if name.isascii() and not HIDDEN.search(name):
        return ""
    for place, sign in enumerate(name):
        is_end = place in (0, len(name) - 1)
        if HIDDEN.match(sign) and not _is_needed(name, place) or is_end and unicodedata.category(sign) == "Zs":
            return sign
    return ""


def _is_needed(name, place):
    """Whether a joiner or selector stands behind a letter without case, a mark, an emoji, or what else may have another form."""
    if place == 0 or name[place - 1].isspace():
        return False
    before, sign = name[place - 1], name[place]
    if sign in JOINERS:  # Cn: an emoji that is newer than this Python
        return not before.isascii() and unicodedata.category(before) in ("Lo", "Lm", "Mn", "Mc", "So", "Sk", "Cn")
    if TAGS.match(sign):
        return before == FLAG or bool(TAGS.match(before))
    return bool(SELECTORS.match(sign)) and (not before.isascii() or name[place + 1 : place + 2] == KEYCAP)


def _counts(header):
    """Whether names are 0, 1, 2 …: pandas names columns that way that have no names."""
    numbers = [cell for cell in header if cell]
    return all(map(WHOLE_NUMBER.fullmatch, numbers)) and list(map(int, numbers)) == list(range(len(numbers)))


# ---- in words

def names(text):
    """The columns in a list: a,b or a,"b, c"."""
    return list(dict.fromkeys(name.strip(BLANK) for name in next(csv.reader([text], skipinitialspace=True), []) if name.strip(BLANK)))


def listed(names, most=8):
    return ", ".join(repr(name) for name in names[:most]) + (", …" if len(names) > most else "")


def shown(value):
    """A value as a file has it."""
    return {True: "True", False: "False"}[value] if isinstance(value, bool) else str(value)


def counted(number, word):
    return f"{number} {word}" if number == 1 else f"{number} {word}es" if word.endswith("s") else f"{number} {word}s"
