"""Which packages should pip install for the models of a directory? Asked once, when the image is built.

packages.py DIRECTORY REQUIREMENTS OUTPUT writes into OUTPUT, in the order in which pip gets them: server.txt; models/, with a
requirements.txt and all that it names; more.txt. It also writes pins.txt, the server's versions, which none of these may change, and
debs.txt, for apt. With a fourth word, `move`, wheels are moved out of the directory.
"""

import os
import re
import shutil
import sys

from errors import DataError
from model_directory import Directory, version_of
from requirements_file import REQUIREMENTS, Requirements, pinned

# The versions where nothing names others; there are wheels for Python 3.11 to 3.14 on amd64 and arm64.
PACKAGES = {"pandas": "pandas==3.0.6", "onnx": "onnxruntime==1.32.0", "xgboost": "xgboost-cpu==3.2.0", "lightgbm": "lightgbm==4.7.0",
            "python": "pandas==3.0.6", "skops": "skops==0.16.0", "pyarrow": "pyarrow==26.0.1", "imblearn": "imbalanced-learn",
            "catboost": "catboost", "category_encoders": "category_encoders", "torch": "torch"}
DEBS = {"lightgbm": "libgomp1"}  # what wheels expect of the operating system, and slim images lack
FOR_MODELS = "# for models"  # this line of our requirements.txt divides the server's packages from those of models


def write(directory, requirements, output, moves=None):
    """Uses the directory's requirements.txt if it has one; otherwise, the packages that the models were saved with."""
    with open(requirements, encoding="utf-8") as file:
        server, line, ours = file.read().partition(FOR_MODELS)
    pins = pinned(server) if line else {}  # without the dividing line nothing says what is the server's
    own = Requirements(directory.path, pins) if REQUIREMENTS in directory.names else None
    models = os.path.join(output, "models")
    os.makedirs(models, exist_ok=True)
    if own:
        for path in own.files:
            os.makedirs(os.path.dirname(os.path.join(models, path)), exist_ok=True)
            if moves and path.endswith(".whl"):
                shutil.move(directory.file(path), os.path.join(models, path))
            else:
                shutil.copyfile(directory.file(path), os.path.join(models, path))
        needed, more = own.names, ["numpy"]
    else:
        text, needed, more = saved_with(directory, ours.partition("\n")[2])
        put(os.path.join(models, REQUIREMENTS), text)
    put(os.path.join(output, "server.txt"), server)
    put(os.path.join(output, "pins.txt"), "\n".join(f"{name}=={version}" for name, version in sorted(pins.items())))
    put(os.path.join(output, "more.txt"), "\n".join(more))
    put(os.path.join(output, "debs.txt"), "\n".join(sorted(DEBS[name] for name in needed if name in DEBS)))


def saved_with(directory, ours):
    """(what pip gets, names in PACKAGES that models need, what it gets then) for the versions that the models were saved by."""
    pins = dict(re.findall(r"^([a-z0-9-]+)==([0-9][^ ]*)", ours, re.MULTILINE))
    kept = {model["version"] for model in directory.models if model["version"]}
    if len(kept) > 1:
        raise DataError(f"{directory.path}: its models were saved by different versions of scikit-learn: "
                        f"{', '.join(sorted(kept))}; no service can load all of them: save them with the same version")
    other = kept - {pins.get("scikit-learn")}
    text = "\n".join([f"scikit-learn=={version}" for version in other] + ["numpy"]) if other else ours
    needed = {name for model in directory.models for name in needs(directory.file(model["file"]), model["format"])}
    more = {PACKAGES[name].partition("==")[0] if other else PACKAGES[name] for name in needed if name in PACKAGES}
    if any(str(examples).endswith(".parquet") for examples in (directory.train, directory.test)):
        more.add(PACKAGES["pyarrow"])
    return text, needed, sorted(more)


def needs(path, kind):
    """The names in PACKAGES that a model needs."""
    found = {kind} | version_of(path, kind)[1]
    # Boosters know columns by name.
    return found | {"pandas"} if found & {"xgboost", "lightgbm"} else found


def put(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.rstrip() + "\n")


if __name__ == "__main__":
    try:
        write(Directory(sys.argv[1]), *sys.argv[2:])
    except DataError as error:
        sys.exit(str(error))
