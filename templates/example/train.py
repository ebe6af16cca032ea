"""How are the two models of the articles trained?

Reads train.csv and writes lda.joblib and mlp.joblib to $MODELS. With CROSS_VALIDATE=1 it first measures how well both do on rows that
they have not seen, and writes that to metrics.json.
"""

import csv
import gzip
import json
import math
import os
import re
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from threadpoolctl import threadpool_limits

SEED = 0
FOLDS = 5
GZIP = b"\x1f\x8b"


def untrained():
    """Both models with their normalisation inside, so that training and serving cannot treat a row differently."""
    perceptron = MLPClassifier(
        hidden_layer_sizes=(500,), activation="relu", solver="adam", alpha=1e-4, max_iter=1000, random_state=SEED
    )
    return {
        "lda": make_pipeline(Normalizer(norm="l2"), LinearDiscriminantAnalysis()),
        "mlp": make_pipeline(Normalizer(norm="l2"), perceptron),
    }


def read(path, target, index):
    """n × m numbers, and the n classes: whole numbers where all are, else text."""
    with open(path, "rb") as file:
        is_packed = file.read(2) == GZIP  # under whatever name
    with (gzip.open if is_packed else open)(path, "rt", encoding="utf-8-sig", newline="") as file:
        header_line = file.readline()
        file.seek(0)
        separator = max(",;\t", key=re.sub('"[^"]*"', "", header_line).count)
        table = csv.reader(file, delimiter=separator)
        header = [cell.strip() for cell in next(table)]
        if target not in header:
            sys.exit(f"{path}:1: has no column {target!r} to learn (service: target:)")
        features = [place for place, name in enumerate(header) if name and name not in (target, index)]
        rows, truth = [], []
        for cells in table:
            if not any(cell.strip() for cell in cells):
                continue
            rows.append([number(cells[place], separator, f"{path}:{table.line_num}, column {place + 1} ({header[place]})")
                         for place in features])
            truth.append(cells[header.index(target)].strip())
    try:
        truth = np.array([int(cell) for cell in truth], dtype=np.int64)
    except ValueError:
        truth = np.array(truth)
    return np.array(rows), truth


def number(cell, separator, where):
    try:
        value = float(cell.replace(",", ".") if separator == ";" else cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        sys.exit(f"{where}: must be a finite number, is {cell!r}: these models take no other, and no missing value")
    return value


def check(path, rows, truth):
    """LDA needs rows of a class that differ. Both models see each row divided by its length."""
    classes = np.unique(truth)
    if len(classes) < 2 or len(rows) <= len(classes):
        sys.exit(f"{path}: needs two classes or more, and more rows than classes; it has {len(classes)} in {len(rows)} rows")
    with np.errstate(over="ignore"):
        length = np.sqrt(np.sum(rows**2, axis=1, keepdims=True))
    scaled = rows / np.where(length == 0, 1, length)
    if any(np.ptp(scaled[truth == name], axis=0).max() > 1e-9 for name in classes):
        return
    reason = ("with one feature, every row becomes 1 or -1: give two features or more" if rows.shape[1] == 1
              else "give rows of a class that differ in more than their size")
    sys.exit(f"{path}: cannot be trained on: models see each row divided by its length (its L2 norm), and then all rows "
             f"of a class are the same; {reason}")


def cross_validate(rows, truth):
    """Prints how well models do on rows that they have not seen: mean and deviation over five parts, or fewer."""
    parts = folds(truth)
    if parts < 2:
        return {}
    cut, found = StratifiedKFold(parts, shuffle=True, random_state=SEED), {}
    for name, pipeline in untrained().items():
        scores = cross_val_score(pipeline, rows, truth, cv=cut, error_score="raise")
        found[name] = {"mean": scores.mean(), "deviation": scores.std(), "folds": parts}
        print(f"{name} cross-validation {scores.mean():.3f} ± {scores.std():.3f} ({parts} folds)", flush=True)
    return {"cross-validation": found}


def folds(truth):
    """Each part needs a row of each class."""
    classes, counts = np.unique(truth, return_counts=True)
    parts, rare = min(FOLDS, int(counts.min())), classes[counts.argmin()]
    if parts < 2:
        print(f"note: no cross-validation: class {rare} has one row, and each part needs one of each class", flush=True)
    elif parts < FOLDS:
        print(f"note: {parts} folds, not {FOLDS}: class {rare} has {parts} rows, and each part needs one of each class", flush=True)
    return parts


def fit(name, pipeline, rows, truth):
    """Trains a model. scikit-learn's warnings are printed; an error ends the program with its reason, not with a traceback."""
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            pipeline.fit(rows, truth)
    except Exception as error:
        sys.exit(f"{name} cannot be trained on train.csv: {type(error).__name__}: {error}")
    for text in dict.fromkeys(" ".join(str(warning.message).split()) for warning in told):
        print(f"note: {name}: {text}", flush=True)


def main():
    models = Path(os.environ.get("MODELS", "models"))
    models.mkdir(parents=True, exist_ok=True)
    path = next((name for name in ("train.csv", "train.csv.gz") if os.path.exists(name)), None)
    if path is None:
        sys.exit("there is no train.csv to learn from")
    rows, truth = read(path, os.environ.get("TARGET") or "# Letter", os.environ.get("INDEX") or "Line")
    check(path, rows, truth)
    # With several threads the order of additions, and with it the last digits of the weights, depends on the machine.
    with threadpool_limits(1):
        if os.environ.get("CROSS_VALIDATE"):
            metrics = cross_validate(rows, truth)
            (models / "metrics.json").write_text(json.dumps(metrics) + "\n", encoding="utf-8")
        for name, pipeline in untrained().items():
            fit(name, pipeline, rows, truth)
            joblib.dump(pipeline, models / f"{name}.joblib")


if __name__ == "__main__":
    main()
