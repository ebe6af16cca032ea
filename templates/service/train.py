"""How does a model directory become models, and what must they answer?

Runs the directory's train.py, or takes its model files; lets golden/ say what they answer to the examples; and describes all of it
in metadata.json. $TARGET and $INDEX name the columns that are no features.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import drift
import metadata
import parquet
from errors import DataError, shown
from example_rows import Data, Examples
from model_directory import OWN_MODEL, Directory, models_in
from schema import Schema

HERE = Path(__file__).resolve().parent
MOST_ROWS = 2000  # of rows.jsonl, as of golden.json
# Sums come out in the same order wherever models are trained and asked.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


def train(directory, data, models, cross_validate=False):
    """Returns metadata.json's content. `data`: where rows.jsonl goes, which is written once."""
    environment = os.environ | ONE_THREAD
    generate(directory)
    found = Directory(directory)
    with tempfile.TemporaryDirectory(prefix="kubeforge-") as scratch:
        examples, schema, notes = read(found, Path(scratch))
        say(f"{'' if examples.train is None else f'train {examples.train.rows} × {len(schema.columns)}, '}"
            f"test {examples.test.rows} × {len(schema.columns)}")
        for note in notes:
            say(f"note: {note}")
        write_rows(data, examples)
        models.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unfinished.", dir=models) as unfinished:
            new = Path(unfinished)
            if found.trains:
                names = {"TARGET": schema.target.name if schema.target else "", "INDEX": schema.index or ""}
                own = environment | names | {"MODELS": str(new)} | ({"CROSS_VALIDATE": "1"} if cross_validate else {})
                run([sys.executable, "train.py"], "train.py of the model directory", cwd=directory, env=own)
            else:
                copy(found, new)
            listed = made(directory, new, found)
            labels = read_labels(directory / "labels.csv", schema)
            todo = {
                "trained": str(new), "directory": str(directory), "schema": schema.as_json(), "labels": labels, "models": listed,
                "test": str(examples.test.path), "separator": examples.test.separator, "data": examples.as_json(),
                "expected": str(directory / "expected.csv") if "expected.csv" in found.names else None,
                "is_single": any(path.endswith(".parquet") and parquet.is_single(path) for path in (found.train, found.test) if path),
            }
            run([sys.executable, "-P", str(HERE / "golden")], "golden/__main__.py", input=json.dumps(todo), cwd=new, env=environment)
            described = metadata.write(new, {
                "schema": schema.as_json(), "labels": labels, "models": listed, "bins": drift.bins(examples.train or examples.test, schema),
            })
            clear(models)
            for path in new.iterdir():
                path.replace(models / path.name)
    return described


def generate(directory):
    """Data that belong to nobody, where a directory brings a generator instead of data."""
    if (directory / "generate_data.py").exists() and not Directory(directory).test:
        run([sys.executable, "generate_data.py", "--if-absent", "."], "generate_data.py", cwd=directory, env=os.environ)


def read(found, scratch):
    """(the examples, their schema, what is worth knowing about them). Parquet becomes CSV, and tells types."""
    types, files = {}, []
    for path in (found.train, found.test):
        if path and path.endswith(".parquet"):
            named, path = path, str(scratch / (Path(path).stem + ".csv"))
            types = parquet.to_csv(named, path) | types
            path = (path, named)
        files.append(path)
    if not any(files):
        raise DataError(f"{found.path}: has no test.csv or test.parquet: models need example rows, which teach names and types")
    data = Data(*files, os.environ.get("TARGET"), os.environ.get("INDEX"), types)
    return data, data.schema, data.notes


def write_rows(directory, examples):
    """The first rows of the test as JSON, one a line, for the service and for who compares answers with it; and data.json, which says
    of which data they are. In a Job both are there already, and the same."""
    described = json.dumps({"data": examples.as_json(), "schema": examples.schema.as_json()}) + "\n"
    note = directory / "data.json"
    if note.exists() and note.read_text(encoding="utf-8") == described:
        return
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "rows.jsonl").open("w", encoding="utf-8") as file:
        for number, (_, features, truth) in zip(range(MOST_ROWS), examples.test.records(examples.schema)):
            known = {} if truth is None else {"truth": truth}
            file.write(json.dumps({"row": number} | known | {"features": features}) + "\n")
    note.write_text(described, encoding="utf-8")


def copy(found, new):
    """The models' files; beside a model.py all files that are neither code nor examples may be its own."""
    names = [model["file"] for model in found.models]
    if names == ["model.py"]:
        others = {Path(path).name for path in (found.train, found.test) if path}
        others |= {"expected.csv", "labels.csv", "requirements.txt", "trusted.txt", metadata.NAME, metadata.SIGNATURE, metadata.GOLDEN}
        names = [name for name in found.names if name not in others and not name.endswith((".py", ".md"))
                 and os.path.isfile(found.file(name))]
    for name in names:
        shutil.copyfile(found.file(name), new / name)


def made(directory, new, found):
    """The models in a directory: name, file, format, library and version of each."""
    if (directory / "model.py").exists():
        return [dict(OWN_MODEL)]
    try:
        return found.models or models_in(str(new))
    except DataError as error:
        raise DataError(str(error).replace(str(new), "$MODELS")) from None


def read_labels(path, schema):
    """How classes are shown: the first column of labels.csv is the class as in the data, the others stand beside it in answers."""
    if not path.exists():
        return None
    examples = Examples(path)
    columns = [seen.column(name) for name, seen in zip(examples.header, examples.seen)]
    rows = [values for _, values, _ in examples.records(Schema(columns))]
    for row in rows:
        for place, column in enumerate(columns):
            row[place] = int(row[place]) if column.type == "integer" else row[place]
            if place and isinstance(row[place], str):
                row[place] = row[place].strip()
    known = {row[0] for row in rows}
    if len(known) < len(rows):
        raise DataError(f"{path}: names a class twice in its first column")
    strange = [shown(name) for name in schema.classes or () if name not in known]
    if strange:
        say(f"note: labels.csv does not name {'class' if len(strange) == 1 else 'classes'} {', '.join(strange[:8])}: shown as in the data")
    return {"columns": examples.header, "rows": rows}


def clear(models):
    """What an earlier training has written there."""
    if (models / metadata.NAME).exists():
        for name in (*metadata.read(models / metadata.NAME)["files"], metadata.NAME):
            (models / name).unlink(missing_ok=True)


def run(words, name, **options):
    sys.stdout.flush()
    end = subprocess.run(words, stderr=subprocess.PIPE, text=True, **options)
    # What an own train.py warns of is told; its last words are the reason when it fails.
    if end.returncode != 0:
        text = end.stderr.strip()
        if "Traceback (most recent call last)" in text:
            sys.stderr.write(text + "\n")
            raise DataError(f"{name} failed: {text.splitlines()[-1]}")
        raise DataError(text or f"{name} ended with {end.returncode}")
    sys.stderr.write(end.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, default=HERE / "model", help="with models, or with a train.py")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="where the examples are written as JSON")
    parser.add_argument("--models", type=Path, default=HERE / "models", help="where models go, and what they answer")
    parser.add_argument("--cross-validate", action="store_true", help="set CROSS_VALIDATE=1 for train.py, which may then take longer")
    options = parser.parse_args()
    try:
        described = train(options.directory.resolve(), options.data.resolve(), options.models.resolve(), options.cross_validate)
    except DataError as error:
        sys.exit(str(error))
    for name, score in described["score"].items():
        print(f"{name} {score:.3f}")
    print(f"version {described['version']}")


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main()
