"""Which files belong to one training, and are they still what it wrote?

train.py writes metadata.json last; whoever loads a model asks here first. The files are listed there: models and golden.json.
"""

import hashlib
import json
import platform
import re
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version

from errors import DataError

NAME = "metadata.json"
SIGNATURE = "metadata.json.sig"  # beside it in the store, where versions are signed
GOLDEN = "golden.json"
METRICS = "metrics.json"  # what the user's train.py has measured
PACKAGES = ("numpy", "scikit-learn", "joblib", "pandas", "pyarrow", "onnxruntime", "xgboost", "xgboost-cpu", "lightgbm", "skops", "torch")
FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ +-]{0,127}", re.ASCII)  # it becomes part of a path, here and in the store
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)  # it becomes the name of a directory
DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
PIECE = 1 << 20  # bytes


class Trained:
    """The output of one training run. Its files are returned only if they are unchanged since."""

    def __init__(self, directory):
        self.directory = directory
        self.content = read(directory / NAME)
        self.version = self.content["version"]
        self.files = tuple(self.content["files"])  # names

    def file(self, name):
        """The bytes of one of the files."""
        content = self._reading(name, lambda path: path.read_bytes())
        self._compare(name, len(content), hashlib.sha256(content).hexdigest())
        return content

    def check(self, name):
        """The same comparison for a file that may be larger than memory."""

        def look(path):
            size, summed = 0, hashlib.sha256()
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    size += len(piece)
                    summed.update(piece)
            return size, summed.hexdigest()

        self._compare(name, *self._reading(name, look))

    def _reading(self, name, look):
        try:
            return look(self.directory / name)
        except OSError as error:
            raise DataError(f"{self.directory / name}: cannot be read: {error.strerror}") from None

    def _compare(self, name, size, got):
        path, expected = self.directory / name, self.content["files"][name]
        if size < expected["bytes"]:
            raise DataError(
                f"{path}: is cut off: has {size} of {expected['bytes']} bytes, "
                f"sha256 {got}, {NAME} of {self.version} says {expected['sha256']}"
            )
        if got != expected["sha256"]:
            raise DataError(
                f"{path}: is not what was trained: sha256 {got}, {NAME} of {self.version} says {expected['sha256']}"
            )

    def golden(self):
        """What the models answered when they were trained: golden.json with only the first of its rows."""
        path = self.directory / GOLDEN
        try:
            answers = _beginning(self.file(GOLDEN))
            answers["data"]["test"]["sha256"], answers["features"], answers["models"], answers["tasks"], answers["rows"][0]
        except (ValueError, LookupError, TypeError) as error:
            raise DataError(f"{path}: cannot be read: {type(error).__name__}: {error}") from None
        return answers

    def golden_for(self, test):
        """The same, if it is about this very test set."""
        answers = self.golden()
        if answers["data"]["test"]["sha256"] != test.sha256:
            raise DataError(f"{self.directory / GOLDEN}: was made with a different test.csv: train again")
        return answers


def _beginning(content):
    """golden.json with its first row alone: parsed, all rows take some twenty times their bytes in memory. train.py writes one per line."""
    head, found, rows = content.partition(b',\n "rows": [\n')
    first = rows.partition(b"\n")[0].rstrip(b",")
    return json.loads(head + found + first + b"]}") if found else json.loads(content)


def read(path):
    """metadata.json, with all that is needed to check the files."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"{path}: is not JSON: {error}") from None
    fault = _fault(content)
    if fault:
        raise DataError(f"{path}: {fault}: train again")
    return content


def _fault(content):
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        return "names no files"
    if not isinstance(content.get("version"), str) or not VERSION.fullmatch(content["version"]):
        return "has no version that could name a directory"
    if GOLDEN not in content["files"]:
        return f"does not say how long {GOLDEN} is"
    for name, entry in content["files"].items():
        if not FILE.fullmatch(name) or name in (NAME, SIGNATURE):
            return f"names a file {name[:60]!r}, which is not a valid name"
        if not isinstance(entry, dict) or type(entry.get("bytes")) is not int:
            return f"does not say how long {name} is"
        if not isinstance(entry.get("sha256"), str) or not DIGEST.fullmatch(entry["sha256"]):
            return f"has no sha256 of {name}"
    # Changing a model and its sha256 here does not change the version that pods ask for.
    # Older versions end with the first half of the digest only.
    digest = _digest(content["files"])
    if content["version"].rpartition("-")[2] not in (digest, digest[:16]):
        return f"describes other files than version {content['version']} has"
    return None


def write(directory, about):
    """Describes the files of a directory, golden.json among them; `about`: what else is to be said of them. Returns what is written."""
    golden = json.loads((directory / GOLDEN).read_bytes())
    files = {path.name: _entry(path) for path in sorted(directory.iterdir()) if path.is_file() and path.name not in (NAME, SIGNATURE)}
    for name in files:
        if not FILE.fullmatch(name):
            raise DataError(f"{name!r} cannot be the name of a file of models: use letters, digits, _ and -")
    now = datetime.now(timezone.utc)
    content = {
        "version": f"{now:%Y%m%dT%H%M%SZ}-{_digest(files)}",
        "created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "score": golden["score"],
        "scores": golden["scores"],
        "metrics": _metrics(directory / METRICS),
        "data": golden["data"],
        "versions": {"python": platform.python_version()} | _versions(),
        "files": files,
    } | about
    (directory / NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return content


def _metrics(path):
    if not path.exists():
        return None
    try:
        return json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except ValueError as error:  # also of what is not UTF-8, which has no line
        where = f":{error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(f'{METRICS}{where}: is not JSON in UTF-8: write one object, such as {{"f1": 0.91}}') from None


def _refuse_constant(name):
    raise DataError(f"{METRICS}: has {name}, which JSON does not know: write null, or leave it out")


def _versions():
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            pass
    return found


def _digest(files):
    """The end of the version's name: it stands for the content of all files."""
    names = [*sorted(name for name in files if name != GOLDEN), GOLDEN]
    return hashlib.sha256("".join(files[name]["sha256"] for name in names).encode()).hexdigest()[:32]


def _entry(path):
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
