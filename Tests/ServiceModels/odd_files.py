"""Is a file as people have it read in one and the same way by the build, golden/, the service and batch inference, or refused with its
place? Also told: whether the example's LDA trains on it. odd_files.py DIRECTORY writes there, and prints what is otherwise than below.
"""

import contextlib
import gzip
import io
import os
import re
import sys
import types
from pathlib import Path

import example_rows
import inputs
import shards
from errors import DataError

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
sys.path.append(str(TEMPLATES / "service/golden"))
import golden_rows  # noqa: E402

EXAMPLE = TEMPLATES / "example/train.py"
DIRECTIONS = ((10.0, 1.0), (1.0, 10.0), (-10.0, -8.0))


def examples(shift=0.0, name=str, header="Line,# Letter,x,y", per_class=10, line="{line},{name},{x},{y}", classes=3):
    rows = []
    for number in range(per_class * classes):
        x, y = DIRECTIONS[number // per_class % 3]
        step = number % 10 / 8 + shift + number // per_class // 3
        rows.append(line.format(line=number, name=name(number // per_class), x=x + step, y=y - step))
    return "\n".join([header, *rows]) + "\n"


TRAIN, TEST = examples(), examples(0.125)
PLAIN = "Line,# Letter,x,y\n0,0,1.5,2\n1,1,3,4\n"
READ = "[1.5, 2.0] [3.0, 4.0] of 0, 1"


def row(text):
    return f"Line,# Letter,x,y\n{text}\n1,1,3,4\n"


def both(**more):
    """A pair of files of another form."""
    return examples(**more), examples(0.125, **more)


def zeros(text):
    """Where every seventh row has nothing but zeros."""
    rows = text.splitlines(keepends=True)
    return "".join(re.sub(r"[^,]+,[^,]+\n", "0,0.0\n", row) if place % 7 == 3 else row for place, row in enumerate(rows))


def numbered(text, first):
    head, *rows = text.splitlines(keepends=True)
    return head + "".join(f"{number},{row.partition(',')[2]}" for number, row in enumerate(rows, start=first))


def upside_down(text):
    head, *rows = text.splitlines(keepends=True)
    return head + "".join(reversed(rows))


FILES = []


def file(name, test, expected=READ, train=TRAIN, target=None, index=None, trains="one file"):
    """A test.csv beside a good train.csv, and its rows or why it is refused."""
    FILES.append((name, train, test, expected, target, index, trains))


def pair(name, files, expected, trains="trains", target=None, index=None):
    """Both files: their schema, or why they are refused; and whether they train."""
    file(name, files[1], expected, files[0], target, index, trains)


COMMA = " (a comma separates columns: write decimals with a point, and thousands without a comma)"
PARQUET = ": correct it, or save the file as Parquet if the column is text"
NUMBERS = "x number, y number; # Letter integer: classification of 3"
NO_GAPS = "these models take no other, and no missing value"

file("as it should be", PLAIN)
file("no line end at the end", PLAIN[:-1])
file("byte-order mark", "\ufeff" + PLAIN)
file("Windows line ends", PLAIN.replace("\n", "\r\n"))
file("old Mac line ends", PLAIN.replace("\n", "\r"))
file("old Mac line ends, none at the end", PLAIN[:-1].replace("\n", "\r"))
file("mixed line ends", "Line,# Letter,x,y\r\n0,0,1.5,2\r1,1,3,4\n")
file("a quoted header", '"Line","# Letter","x","y"\n0,0,1.5,2\n1,1,3,4\n')
file("all quoted", '"Line","# Letter","x","y"\n"0","0","1.5","2"\n"1","1","3","4"\n')
file("spaces", " Line , # Letter , x ,y \n 0 , 0 , 1.5 , 2\n1 ,1 ,\t3,4 \n")
file("a byte-order mark before a quote", '\ufeff"Line",# Letter,x,y\n0,0,1.5,2\n1,1,3,4\n')
file("every way to write a number", row("0,0,+15e-1,.2E+1"))
file("more zeros than needed", row("0,0,0001.500,2."))
file("semicolons", PLAIN.replace(",", ";"))
file("semicolons and decimal commas", "Line;# Letter;x;y\n0;0;1,5;2\n1;1;3;4\n")
file("semicolons and decimal points", "Line;# Letter;x;y\n0;0;1.5;2\n1;1;3;4\n")
file("semicolons and decimal commas, three of them", "Line;# Letter;x;y\n0;0;1,500;2\n1;1;3,000;4,000\n")
file("semicolons and decimal points, three of them", "Line;# Letter;x;y\n0;0;1.500;2\n1;1;3.000;4.000\n")
file("semicolons, decimal commas, and a column with decimal points", "Line;# Letter;x;y\n0;0;1,5;2.000\n1;1;3;4.0\n")
file("semicolons, decimal commas, and a zero before a point", "Line;# Letter;x;y\n0;0;1,5;0.500\n1;1;3;4.000\n", "[1.5, 0.5] [3.0, 4.0] of 0, 1")
file("semicolons, three decimals behind commas, and days with a point", "Line;# Letter;x;y\n0;0;1,500;27.11\n1;1;3,000;4.0\n",
     "[1.5, 27.11] [3.0, 4.0] of 0, 1")
file("semicolons, decimal commas, and ids with points", "Line;# Letter;x;y\n1.107;0;1,5;2\n1.108;1;3;4\n")
pair("semicolons, and a comma in a name", tuple(text.replace(",", ";").replace(".", ",").replace("x;y", "Umsatz, EUR;y") for text in (TRAIN, TEST)),
     "Umsatz, EUR number, y number; # Letter integer: classification of 3")
file("tabs", PLAIN.replace(",", "\t"))
file("gzip", gzip.compress(PLAIN.encode()))
file("gzip, two packed files as one", gzip.compress(PLAIN[:20].encode()) + gzip.compress(PLAIN[20:].encode()))
file("an empty last line", PLAIN + "\n")
file("empty last lines of Windows", PLAIN.replace("\n", "\r\n") + "\r\n\r\n")
file("an empty line between", "Line,# Letter,x,y\n0,0,1.5,2\n\n1,1,3,4\n")
file("a last line of spaces", PLAIN + "  \n")
file("another order of columns", "y,x,# Letter,Line\n2,1.5,0,0\n4,3,1,1\n")
file("rows in another order", "Line,# Letter,x,y\n7,0,1.5,2\n3,1,3,4\n")
file("rows from 1", "Line,# Letter,x,y\n1,0,1.5,2\n2,1,3,4\n")
file("an id twice", "Line,# Letter,x,y\n1,0,1.5,2\n1,1,3,4\n")
file("ids that are words", "Line,# Letter,x,y\na 1,0,1.5,2\n\"b,2\",1,3,4\n")
file("no ids", "# Letter,x,y\n0,1.5,2\n1,3,4\n")
file("a column more in front, as pandas writes it", ",Line,# Letter,x,y\n0,0,0,1.5,2\n1,1,1,3,4\n")
file("without truth", "Line,x,y\n0,1.5,2\n1,3,4\n", "[1.5, 2.0] [3.0, 4.0]")
file("one row", "Line,# Letter,x,y\n0,0,1.5,2\n", "[1.5, 2.0] of 0")
file("classes with a point", "Line,# Letter,x,y\n0,0.0,1.5,2\n1,1.0,3,4\n", "[1.5, 2.0] [3.0, 4.0] of 0.0, 1.0")

file("nothing", "", "test.csv:1: has no header: its first line must name the columns")
file("an empty line", "\n", "test.csv:1: has no header: its first line must name the columns")
file("a header alone", "Line,# Letter,x,y\n", "test.csv:1: has no rows below its header")
file("no header", "0,1,1.5,2\n1,1,3,4\n", "test.csv:1: has no header: its first line must name the columns, but has numbers")
FIRST = "test.csv:2: has {}, the header {} (the first line must name the columns, begins with {!r})"
file("a comment first", "# data\n" + PLAIN, FIRST.format("4 columns", 1, "# data"))
file("two comments first", "# data\n# of 2026\n" + PLAIN, FIRST.replace(":2", ":3").format("4 columns", 1, "# data"))
file("a comment with a comma first", "# data, of 2026\n" + PLAIN, FIRST.format("4 columns", 2, "# data"))
file("a comment with many commas first", "# data, of a, b, c, d\n" + PLAIN, FIRST.format("4 columns", 5, "# data"))
file("a comment first, before semicolons and decimal commas", "# data\nx;y\n1,5;2\n",
     FIRST.replace(":2", ":3").format("2 columns", 1, "# data"))
file("a title first", "Report of 2026\n\n" + PLAIN, FIRST.replace(":2", ":3").format("4 columns", 1, "Report of 2026"))
file("decimal commas in the only column, whose name begins as a comment", "# Letter\n1,5\n2,5\n",
     "test.csv:2: has 2 columns, the header 1" + COMMA)
file("decimal commas below a name that begins as a comment", "# Letter,x,y\n0,1,5,2\n1,3,4\n",
     "test.csv:2: has 4 columns, the header 3" + COMMA)
file("tabs, and one too many", row("0,0,1.5,2,").replace(",", "\t"), "test.csv:2: has 5 columns, the header 4")
for line in ("sep=;", "sep=,", '"sep=;"', "SEP=;", "sep=\t", "sep=|", "sep=", "sep=;;;;", "sep=;\r"):
    file(f"Excel's line about the separator: {line!r}", f"{line}\n" + PLAIN.replace(",", ";"),
         f"test.csv:1: is not the header, but tells Excel the separator ({line.strip()!r}): remove this line")
file("Excel's line about the separator, behind a byte-order mark", "\ufeffsep=;\n" + PLAIN.replace(",", ";"),
     "test.csv:1: is not the header, but tells Excel the separator ('sep=;'): remove this line")
pair("names that begin as Excel's line", both(header="Line,# Letter,sep=x,sep="),
     "sep=x number, sep= number; # Letter integer: classification of 3")
file("bars", PLAIN.replace(",", "|"), "test.csv:1: its columns are separated by '|': separate them with commas")
file("decimal commas", row("0,0,1,5,2"), "test.csv:2: has 5 columns, the header 4" + COMMA)
file("quoted decimal commas", row('0,0,"1,5",2'),
     "test.csv:2, column 3 (x): must be a number as in 31 other rows, is '1,5': write decimals with a point")
for cell, instead in (("1,107", "write 1107 if the comma separates thousands, 1.107 if it is a decimal comma"),
                      ("-12,500", "write -12500 if the comma separates thousands, -12.500 if it is a decimal comma"),
                      ("1,107,000", "write 1107000"), ("1,107.5", "write 1107.5"), ("1.107,5", "write 1107.5"),
                      ("1.107.000", "write 1107000"), ("0,500", "write decimals with a point"),
                      ("1107,500", "write decimals with a point")):
    file(f"quoted commas: {cell}", row(f'0,0,"{cell}",2'),
         f"test.csv:2, column 3 (x): must be a number as in 31 other rows, is '{cell}': {instead}")
file("commas that separate thousands, without quotes", row("0,0,1,107,2"), "test.csv:2: has 5 columns, the header 4" + COMMA)
for cell, instead in (("1.107,5", "1107,5"), ("1,107.5", "1107,5"), ("1.107.000", "1107000"), ("1.107.000,25", "1107000,25")):
    file(f"semicolons: {cell}", row(f"0,0,{cell.replace(',', '@')},2").replace(",", ";").replace("@", ","),
         f"test.csv:2, column 3 (x): must be a number as in 31 other rows, is '{cell}': write {instead}")
BOTH = "is {!r}, and the file has decimal commas, too: write {} if the point separates thousands, {} if it is a decimal point, " \
       "or save the file as Parquet if the column is text"
for name, text, place, cell in (
        ("in the column itself", "0;0;1,5;2\n1;1;1.107;900\n", "3, column 3 (x)", "1.107"),
        ("in another column", "0;0;0,5;1.107\n1;1;1,5;900\n", "2, column 4 (y)", "1.107"),
        ("in another column, negative", "0;0;0,5;900\n1;1;1,5;-12.500\n", "3, column 4 (y)", "-12.500"),
        ("in the column of classes", "0;1.107;0,5;2\n1;1;1,5;900\n", "2, column 2 (# Letter)", "1.107"),
        ("many rows above", "0;0;1.107;900\n" + "0;0;900;1\n" * 600 + "1;1;3;0,5\n", "2, column 3 (x)", "1.107"),
        ("where both may separate thousands", "0;0;1,107;2\n1;1;3;1.107\n", "3, column 4 (y)", "1.107")):
    text = f"Line;# Letter;x;y\n{text}"
    pair(f"semicolons, decimal commas and a point {name}", (text, text),
         f"train.csv:{place}: " + BOTH.format(cell, cell.replace(".", ""), cell.replace(".", ",")), None)
text = "Line;# Letter;x;y\n0;0;2.500,5;1.107\n1;1;1.250,5;900\n"
pair("semicolons, and both signs in numbers that are text", (text, text),
     "train.csv:2, column 4 (y): " + BOTH.format("1.107", "1107", "1,107"), None)
file("semicolons, decimal commas and a point in the test alone", "Line;# Letter;x;y\n0;0;0,5;1.107\n1;1;1,5;900\n",
     "test.csv:2, column 4 (y): " + BOTH.format("1.107", "1107", "1,107"))
file("a trailing comma", row("0,0,1.5,2,"), "test.csv:2: has 5 columns, the header 4" + COMMA)
file("a trailing comma everywhere", "Line,# Letter,x,y,\n0,0,1.5,2,\n", "test.csv:1, column 5: has no name")
file("a column too few", row("0,0,1.5"), "test.csv:2: has 3 columns, the header 4")
for word in ("", "NA", "NaN", "null", "n/a", "None"):
    file(f"a gap: {word!r}", row(f"0,0,{word},2"), "[None, 2.0] [3.0, 4.0] of 0, 1")
for word in ("?", "inf", "1 234", "1_234", "\u0661", "\u00a01.5", "0x10", "blue", "True", "2026-11-26", '"1\n"'):
    shown = word.replace('"', "")
    file(f"in a column of numbers: {word!r}", row(f"0,0,{word},2"),
         f"test.csv:2, column 3 (x): must be a number as in 31 other rows, is {shown!r}" + PARQUET)
file("too large for a double", row("0,0,1e999,2"), "test.csv:2, column 3 (x): must be from -1e150 to 1e150, is '1e999'")
file("too large to be squared", row("0,0,1.5,-1e300"), "test.csv:2, column 4 (y): must be from -1e150 to 1e150, is '-1e300'")
QUOTES = "and write a quote within a cell twice (\"\")"
OPEN = "test.csv:2, column 3 (x): begins with a quote (\") that is not closed"
file("a quote that is not closed", row('0,0,"1.5,2'), f"{OPEN}: close it, {QUOTES}")
file("a quote that is not closed, in a long file", row('0,0,"1.5,2') + "2,1,3,4\n" * 30_000,
     f"{OPEN} within 131072 characters: close it, {QUOTES}")
file("something behind a quote", row('0,0,"1.5"x,2'),
     "test.csv:2, column 3 (x): continues after its closing quote (\"): write a quote within a cell twice (\"\")")
file("a quote in the header that is not closed", 'Line,"# Letter,x,y\n0,0,1.5,2\n',
     f"test.csv:1, column 2: begins with a quote (\") that is not closed: close it, {QUOTES}")
file("something behind a quote, some lines below", 'Line,# Letter,x,y\n0,0,"1\n5",2\n1,1,3,"4\n4"4\n',
     "test.csv:4, column 4 (y): continues after its closing quote (\"): write a quote within a cell twice (\"\")")
file("a class that training never saw", row("0,0,1.5,2") + "2,7,1,1\n",
     "input:4, column 2 (# Letter): must be a class that models know (0, 1, 2), is '7'")
file("a class that is missing", row("0,,1.5,2"), "test.csv:2, column 2 (# Letter): is missing (''): fill it in, or leave the row out")
file("other names", "Line,# Letter,a,b\n0,0,1,2\n", "test.csv:1: has a column 'a', 'b', which train.csv lacks")
file("a column less", "Line,# Letter,x\n0,0,1\n", "test.csv:1: has no column 'y', which train.csv has; it has 'Line', '# Letter', 'x'")
file("a name twice", "Line,# Letter,x,x\n0,0,1,2\n", "test.csv:1, column 4: 'x' appears twice")
file("two names that look the same", "Line,# Letter,\u00c5,A\u030a\n0,0,1,2\n",
     "test.csv:1, column 4: 'A\u030a' appears twice, composed of different Unicode characters")
file("a name without a name", "Line,# Letter,x,\n0,0,1,2\n", "test.csv:1, column 4: has no name")
for sign, called in (("\ufeff", "U+FEFF, zero width no-break space"), ("\u200b", "U+200B, zero width space"), ("\xad", "U+00AD, soft hyphen"),
                     ("\u2060", "U+2060, word joiner"), ("\u200e", "U+200E, left-to-right mark"),
                     ("\u202a", "U+202A, left-to-right embedding"), ("\u2068", "U+2068, first strong isolate"), ("\x07", "U+0007"),
                     ("\u200c", "U+200C, zero width non-joiner"), ("\u200d", "U+200D, zero width joiner"),
                     ("\ufe0f", "U+FE0F, variation selector-16"), ("\u3164", "U+3164, hangul filler")):
    for name in (f"{sign}x", f"a{sign}x", f"x{sign}"):
        file(f"a name with {called}: {name!r}", PLAIN.replace("x", name),
             f"test.csv:1, column 3: {name!r} has a character that cannot be seen ({called}): remove it")
for name in ("\xa0x", "x\xa0", "\xa0", "\u3000x"):
    called = "U+3000, ideographic space" if "\u3000" in name else "U+00A0, no-break space"
    file(f"a name that begins or ends with {called}: {name!r}", PLAIN.replace("x", name),
         f"test.csv:1, column 3: {name!r} has a character that cannot be seen ({called}): remove it")
file("a second byte-order mark", "\ufeff\ufeff" + PLAIN,
     "test.csv:1, column 1: '\\ufeffLine' has a character that cannot be seen (U+FEFF, zero width no-break space): remove it")
file("a joiner behind a letter of Latin script with an accent", PLAIN.replace("x", "e\u0301\u200dx"),
     "test.csv:1, column 3: 'e\u0301\\u200dx' has a character that cannot be seen (U+200D, zero width joiner): remove it")
file("a tag behind what is no flag", PLAIN.replace("x", "\u2764\U000e0061"),
     "test.csv:1, column 3: '\u2764\\U000e0061' has a character that cannot be seen (U+E0061, tag latin small letter a): remove it")
file("a name with a tab", PLAIN.replace("x", "a\tx"), "test.csv:1: has a column 'a\\tx', which train.csv lacks")
file("a NUL byte", row("0,0,1.5\0,2"), "test.csv:2: has a NUL byte: is it text?")
file("Latin-1", "Line,# Letter,caf\u00e9,y\n0,0,1,2\n".encode("latin-1"),
     "test.csv:1: is not UTF-8 (byte 0xe9, as in Latin-1 or Windows-1252): save it as UTF-8")
file("UTF-16", b"\xff\xfe" + PLAIN.encode("utf-16-le"), "test.csv: is UTF-16: save it as UTF-8")
file("gzip, damaged", gzip.compress(PLAIN.encode())[:10] + b"\xff" * 20,
     "test.csv: is compressed with gzip and damaged: compress it again, or leave it uncompressed")
file("gzip, cut off", gzip.compress(PLAIN.encode())[:-9],
     "test.csv: is compressed with gzip and cut off: copy it again, or leave it uncompressed")
file("gzip, the second file cut off", gzip.compress(PLAIN.encode()) + gzip.compress(b"2,1,3,4\n")[:-9],
     "test.csv: is compressed with gzip and cut off: copy it again, or leave it uncompressed")
file("a workbook", b"PK\x03\x04rest", "test.csv: is a ZIP archive or an Excel workbook: save it as CSV")
file("Parquet by another name", b"PAR1rest", "test.csv: is a Parquet file: name it .parquet, or save it as CSV")
file("a line of 5 MiB", row("0,0,1.5," + " " * (5 << 20) + "2"), "test.csv:2: is longer than 4194304 bytes")
file("a cell of 200 kB", row("0,0,1.5," + "0" * 200_000), "test.csv:2, column 4 (y): is longer than 131072 characters: shorten it")
file("no such file", None, "test.csv: cannot be read: No such file or directory")

pair("classes as words", both(name="ABC".__getitem__), "x number, y number; # Letter text: classification of 3")
pair("classes of pandas", both(name="{}.0".format), "x number, y number; # Letter number: classification of 3")
pair("classes -1 and 1", both(name=["-1", "1"].__getitem__, classes=2), "x number, y number; # Letter integer: classification of 2")
pair("classes True and False", both(name=["True", "False"].__getitem__, classes=2),
     "x number, y number; # Letter boolean: classification of 2")
pair("classes 0 and 1", both(classes=2), "x number, y number; # Letter integer: classification of 2")
pair("classes from 1", both(name="1234".__getitem__, classes=4), "x number, y number; # Letter integer: classification of 4")
pair("classes 0 and 7", both(name="07".__getitem__, classes=2), "x number, y number; # Letter integer: classification of 2")
pair("classes 0 to 30", both(classes=31), "x number, y number; # Letter integer: classification of 31")
pair("classes 0 and 999999999", both(name=["0", "999999999"].__getitem__, classes=2),
     "x number, y number; # Letter integer: classification of 2")
pair("classes with zeros in front", both(name="0{}".format), "x number, y number; # Letter text: classification of 3")
pair("classes with spaces around them", both(name=" {} a ".format), "x number, y number; # Letter text: classification of 3")
pair("whole numbers that are no floats", both(header="Line,# Letter,x,y,id", line="{line},{name},{x},{y},900719925474099{line}"),
     "x number, y number, id integer; # Letter integer: classification of 3", None)
pair("a class of text that training never saw", (examples(name="ABC".__getitem__), examples(0.125, name="ABD".__getitem__)),
     "test.csv:22, column 2 (# Letter): class D is not in train.csv, which has A, B, C", None)
pair("one class", both(classes=1), "x number, y number; # Letter integer: classification of 1",
     "train.csv: needs two classes or more, and more rows than classes; it has 1 in 10 rows")
pair("one row in each", (row("").replace("\n\n1,1,3,4", "\n0,0,1,2"),) * 2, "x integer, y integer; # Letter integer: classification of 1",
     "train.csv: needs two classes or more, and more rows than classes; it has 1 in 1 rows")
pair("two rows of two classes", (PLAIN, PLAIN), "x number, y integer; # Letter integer: classification of 2",
     "train.csv: needs two classes or more, and more rows than classes; it has 2 in 2 rows")
pair("three rows of two classes", (PLAIN + "2,1,3.5,7\n", PLAIN), "x number, y integer; # Letter integer: classification of 2")
pair("a class with one row", (TRAIN + "30,3,1.5,9\n", TEST), "x number, y number; # Letter integer: classification of 4")
pair("a constant column", both(header="Line,# Letter,x,y,z", line="{line},{name},{x},{y},3"),
     "x number, y number, z integer; # Letter integer: classification of 3")
pair("two columns that are equal", both(header="Line,# Letter,x,y,z", line="{line},{name},{x},{y},{x}"),
     "x number, y number, z number; # Letter integer: classification of 3")
SAME = "train.csv: cannot be trained on: models see each row divided by its length (its L2 norm), and then all rows of a class are the same; "
SIZE = "give rows of a class that differ in more than their size"
pair("all columns constant", both(line="{line},{name},3,4"), "x integer, y integer; # Letter integer: classification of 3", SAME + SIZE)
pair("all rows zero", both(line="{line},{name},0,0"), "x integer, y integer; # Letter integer: classification of 3", SAME + SIZE)
pair("some rows zero", tuple(zeros(text) for text in (TRAIN, TEST)), NUMBERS)
pair("one feature", both(header="Line,# Letter,x", line="{line},{name},{x}"), "x number; # Letter integer: classification of 3",
     SAME + "with one feature, every row becomes 1 or -1: give two features or more")
pair("values too small to be squared", both(line="{line},{name},{x}e-320,{y}e-320"), NUMBERS, SAME + SIZE)
pair("values too large to be squared", both(line="{line},{name},{x}e300,{y}e300"),
     "train.csv:2, column 3 (x): must be from -1e150 to 1e150, is '10.0e300'")
pair("one value that is too large", (TRAIN.replace("10.125,", "1e308,"), TEST),
     "train.csv:3, column 3 (x): must be from -1e150 to 1e150, is '1e308'")
pair("names of other Unicode forms", (TRAIN.replace("x,y", "caf\u00e9,y"), TEST.replace("x,y", "cafe\u0301,y")),
     "caf\u00e9 number, y number; # Letter integer: classification of 3")
pair("a header with spaces, commas and a line break", both(header='Line,# Letter,"a, b","width\n(mm)"'),
     "a, b number, width\n(mm) number; # Letter integer: classification of 3")
# Persian, Devanagari, Bengali, Malayalam, Arabic, Mongolian and Japanese; a family, a flag, England's flag, a key and a heart.
for name in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0915\u094d\u200d\u0937", "\u09b0\u200d\u09cd\u09af",
             "\u0d28\u0d4d\u200d", "\u0647\u200d", "\u1820\u180b", "\u845b\U000e0100", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
             "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
             "1\ufe0f\u20e3", "\u2764\ufe0f", "\u2139\ufe0f", "\U0001f9d1\U0001f3fd\u200d\U0001f4bb", "prix\xa0: net"):
    pair(f"a name whose script or emoji needs what cannot be seen: {name!r}", both(header=f"Line,# Letter,{name},y"),
         f"{name} number, y number; # Letter integer: classification of 3")
pair("no Line column", both(header="# Letter,x,y", line="{name},{x},{y}"), NUMBERS)
pair("the index of pandas", both(header=",# Letter,x,y"), NUMBERS)
pair("the index of pandas beside that of the file", both(header=",Line,# Letter,x,y", line="{line},{line},{name},{x},{y}"), NUMBERS)
pair("rows from 1 in both", tuple(numbered(text, 1) for text in (TRAIN, TEST)), NUMBERS)
pair("rows in another order in both", tuple(upside_down(text) for text in (TRAIN, TEST)), NUMBERS)
pair("the truth last, under a name of its own", both(header="x,y,kind", line="{x},{y},{name}"),
     "x number, y number; kind integer: classification of 3", target="kind")
pair("the truth under another name, which nobody tells", both(header="Line,Letter,x,y"), "Letter integer, x number, y number; no target",
     "train.csv:1: has no column '# Letter' to learn (service: target:)")
pair("a target that is not there", (TRAIN, TEST), "train.csv:1: has no column 'kind', which target: names; it has 'Line', '# Letter', 'x', 'y'",
     target="kind")
pair("an index that is not there", (TRAIN, TEST), "train.csv:1: has no column 'id', which index: names; it has 'Line', '# Letter', 'x', 'y'",
     index="id")
pair("an index of its own", both(header="id,# Letter,x,y", line="k-{line},{name},{x},{y}"), NUMBERS, index="id")
FOUR = "Line,# Letter,x,y,z"
NO_WORDS = "train.csv:2, column 5 (z): must be a finite number, is {!r}: " + NO_GAPS
for kind, word in (("text", "blue"), ("text", " light blue "), ("text", "2026-11-26"), ("boolean", "True"), ("text", "01234")):
    pair(f"a feature of {word}", both(header=FOUR, line="{line},{name},{x},{y}," + word),
         f"x number, y number, z {kind}; # Letter integer: classification of 3",
         "trains" if word == "01234" else NO_WORDS.format(word))
pair("a feature with gaps everywhere", both(header=FOUR, line="{line},{name},{x},{y},"),
     "x number, y number, z number?; # Letter integer: classification of 3", NO_WORDS.format(""))
file("a row of nothing but separators, without truth", "Line,x,y\n0,1.5,2\n,,\n1,3,4\n", "[1.5, 2.0] [None, None] [3.0, 4.0]")
pair("blanks and blanks around a word for nothing, which are words as for pandas",
     (examples(header=FOUR, line="{line},{name},{x},{y}, NA").replace(" NA", "blue", 1),
      examples(header=FOUR, line="{line},{name},{x},{y}, ")),
     "x number, y number, z text; # Letter integer: classification of 3", NO_WORDS.format("blue"))
pair("blanks among numbers, which are gaps",
     (examples(header=FOUR, line="{line},{name},{x},{y},{line}"), examples(header=FOUR, line="{line},{name},{x},{y}, ")),
     "x number, y number, z integer?; # Letter integer: classification of 3", "trains")
pair("True and False in the training, 0 and 1 in the test",
     (examples(header=FOUR, line="{line},{name},{x},{y},True"), examples(header=FOUR, line="{line},{name},{x},{y},1")),
     "train.csv:2, column 5 (z): is 'True', and the column has numbers in 30 other rows: write True and False, or 1 and 0, in all of them, "
     "or save the file as Parquet if the column is text")
pair("gaps in words", (examples(header=FOUR, line="{line},{name},{x},{y},blue"), examples(header=FOUR, line="{line},{name},{x},{y},NA")),
     "x number, y number, z text?; # Letter integer: classification of 3", NO_WORDS.format("blue"))
pair("regression", both(name="{}.5".format, per_class=10), "x number, y number; # Letter number: regression", None)
pair("regression with whole numbers", both(per_class=1, classes=60), "x number, y number; # Letter integer: regression", None)
pair("semicolons and decimal commas in both", tuple(text.replace(",", ";").replace(".", ",") for text in (TRAIN, TEST)), NUMBERS)
pair("tabs in both", tuple(text.replace(",", "\t") for text in (TRAIN, TEST)), NUMBERS)
pair("another order of columns in the test", (TRAIN, examples(0.125, header="y,x,# Letter,Line", line="{y},{x},{name},{line}")), NUMBERS)
pair("gzip in both", tuple(gzip.compress(text.encode()) for text in (TRAIN, TEST)), NUMBERS)
pair("no truth in the test", (TRAIN, examples(0.125, header="Line,x,y", line="{line},{x},{y}")), NUMBERS)
pair("no test", (TRAIN, None), NUMBERS)
pair("no train", (None, TEST), NUMBERS, None)
pair("the test is the training", (TRAIN, TRAIN), NUMBERS)
pair("10,000 columns", ("Line,# Letter" + "".join(f",f{n}" for n in range(10_000)) + "\n0,0" + ",1" * 10_000 + "\n",) * 2, None, None)


def example():
    module = types.ModuleType("example")
    exec(compile(EXAMPLE.read_bytes(), str(EXAMPLE), "exec"), module.__dict__)
    return module


def described(schema):
    columns = ", ".join(f"{column.name} {column.type}{'?' * column.optional}" for column in schema.columns)
    if schema.target is None:
        return f"{columns}; no target"
    of = f" of {len(schema.classes)}" if schema.classes else ""
    return f"{columns}; {schema.target.name} {schema.target.type}: {schema.task}{of}"


def values_of(rows):
    columns = [rows.column(name).tolist() for name in rows.schema.features]
    return [[None if cell != cell else cell for cell in cells] for cells in zip(*columns)]


def agreed(data, directory):
    """The rows of the test as all readers have them."""
    schema, path = data.schema, data.test.path
    first = [(values, truth) for _, values, truth in data.test.records(schema)]
    second = [(list(features.values()), truth) for truth, _, features in golden_rows.examples(path, schema.as_json(), data.test.separator)]
    with open(path, "rb") as stream:
        layout, reader, rows = inputs.begin(stream, "input", schema)
        third = [(values, truth) for chunk in inputs.chunks(rows, layout) for values, truth in chunk_rows(chunk)]
    form = types.SimpleNamespace(schema=schema, wanted=lambda header: (), keeping=lambda names: form, bins={})
    pieces = shards.Shards(directory / "shards", 3, form)
    copy = directory / "copy.csv"
    copy.write_bytes(Path(path).read_bytes())
    with contextlib.redirect_stdout(io.StringIO()):
        pieces.take_input(copy, "input")
    content, fourth = (directory / "shards/input.csv").read_bytes(), []
    for number in range(3):
        row, line, parts = pieces.slice(number)
        part = io.BytesIO(b"".join(content[begin:end] for begin, end in parts))
        layout, reader, rows = inputs.begin(part, "input", schema)
        fourth += [pair for chunk in inputs.chunks(rows, layout, line - reader.line - 1, row) for pair in chunk_rows(chunk)]
    if not first == second == third == fourth:
        return f"readers differ: {first[:2]} {second[:2]} {third[:2]} {fourth[:2]}"
    return first


def chunk_rows(chunk):
    _, rows, truth, _ = chunk
    return list(zip(values_of(rows), truth or [None] * len(rows)))


def outcome(directory, train, test, target, index, is_short):
    try:
        data = example_rows.Data(train, test, target, index)
        rows = agreed(data, directory)
    except DataError as error:
        return str(error).replace(f"{directory}/", "")
    if isinstance(rows, str):
        return rows
    if not is_short:
        return described(data.schema)
    truth = [str(truth) for _, truth in rows if truth is not None]
    return " ".join(str([value if value is None else float(value) for value in values]) for values, _ in rows) + (
        f" of {', '.join(truth)}" if truth else "")


def training(module, directory, target, index):
    """What the example's train.py says of it, without its perceptron."""
    try:
        rows, truth = module.read("train.csv", target or "# Letter", index or "Line")
        module.check("train.csv", rows, truth)
        with contextlib.redirect_stdout(io.StringIO()):
            module.fit("lda", module.untrained()["lda"], rows, truth)
    except SystemExit as end:
        return str(end)
    return "trains"


def main():
    module, wrong = example(), 0
    for number, (name, train, test, expected, target, index, trains) in enumerate(FILES):
        directory = Path(sys.argv[1], str(number))
        directory.mkdir(parents=True)
        for file, content in (("train.csv", train), ("test.csv", test)):
            if content is not None:
                (directory / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        is_pair = trains != "one file"
        paths = [None if content is None and is_pair else str(directory / file) for file, content in (("train.csv", train), ("test.csv", test))]
        got = outcome(directory, *paths, target, index, not is_pair)
        if expected is not None and got != expected:
            wrong += 1
            print(f"{name}: {got!r} instead of {expected!r}")
        if is_pair and trains is not None and ";" in got and not got.startswith("train.csv:"):
            os.chdir(directory)
            said = training(module, directory, target, index)
            if said != trains:
                wrong += 1
                print(f"{name}, trained: {said!r} instead of {trains!r}")
    print(f"{len(FILES)} files, {wrong} otherwise than expected")


if __name__ == "__main__":
    main()
