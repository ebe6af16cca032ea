"""Which shard has which part of the input, and which results have arrived?"""

import csv
import filecmp
import hashlib
import io
import json
import threading
from array import array
from dataclasses import dataclass

import inputs
import parquet
import predictions
from errors import DataError
from records import GZIP, unpacked
from schema import Layout


def scores_text(scores):
    """scores.json, as it is served."""
    return (json.dumps(scores, ensure_ascii=False) + "\n").encode()


class Conflict(Exception):
    """A request that conflicts with the current state; with `may_pass`, it may succeed later."""

    def __init__(self, reason, may_pass=False):
        super().__init__(reason)
        self.may_pass = may_pass


@dataclass(frozen=True)
class Input:
    """The input, and where its rows are in its file."""

    layout: Layout
    header_lines: int
    rows: array  # n numbers of rows (predictions.row_number)
    offsets: array  # n + 1 places: where each row begins, and where the last ends; the header is before the first
    sha256: str
    received: str  # of the bytes as they came; they may have been packed, or Parquet
    drift: dict  # {column: PSI}


class Shards:
    """An input cut into `count` slices of successive rows, and the predictions of each; all is in one directory."""

    def __init__(self, directory, count, form, makes_parquet=False):
        self.directory, self.count, self.form, self._makes_parquet = directory, count, form, makes_parquet
        self.asked = form  # `form` is about the columns that are found in the input
        self.input, self.error, self._lock, self._packing = None, None, threading.Lock(), threading.Lock()
        self._files = None
        directory.mkdir(parents=True, exist_ok=True)
        if self._file.exists():  # a coordinator that was started again in its pod
            self._accept(self._index(self._file, "input"))

    @property
    def _file(self):
        return self.directory / "input.csv"

    def _result(self, number):
        return self.directory / f"result-{number}-of-{self.count}.csv"

    @property
    def done(self):
        return [number for number in range(self.count) if self._result(number).exists()]

    def status(self):
        known = self.input and {"rows": len(self.input.rows), "sha256": self.input.sha256, "received": self.input.received}
        return {"input": known, "error": self.error, "shards": self.count, "done": self.done, "files": self._digests(),
                "parquet": parquet.is_there()}

    def _digests(self):
        """The sha256 of what can be fetched, by name; empty until all of it has arrived and was read once, in the background."""
        with self._lock:
            if self._files is None and self.input is not None and len(self.done) == self.count:
                self._files = {}
                threading.Thread(target=self._digest, daemon=True).start()
            return self._files or {}

    def _digest(self):
        digest = hashlib.sha256()
        for piece in self._pieces():
            digest.update(piece)
        files = {"predictions.csv": digest.hexdigest(), "scores.json": hashlib.sha256(scores_text(self.scores())).hexdigest()}
        if self._makes_parquet:
            files["predictions.parquet"] = _sha256(self.packed())
        self._files = files

    def _pieces(self):
        """The bytes of predictions.csv."""
        for place, file in enumerate(self.results()):
            with file:
                # The first brings the header, which all have.
                file.seek(len(self.header()) if place else 0)
                while piece := file.read(1 << 20):
                    yield piece

    def packed(self):
        """predictions.parquet; it is made once."""
        path = self.directory / "predictions.parquet"
        with self._packing:
            if not path.exists():
                whole, new = self.directory / ".predictions.csv", self.directory / ".predictions.parquet"
                with whole.open("wb") as out:
                    out.writelines(self._pieces())
                parquet.from_csv(whole, new, self.form.types(self.input.layout.has_truth))
                whole.unlink()
                new.replace(path)
        return path

    def take_input(self, path, name):
        """Makes a file the input, if the models can use it. The first input stays: shards of it may be in progress."""
        try:
            new = self._index(path, name)
        except DataError as error:
            self.fail(str(error))
            raise
        with self._lock:
            if self.input and self.input.sha256 != new.sha256:
                raise Conflict(f"there already is a different input: {len(self.input.rows)} rows, sha256 {self.input.sha256}")
            path.replace(self._file)
            self._accept(new)

    def _accept(self, new):
        self.form = self.asked.keeping(new.layout.kept)
        self.input, self.error = new, None
        print(f"{new.layout.name}: {len(new.rows)} rows, sha256 {new.sha256}", flush=True)

    def fail(self, reason):
        """Notes why there is no input."""
        print(reason, flush=True)
        if self.input is None:
            self.error = reason

    def _index(self, path, name):
        """Reads all of an input: what no pod could read is refused before one starts."""
        received = _sha256(path)
        self._unpack(path, name, self.asked.schema)
        with path.open("rb") as file:
            layout, reader, records = inputs.begin(file, name, self.asked.schema, self.asked.wanted)
            header_lines, offsets = reader.line, array("Q", [reader.offset])
            chunks = inputs.Watched(inputs.chunks(_noting(records, reader, offsets), layout), self.form.schema, self.form.bins)
            rows = array("Q", (predictions.row_number(row) for names, *_ in chunks for row in names))
            layout.check_decimals()
        if not rows:
            raise DataError(f"{name}:1: has no rows below its header")
        return Input(layout, header_lines, rows, offsets, reader.sha256, received, chunks.drift())

    @staticmethod
    def _unpack(path, name, schema):
        """Turns gzip or Parquet into CSV, in which rows can be found by their offset."""
        with path.open("rb") as file:
            head = file.read(4)
        if head == parquet.MAGIC:
            plain = path.with_name(path.name + ".csv")
            parquet.to_csv(path, plain, name, wanted=schema.names)
            plain.replace(path)
        elif head.startswith(GZIP):
            plain = path.with_name(path.name + ".csv")
            with path.open("rb") as file, plain.open("wb") as out:
                for piece in unpacked(inputs.pieces(file, name), name):
                    out.write(piece)
            plain.replace(path)

    def _bounds(self, number):
        if self.input is None:
            raise Conflict(self.error or "there is no input yet", may_pass=self.error is None)
        rows = len(self.input.rows)
        return rows * number // self.count, rows * (number + 1) // self.count

    def slice(self, number):
        """(its first row and that row's line in the whole input, places of header and rows in the input's file: (start, end) each)."""
        first, end = self._bounds(number)
        offsets = self.input.offsets
        return first, first + self.input.header_lines + 1, [(0, offsets[0]), (offsets[first], offsets[end])]

    def open_input(self):
        return self._file.open("rb")

    def take_result(self, number, path):
        """Takes predictions for exactly the rows of a slice. The first ones stay: a pod that runs again predicts the same."""
        first, end = self._bounds(number)
        with path.open("rb") as file:
            lines = inputs.lines(file, "predictions")
            for _ in self.form.checked(lines, self.input.rows[first:end], self.input.layout.has_truth):
                pass
        with self._lock:
            result = self._result(number)
            if result.exists():
                if not filecmp.cmp(path, result, shallow=False):
                    raise Conflict(f"shard {number} already has different results")
                return
            path.replace(result)
        print(f"shard {number}: {end - first} rows ({len(self.done)} of {self.count} shards)", flush=True)

    def results(self):
        """The files of all slices in their order, open."""
        self._bounds(0)
        missing = sorted(set(range(self.count)) - set(self.done))
        if missing:
            raise Conflict(f"results are missing for shards {', '.join(map(str, missing))}", may_pass=True)
        return [self._result(number).open("rb") for number in range(self.count)]

    def header(self):
        """The first line of each result."""
        return self.form.header(self.input.layout.has_truth).encode()

    def scores(self):
        """What predictions.Tally says about all results, and how far the input is from the training's data."""
        tally = predictions.Tally(self.form, self.input is not None and self.input.layout.has_truth)
        for file in self.results():
            with file, io.TextIOWrapper(file, encoding="utf-8", newline="") as lines:
                records = csv.reader(lines)
                next(records)  # the header
                tally.add(records)
        return tally.scores() | {"drift": self.input.drift}


def _sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _noting(records, reader, offsets):
    """The same records; notes where each ends."""
    for record in records:
        offsets.append(reader.offset)
        yield record
