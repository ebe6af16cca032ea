"""What do the models predict for every row of an input, and how often are they right?

Writes predictions.csv and scores.json. With --coordinator, the rows are one shard of an input that several pods share. Those of a
schedule go into the model store as well (delivery.py).
"""

import argparse
import http.client
import json
import os
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import unquote

import delivery
import drift
import inputs
import loading
import metadata
import parquet
import predictions
from errors import DataError
from header import names
from inputs import own_examples
from predictions import Form
from refusal import Refusal

HERE = Path(__file__).parent
NEWS = 5  # seconds between two lines about progress
COORDINATOR_PATIENCE = 300  # seconds for the coordinator to start and to get its input


def main():
    options, began = arguments(), datetime.now(timezone.utc)
    # Process 1 of a container ignores SIGTERM unless it handles it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        trained = metadata.Trained(options.models)
        loaded = loading.load(trained)
        say(f"models {trained.version}: {' and '.join(loaded.names)}, {len(loaded.schema.columns)} features")
        if options.coordinator:
            return shard(options.coordinator.rstrip("/"), options.shard, loaded, trained)
        place = delivery.place(began)
        if place:
            place.prepare()
        form = Form(trained, names(options.keep), os.environ.get("INDEX"))
        with inputs.opened(options.input) as (packed, name), inputs.as_csv(packed, name, form.schema) as stream:
            scores, written = whole(stream, name, loaded, form, options.results, options.parquet)
    except (DataError, Refusal) as error:
        sys.exit(str(error))
    for name, score in (scores["score"] or {}).items():
        say(f"{name} {score:.3f}")
    for name, value in scores["drift"].items():
        if value > drift.LIMIT:
            say(f"note: {name} has drifted: its values are spread differently than in training (PSI {value:.2f})")
    say(f"{options.results / written} and {options.results / 'scores.json'} are written")
    if place:
        try:
            say(f"also in the model store: {place.take([options.results / written, options.results / 'scores.json'])}")
        except DataError as error:
            sys.exit(str(error))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("MODELS_DIR", HERE / "models")))
    parser.add_argument("--input", default=own_examples(),
                        help="a CSV or Parquet file or an http(s) address; the image's own test set if not given")
    parser.add_argument("--keep", default="", help="columns of the input to copy into the predictions: a,b; or all")
    parser.add_argument("--parquet", action="store_true", help="predictions.parquet instead of predictions.csv")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--results", type=Path, help="the directory to write to")
    place.add_argument("--coordinator", help="http://HOST:8081, which gives the shard and takes its predictions")
    parser.add_argument("--shard", type=int, default=os.environ.get("JOB_COMPLETION_INDEX"), help="$JOB_COMPLETION_INDEX if not given")
    options = parser.parse_args()
    if options.coordinator and options.shard is None:
        parser.error("which shard? Give --shard, or set JOB_COMPLETION_INDEX")
    return options


def whole(stream, name, loaded, form, directory, as_parquet=False):
    """Predicts all rows of an input into a directory, where both files are complete or not there. Returns scores.json, and the name of
    the other file."""
    layout, reader, rows = inputs.begin(stream, name, form.schema, form.wanted)
    form = form.keeping(layout.kept)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unfinished.", dir=directory) as unfinished:
            table, told = Path(unfinished, "predictions.csv"), Path(unfinished, "scores.json")
            with table.open("w", encoding="utf-8", newline="") as file:
                scores = predict(rows, layout, reader.line + 1, loaded, form, file)
                layout.check_decimals()
            if not scores["rows"]:
                raise DataError(f"{name}:1: has no rows below its header")
            if as_parquet:
                table = table.with_suffix(".parquet")
                parquet.from_csv(table.with_suffix(".csv"), table, form.types(layout.has_truth))
            told.write_text(json.dumps(scores) + "\n", encoding="utf-8")
            for path in (table, told):
                path.replace(directory / path.name)
    except OSError as error:
        raise DataError(f"{error.filename or directory}: cannot be written: {error.strerror}") from None
    return scores, table.name


