"""Which records does a file hold? CSV as people save it, also compressed, read in pieces: it may be larger than the memory."""

import csv
import hashlib
import itertools
import re
import zlib

from errors import DataError

PIECE = 256 * 1024  # bytes
LONGEST_LINE = 4 * 1024 * 1024  # bytes
LONGEST_CELL = 131_072  # characters; where a quote is not closed, the rest of the file is one cell
BLANK = " \t"
# Excel's own line about the separator, before the header; programs that fill up rows have put more separators behind it.
EXCEL = re.compile(r'"?sep=[^"\w]?"?[,;\t]*\s*', re.ASCII | re.IGNORECASE)
GZIP = b"\x1f\x8b"
# What people save instead of CSV in UTF-8, by how it begins.
OTHER_FILES = (
    (b"\xff\xfe", "is UTF-16: save it as UTF-8"), (b"\xfe\xff", "is UTF-16: save it as UTF-8"),
    (b"PK\x03\x04", "is a ZIP archive or an Excel workbook: save it as CSV"),
    (b"PAR1", "is a Parquet file: name it .parquet, or save it as CSV"),
)


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


class opened:
    """Opens a file and reads its records."""

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
