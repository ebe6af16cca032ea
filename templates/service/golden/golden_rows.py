"""What are the examples, as a notebook reads them? They are read here a second time: no code is shared with the service."""

import csv
import gzip
import math
import unicodedata

import numpy as np

CHUNK = 2000  # rows
MISSING = {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
           "NaN", "None", "n/a", "nan", "null"}
TEXT = "\ufdd0"  # begins a cell that Parquet had as text, and that would otherwise be missing


def examples(path, schema, separator):
    """(truth or None, index or None, features by name) of each row."""
    opened = gzip.open(path, "rt", encoding="utf-8-sig", newline="") if is_packed(path) else open(path, encoding="utf-8-sig", newline="")
    with opened as file:
        table = csv.reader(file, delimiter=separator)
        header = [normal(name.strip(" \t")) for name in next(table)]
        target, index = schema["target"], schema["index"]
        for cells in table:
            if not any(cell.strip(" \t") for cell in cells) and len(cells) < 2:
                continue  # a blank line; separators alone are a row in which everything is missing
            row = dict(zip(header, cells))
            truth = None if target is None or normal(target["name"]) not in row else of_type(row[normal(target["name"])], target, separator)
            yield truth, None if index is None else row.get(normal(index), "").removeprefix(TEXT).strip(" \t"), {
                column["name"]: of_type(row[normal(column["name"])], column, separator) for column in schema["columns"]}


def normal(name):
    return unicodedata.normalize("NFC", name)


def is_packed(path):
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def of_type(text, column, separator):
    kind = column["type"]
    if kind == "text":
        return text[1:] if text.startswith(TEXT) else None if text in MISSING else text
    text = text.removeprefix(TEXT).strip(" \t")
    if text in MISSING:
        return None
    if kind == "boolean":
        return text.lower() == "true"
    text = text.replace(",", ".") if separator == ";" else text
    if kind == "integer" and text.lstrip("+-").isdigit() and len(text.lstrip("+-")) <= 18:  # longer ones may not fit into 64 bits
        return int(text)
    number = float(text)
    return int(number) if kind == "integer" and number.is_integer() and abs(number) < 2**53 else number


def chunks(rows):
    part = []
    for row in rows:
        part.append(row)
        if len(part) == CHUNK:
            yield part
            part = []
    if part:
        yield part


def as_table(rows, schema, names):
    """A data frame where a model knows its columns by name, else an array in the order of the header."""
    if names is not None:
        import pandas

        known = {*names, *(name.strip(" \t") for name in names)}
        frame = pandas.DataFrame({column["name"]: series(rows, column, pandas) for column in schema["columns"] if column["name"] in known})
        # The model may have been trained on names with spaces around them, which a header's are without here.
        padded = {name.strip(" \t"): name for name in names if name not in frame}
        frame.columns = [padded.get(name, name) for name in frame]
        return frame[list(names)]
    columns = [[row[column["name"]] for row in rows] for column in schema["columns"]]
    if any(column["type"] == "text" for column in schema["columns"]):
        cells = np.array(columns, dtype=object).T
        cells[np.equal(cells, None)] = np.nan
        return cells
    return np.array(columns, dtype=np.float64).T


def series(rows, column, pandas):
    values = [row[column["name"]] for row in rows]
    if column["type"] == "text":
        return pandas.Series([math.nan if value is None else value for value in values], dtype=pandas.Series(["a"]).dtype)
    if column["type"] == "boolean":
        return pandas.Series([math.nan if value is None else value for value in values], dtype=object if column["optional"] else bool)
    whole = column["type"] == "integer" and not column["optional"] and all(isinstance(value, int) for value in values)
    return pandas.Series(values, dtype="int64" if whole else "float64")
