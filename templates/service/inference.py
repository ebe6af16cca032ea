"""What do both models say about every row of an input, and how often are they right?

Writes predictions.csv and scores.json. With --coordinator, the rows are one shard of an input that several pods share.
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
from pathlib import Path

import inputs
import metadata
import models
import predictions
from table import DataError

HERE = Path(__file__).parent
NEWS = 5  # seconds between two lines about the progress
COORDINATOR_PATIENCE = 300  # seconds for the coordinator to start and to get its input


def main():
    options = arguments()
    # Process 1 of a container has to want to be ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        trained = metadata.Trained(options.models)
        both, golden = models.load(trained), trained.golden()
        say(f"models {trained.version}: {' and '.join(models.NAMES)}, {both.width} features")
        if options.coordinator:
            return shard(options.coordinator.rstrip("/"), options.shard, both, golden)
        with inputs.opened(options.input) as (stream, name):
            tally = whole(stream, name, both, golden, options.results)
    except DataError as error:
        sys.exit(str(error))
    for name, score in (tally.scores()["score"] or {}).items():
        say(f"{name} {score:.3f}")
    say(f"{options.results / 'predictions.csv'} and {options.results / 'scores.json'} are written")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("MODELS_DIR", HERE / "models")))
    parser.add_argument("--input", default=str(Path(os.environ.get("DATA_DIR", HERE / "data")) / "test.csv"),
                        help="a CSV file or an http(s) address; the image's own test set if not given")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--results", type=Path, help="the folder to write to")
    place.add_argument("--coordinator", help="http://HOST:8081, where the shard comes from and its predictions go to")
    parser.add_argument("--shard", type=int, default=os.environ.get("JOB_COMPLETION_INDEX"), help="$JOB_COMPLETION_INDEX if not given")
    options = parser.parse_args()
    if options.coordinator and options.shard is None:
        parser.error("which shard? Give --shard, or set JOB_COMPLETION_INDEX")
    return options


def whole(stream, name, both, golden, folder):
    """Predicts all rows of an input into a folder, where both files are complete or not there."""
    layout, reader, rows = inputs.begin(stream, name, golden)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unfinished.", dir=folder) as unfinished:
            table, scores = Path(unfinished, "predictions.csv"), Path(unfinished, "scores.json")
            with table.open("w", encoding="utf-8", newline="") as file:
                tally = predict(rows, layout, reader.line + 1, 0, both, file)
            if not tally.rows:
                raise DataError(f"{name}:1: has no rows below its header")
            scores.write_text(json.dumps(tally.scores()) + "\n", encoding="utf-8")
            for path in (table, scores):
                path.replace(folder / path.name)
    except OSError as error:
        raise DataError(f"{error.filename or folder}: cannot be written: {error.strerror}") from None
    return tally


def predict(records, layout, first, shift, both, file):
    """Writes a table of predictions for these records, the first of which is in line `first` of the input, `shift` lines below
    where it was read."""
    say(f"{layout.name}: from line {first} on, {'with' if layout.has_truth else 'without'} truth")
    file.write(predictions.header(layout.has_truth))
    tally, told = predictions.Tally(layout.has_truth), time.monotonic()
    for rows, features, truth in inputs.chunks(records, layout, shift):
        table = predictions.table(rows, both.answers(features), truth, layout.classes)
        tally.add(table)
        file.write(predictions.text(table))
        if time.monotonic() - told >= NEWS:
            say(f"{tally.rows} rows predicted, and more to come")
            told = time.monotonic()
    say(f"{tally.rows} rows predicted")
    return tally


def shard(coordinator, number, both, golden):
    """Fetches a slice, predicts it and brings the result back."""
    with slice_of(coordinator, number) as answer, tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file:
        layout, reader, rows = inputs.begin(answer, "input", golden)
        # Faults are told with the line of the whole input, not of the slice.
        first = int(answer.headers["X-First-Line"])
        predict(rows, layout, first, first - reader.line - 1, both, file)
        file.flush()
        size = file.tell()
        file.seek(0)
        ask(f"{coordinator}/results/{number}", file.buffer, {"Content-Length": str(size), "Content-Type": "text/csv"})
    say(f"shard {number} is with the coordinator")


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
    # Without the proxy that the image may know for the world outside.
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
        raise kind(f"{address}: cannot be reached: {getattr(error, 'reason', error)}") from None


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main()