def predict(records, layout, line, loaded, form, file, shift=0, first=0):
    """Writes a table of predictions for these records, which begin in line `line` of the input, `shift` lines below where they were
    read, with its row `first`. Returns what scores.json is to hold."""
    say(f"{layout.name}: from line {line} on, {'with' if layout.has_truth else 'without'} truth")
    file.write(form.header(layout.has_truth))
    tally, told = predictions.Tally(form, layout.has_truth), time.monotonic()
    chunks = inputs.Watched(inputs.chunks(records, layout, shift, first), form.schema, form.bins)
    for rows, features, truth, kept in chunks:
        table = form.table(rows, answered(loaded, rows, features, layout.name), truth and map(loaded.name, truth), kept)
        tally.add(table)
        file.write(predictions.text(table))
        if time.monotonic() - told >= NEWS:
            say(f"{tally.rows} rows predicted so far")
            told = time.monotonic()
    say(f"{tally.rows} rows predicted")
    return tally.scores() | {"drift": chunks.drift()}


def answered(loaded, names, features, where):
    """The models' answers; if they have none, the error names the first row at fault."""
    try:
        return loaded.answers(features)
    except Exception:
        for place, name in enumerate(names):
            try:
                loaded.answers(features[place : place + 1])
            except Refusal as error:
                raise DataError(f"{where}: row {name}: {error}") from error
            except Exception as error:
                reason = " ".join(str(error).split())[:300]
                raise DataError(f"{where}: row {name}: the models fail: {type(error).__name__}: {reason}") from error
        raise


def shard(coordinator, number, loaded, trained):
    """Fetches a slice, predicts it and brings the result back."""
    with slice_of(coordinator, number) as answer, tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file:
        form = Form(trained, json.loads(unquote(answer.headers.get("X-Keep", "[]"))), os.environ.get("INDEX"))
        layout, reader, rows = inputs.begin(answer, "input", form.schema, form.wanted)
        form = form.keeping(layout.kept)
        # Faults are told with the line of the whole input, not of the slice.
        row, line = int(answer.headers["X-First-Row"]), int(answer.headers["X-First-Line"])
        predict(rows, layout, line, loaded, form, file, line - reader.line - 1, row)
        file.flush()
        size = file.tell()
        file.seek(0)
        ask(f"{coordinator}/results/{number}", file.buffer, {"Content-Length": str(size), "Content-Type": "text/csv"})
    say(f"shard {number}: predictions are with the coordinator")


def slice_of(coordinator, number):
    """The answer with the slice. A coordinator that has not started or has no input yet is waited for."""
    deadline, told = time.monotonic() + COORDINATOR_PATIENCE, None
    while True:
        try:
            return ask(f"{coordinator}/input/{number}")
        except NotYet as error:
            if time.monotonic() > deadline:
                raise DataError(f"{error} (waited for {COORDINATOR_PATIENCE} seconds)") from None
            if told != str(error):
                told = str(error)
                say(f"waiting: {told}")
            time.sleep(1)


class NotYet(DataError):
    """The coordinator could not answer; a later attempt may succeed."""


def ask(address, body=None, headers=None):
    token = os.environ.get("COORDINATOR_TOKEN_FILE")
    shown = {"Authorization": f"Bearer {Path(token).read_text().strip()}"} if token else {}
    request = urllib.request.Request(address, body, (headers or {}) | shown, method="GET" if body is None else "PUT")
    # Without the proxy that the image may have for the internet.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return opener.open(request, timeout=inputs.PATIENCE)
    except urllib.error.HTTPError as error:
        reason = error.read(1000).decode("utf-8", "replace").strip()
        # A 409 that may pass says when to come back.
        kind = NotYet if error.headers.get("Retry-After") else DataError
        raise kind(f"{address}: answers {error.code}: {reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        kind = NotYet if body is None else DataError
        raise kind(f"{address}: cannot be reached: {inputs.reason(error)}") from None


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main()
