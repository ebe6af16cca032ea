"""Which models are in a directory, or what makes them, and which libraries wrote them?"""

import bz2
import functools
import gzip
import lzma
import os
import re
import zipfile
import zlib

from errors import DataError
from records import GZIP

MODEL_FILES = {".joblib": "joblib", ".pkl": "joblib", ".pickle": "joblib", ".skops": "skops", ".onnx": "onnx", ".ubj": "xgboost",
               ".json": "xgboost", ".txt": "lightgbm"}
LIBRARIES = {"joblib": "scikit-learn", "skops": "scikit-learn", "onnx": "onnxruntime", "xgboost": "xgboost", "lightgbm": "lightgbm",
             "python": None}
OWN_MODEL = {"name": "model", "file": "model.py", "format": "python", "library": None, "version": None}
# Of the process that says what is expected: a model's module of this name would not be found there.
TAKEN = frozenset(("golden_expected", "golden_files", "golden_models", "golden_onnx", "golden_rows"))
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
VERSION_IN_PICKLE = re.compile(rb"_sklearn_version(?:\x94|q.|r....)?(?:\x8c(.)|X(.)\0\0\0)(.{3,24})", re.DOTALL)
VERSION_IN_SKOPS = re.compile(r'"_sklearn_version":\s*\{[^{}]*"content":\s*"\\"([0-9][^"\\]*)')
OTHER_MODULES = re.compile(rb"(?:\x8c.|\nc|c)(xgboost|lightgbm|catboost|imblearn|category_encoders|torch)\.", re.DOTALL)
PANDAS_WORDS = (b"feature_names_in_", b"pandas.core", b"make_column_selector")


class Directory:
    """A directory with models, or with what makes them."""

    def __init__(self, path, train=None, test=None):
        self.path = str(path)
        try:
            self.names = sorted(name for name in os.listdir(self.path) if not name.startswith("."))
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error.strerror}") from None
        self.train, self.test = train or self._examples("train"), test or self._examples("test")
        self.trains = "train.py" in self.names and bool(self.train or "generate_data.py" in self.names)
        for name in self.names:
            if name[:-3] in TAKEN and name.endswith(".py"):
                raise DataError(f"{self.file(name)}: the build has a module of this name: rename it")
        self.models = [] if self.trains else self._models()

    def file(self, name):
        return os.path.join(self.path, name)

    def _examples(self, name):
        return next((self.file(found) for found in (f"{name}.csv", f"{name}.csv.gz", f"{name}.parquet") if found in self.names), None)

    def _models(self):
        if "model.py" in self.names:
            return [dict(OWN_MODEL)]
        return models_in(self.path, self.names)

    def bytes(self):
        """The size of all files together."""
        return sum(os.path.getsize(os.path.join(directory, name)) for directory, _, names in os.walk(self.path) for name in names
                   if os.path.isfile(os.path.join(directory, name)))


def models_in(directory, names=None):
    """The models in a directory: name, file, format, and the library and version that saved it."""
    found = []
    for name in names or sorted(os.listdir(directory)):
        stem, ending = os.path.splitext(name)
        path, kind = os.path.join(directory, name), MODEL_FILES.get(ending.lower())
        if kind is None or not os.path.isfile(path) or not is_model(path, kind):
            continue
        if any(model["name"] == stem for model in found):
            raise DataError(f"{path}: two models are named {stem!r}: rename one")
        if not MODEL_NAME.fullmatch(stem) or stem in ("line", "row", "truth"):
            raise DataError(f"{path}: {stem!r} would be the model's name in answers: use only letters, digits, _ and -")
        found.append({"name": stem, "file": name, "format": kind, "library": LIBRARIES[kind], "version": version_of(path, kind)[0]})
    if not found:
        raise DataError(f"{directory}: holds no model: it needs a file .joblib, .pkl, .skops, .onnx, .ubj or .json (XGBoost), .txt "
                        "(LightGBM), a model.py, or a train.py with train.csv")
    return found


def is_model(path, kind):
    """Whether a file holds a model. JSON and text may be anything: XGBoost's and LightGBM's are told by how they begin."""
    if not path.endswith((".json", ".txt")):
        return True
    with open(path, "rb") as file:
        head = file.read(4096)
    return head.lstrip().startswith(b"{") and b'"learner"' in head if kind == "xgboost" else head.startswith(b"tree\n")


@functools.lru_cache(maxsize=None)  # a pickle is read to its end, and may be large
def version_of(path, kind):
    """(version of scikit-learn that a model was saved by or None, names of other packages that it needs), without loading it."""
    if kind == "skops":
        try:
            with zipfile.ZipFile(path) as archive:
                text = archive.read("schema.json")
        except (OSError, KeyError, zlib.error, zipfile.BadZipFile) as error:
            why = getattr(error, "strerror", None)
            raise DataError(f"{path}: cannot be read: {why}" if why else f"{path}: is not a skops file (a ZIP archive with a schema.json): "
                            "save the model again with skops.io.dump") from None
        found = VERSION_IN_SKOPS.search(text.decode("utf-8", "replace"))
        return (found and found.group(1)), {"pandas"} if any(word in text for word in PANDAS_WORDS) else set()
    return _pickled(path) if kind == "joblib" else (None, set())


def _pickled(path):
    version, others, rest = None, set(), b""
    try:
        with _unpacked_pickle(path) as file:
            while True:
                piece = file.read(1 << 20)
                if not piece:
                    break
                text = rest + piece
                found = None if version else VERSION_IN_PICKLE.search(text)
                if found:
                    length = (found.group(1) or found.group(2))[0]
                    version = found.group(3)[:length].decode("ascii", "replace")
                others |= {name.decode() for name in OTHER_MODULES.findall(text)}
                others |= {"pandas"} if any(word in text for word in PANDAS_WORDS) else set()
                rest = text[-256:]
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        why = getattr(error, "strerror", None)
        raise DataError(f"{path}: cannot be read: {why}" if why else f"{path}: is compressed, and damaged or cut off: save or copy it "
                        "again") from None
    return version, others


def _unpacked_pickle(path):
    """The uncompressed pickle: joblib compresses in several ways, which the first bytes tell apart."""
    with open(path, "rb") as file:
        head = file.read(6)
    if head.startswith(GZIP):
        return gzip.open(path)
    if head.startswith(b"BZ"):
        return bz2.open(path)
    if head.startswith((b"\xfd7zXZ", b"\x5d\x00")):
        return lzma.open(path)
    file = open(path, "rb")
    return _Inflated(file) if head[:1] == b"\x78" else file


class _Inflated:
    """A zlib-compressed file as a stream."""

    def __init__(self, file):
        self.file, self.unpacking = file, zlib.decompressobj()

    def read(self, size):
        content = b""
        while not content:
            piece = self.unpacking.unconsumed_tail or self.file.read(size)
            if not piece:
                return b""
            content = self.unpacking.decompress(piece, size)
        return content

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
