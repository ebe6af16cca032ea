"""Which names does a file give its columns?"""

import csv
import re
import unicodedata

from cells import NUMBER, WHOLE_NUMBER
from errors import DataError
from records import BLANK

# What nobody can see in a name: control characters, marks of direction, fillers, and what Unicode lets programs ignore.
HIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800"
                    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")
# Of these, what scripts and emoji need behind another character: joiners, what chooses between two forms, and what says whose flag it is.
JOINERS = "\u200c\u200d"
SELECTORS, KEYCAP = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"), "\u20e3"
TAGS, FLAG = re.compile("[\U000e0020-\U000e007f]"), "\U0001f3f4"


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


def names(text):
    """The columns in a list: a,b or a,"b, c"."""
    return list(dict.fromkeys(name.strip(BLANK) for name in next(csv.reader([text], skipinitialspace=True), []) if name.strip(BLANK)))
