"""Can this image serve a model directory that comes from elsewhere?

Runs in the pod of a `kubeforge push`: receives the directory (handover.py), and compares what pods have from their image rather than from
the store: the example rows, the columns, packages, and the user's own modules. train.py and store.py do the rest.
"""

import argparse
import importlib.metadata
import importlib.util
import re
import shutil
import signal
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

import handover
import metadata
import packages
import train
from errors import DataError, listed
from model_directory import Directory

HERE = Path(__file__).resolve().parent
BUILDS = ("train.py", "generate_data.py")  # they make models and rows; no serving pod imports them
MOST_TOLD = 5
# Modules by the names of packages.needs; without pandas a model.py gets arrays.
MODULES = {"pandas": "pandas", "onnx": "onnxruntime", "xgboost": "xgboost", "lightgbm": "lightgbm", "skops": "skops",
           "imblearn": "imblearn", "catboost": "catboost", "category_encoders": "category_encoders", "torch": "torch"}
REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?\s*(?:==\s*([0-9A-Za-z.!+_-]+))?(?:\s*(?:[<>=!~#,\\].*)?)?", re.DOTALL)


def unpack(archive, directory):
    """Unpacks regular files below the directory, and nothing else."""
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                parts = PurePosixPath(member.name).parts
                if not member.isreg() or not parts or parts[0] == "/" or ".." in parts:
                    raise DataError(f"{member.name[:200]!r} is not a file of a model directory")
                path = directory.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                with tar.extractfile(member) as source, path.open("wb") as file:
                    shutil.copyfileobj(source, file)
    except tarfile.TarError as error:
        raise DataError(f"what arrived is not an archive of a model directory: {error}") from None


def unfit(directory, image):
    """Why the image cannot serve the models of a directory, a sentence each. `image`: the directory with its model/ and models/."""
    train.generate(directory)
    found = Directory(directory)
    built = metadata.read(image / "models" / metadata.NAME)
    with tempfile.TemporaryDirectory(prefix="kubeforge-") as scratch:
        examples, schema, _ = train.read(found, Path(scratch))
        return [*other_columns(schema.as_json(), built.get("schema") or {}), *other_rows(examples.as_json(), built.get("data") or {}),
                *other_modules(directory, image / "model"), *lacking(found)]


def other_columns(here, there):
    """How the columns of a directory differ from the image's; both as JSON."""
    mine, its = ({column["name"]: column for column in schema.get("columns") or ()} for schema in (here, there))
    yield from (f"column {name!r} is missing" for name in its if name not in mine)
    yield from (f"column {name!r} is not one of the image's" for name in mine if name not in its)
    for name in mine:
        if name in its and mine[name]["type"] != its[name]["type"]:
            yield f"column {name!r} is {mine[name]['type']}, but {its[name]['type']} in the image"
        elif name in its and mine[name]["optional"] != its[name]["optional"]:
            some, none = ("here", "in the image") if mine[name]["optional"] else ("in the image", "here")
            yield f"column {name!r} has empty cells {some}, but none {none}"
    if set(mine) == set(its) and list(mine) != list(its):
        yield "the columns are in a different order"
    for key, what in (("target", "the column with the truth"), ("index", "the column with the rows' names")):
        names = [value["name"] if isinstance(value, dict) else value for value in (here.get(key), there.get(key))]
        if names[0] != names[1]:
            yield f"{what} is {names[0]!r}, but {names[1]!r} in the image"
    for key, what in (("task", "the truth is for"), ("classes", "the classes of the truth are")):
        if here.get(key) != there.get(key):
            yield f"{what} {shown(here.get(key))}, but {shown(there.get(key))} in the image"


def shown(value):
    """A value as part of a sentence."""
    return "none" if value is None else listed([str(one) for one in value]) if isinstance(value, list) else str(value)


def other_rows(here, there):
    """Which example rows are not the image's own: it compares answers to those."""
    for name in ("train", "test"):
        mine, its = here.get(name), there.get(name)
        if mine == its:
            continue
        if mine is None:
            yield f"it has no {name}.csv, but the image has one of {its['rows']} rows"
        elif its is None:
            yield f"it has a {name}.csv, but the image has none"
        else:
            yield (f"{name}.csv has other rows ({mine['rows']}, sha256 {mine['sha256'][:12]}…) than the image's "
                   f"({its['rows']}, sha256 {its['sha256'][:12]}…)")


def other_modules(directory, model):
    """Modules that pods would import from their image."""
    for path in sorted(directory.rglob("*.py")):
        name = path.relative_to(directory)
        own = model / name
        if str(name) in BUILDS:
            continue
        if not own.is_file():
            yield f"the image has no {name}"
        elif own.read_bytes() != path.read_bytes():
            yield f"{name} differs from the image's"


def lacking(found):
    """Packages that the models need and the image does not have, or has in another version."""
    if "requirements.txt" in found.names:
        with open(found.file("requirements.txt"), encoding="utf-8") as file:
            yield from (fault for line in file.read().replace("\\\n", " ").splitlines() if (fault := other_package(line)))
        return
    for model in found.models:
        path, saved = found.file(model["file"]), model["version"]
        for name in sorted(packages.needs(path, model["format"])):
            if name in MODULES and importlib.util.find_spec(MODULES[name]) is None:
                yield f"{model['file']} needs {MODULES[name]}, which the image does not have"
        here = installed("scikit-learn")
        # Where expected.csv is there, what models answer is better evidence than the version.
        if saved and saved != here and "expected.csv" not in found.names:
            yield f"{model['file']} was saved by scikit-learn {saved}, but the image has {here or 'none'}"


def other_package(line):
    """What is wrong with a line of requirements.txt; None where it is met, is no package, or is for some platforms only."""
    asked = REQUIREMENT.fullmatch(line.partition(" #")[0].partition(" --")[0].strip())
    if asked is None or ";" in line:
        return None
    name, version = asked.groups()
    here = installed(name)
    if here is None:
        return f"requirements.txt names {name}, which the image does not have"
    if version and plain(version) != plain(here if "+" in version else here.partition("+")[0]):
        return f"requirements.txt names {name} {version}, but the image has {here}"
    return None


def installed(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def plain(version):
    """A version without its last zeros: 1.4.0 and 1.4 are the same."""
    return re.sub(r"(\.0)+$", "", version)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, required=True, help="where the model directory is put")
    parser.add_argument("--image", type=Path, default=HERE, help="the directory with the image's own model/ and models/")
    parser.add_argument("--patience", type=float, default=300, help="give up after this many seconds without progress")
    options = parser.parse_args()
    # Process 1 of a container ignores SIGTERM unless it handles it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        archive = handover.wait("directory", "the model directory", options.patience)
        unpack(archive, options.directory)
        archive.unlink()
        found = unfit(options.directory, options.image)
    except DataError as error:
        sys.exit(f"the model cannot be used: {error}".replace(f"{options.directory}/", ""))
    except OSError as error:
        sys.exit(f"the model cannot be used: {error.filename}: {error.strerror}")
    if found:
        told = [*found[:MOST_TOLD], *([f"{len(found) - MOST_TOLD} more"] if len(found) > MOST_TOLD else [])]
        sys.exit(f"the model needs an image of its own: {'; '.join(told)}: `kubeforge deploy` makes one, with the directory as "
                 "service: model:")
    print("the model directory fits the image", flush=True)


if __name__ == "__main__":
    main()
