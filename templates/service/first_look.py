"""What do the files of a model directory hold, and can they be served?

`kubeforge` runs it on the operator's computer, before anything is sent or built (Sources/ForgeService, LocalPython): Python may be as old
as 3.8 there, and has no packages.
"""

import argparse
import json
import sys

from errors import DataError
from example_rows import Data
from header import header_of, names
from model_directory import Directory
from records import opened
from requirements_file import REQUIREMENTS, Requirements, pinned
from schema import ALL, Layout, Schema


def look(directory=None, train=None, test=None, target=None, index=None, pins=None):
    """What kubeforge needs to know before it builds, as --json prints it."""
    found = None if directory is None else Directory(directory, train, test)
    if found is not None and REQUIREMENTS in found.names:
        Requirements(directory, pins)
    train, test = (train, test) if found is None else (found.train, found.test)
    notes = []
    for file in (train, test):
        if file and file.endswith(".parquet"):
            notes.append(f"{file} is Parquet: it is checked when the image is built")
    said = {"test": None, "features": None, "columns": [], "target": None, "index": None, "task": None, "classes": None, "data": {}}
    if not train and not test:
        if not (found.trains and "generate_data.py" in found.names):
            raise DataError(f"{found.path}: has no test.csv or test.parquet: models need example rows, which teach names and types")
        notes.append("generate_data.py writes the examples when the image is built")
    elif not notes:
        data = Data(train, test, target, index)
        if found is None:
            data.check_numbers()
        notes, schema = data.notes, data.schema
        said = {"test": data.test.rows, "features": len(schema.columns), "columns": [column.as_json() for column in schema.columns],
                "target": schema.target and schema.target.name, "index": schema.index, "task": schema.task,
                "classes": schema.classes and len(schema.classes), "data": data.as_json()}
        if data.train is not None:
            said["train"] = data.train.rows
    said["notes"] = notes
    said.update({"models": [] if found is None else found.models, "trains": found is None or found.trains,
                 "expected": found is not None and "expected.csv" in found.names,
                 "requirements": found is not None and REQUIREMENTS in found.names,
                 "bytes": None if found is None else found.bytes()})
    return said


def check_rows(path, keep):
    """Refuses rows for batch inference that lack a column to be kept; other columns are not checked."""
    with opened(path, path) as reader:
        header = header_of(next(reader.records(), (1, []))[1], path)
        Layout(Schema([]), header, reader, keep=() if keep == [ALL] else keep)
    return {"columns": header}


def main():
    parser = argparse.ArgumentParser(description="Describe a model directory, or two files of example rows.")
    parser.add_argument("--directory", help="with models, or with what makes them")
    parser.add_argument("--train", help="the example's files, or others than the directory's")
    parser.add_argument("--test")
    parser.add_argument("--target", help="the column with the truth")
    parser.add_argument("--index", help="the column that names a row")
    parser.add_argument("--pins", default="", help="the packages that the service itself runs on: a==1 b==2")
    parser.add_argument("--rows", help="rows for batch inference, whose header is looked at")
    parser.add_argument("--keep", default="", help="columns that the rows must have")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    try:
        if options.rows:
            said = check_rows(options.rows, names(options.keep))
        else:
            pins = pinned("\n".join(options.pins.split()))
            said = look(options.directory, options.train, options.test, options.target, options.index, pins)
    except DataError as error:
        if not options.json:
            sys.exit(str(error))
        return print(json.dumps({"refused": str(error)}))
    if options.json:
        return print(json.dumps(said))
    for note in said.get("notes", ()):
        print(f"note: {note}", flush=True)


if __name__ == "__main__":
    main()
