"""Which model directories do people bring? Makes one: make_models.py KIND DIRECTORY

A kind is a function of one of the modules that are named here; its sentence says what it makes.
"""

import os
import sys
from pathlib import Path

import boosters
import odd_columns
import odd_targets
import onnx_files
import own_code
import sklearn_models

MODULES = (sklearn_models, odd_columns, odd_targets, boosters, onnx_files, own_code)


def make(kind, directory):
    # Where people train there are no modules of the service, whose names theirs may have.
    sys.path[:] = [place for place in sys.path if place not in os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    directory.mkdir(parents=True, exist_ok=True)
    for module in MODULES:
        if hasattr(module, kind):
            return getattr(module, kind)(directory)
    sys.exit(f"{kind}: no such kind of model directory")


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
