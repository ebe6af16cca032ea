"""How do the two models come about, and what do they answer?

Reads train.csv and test.csv, writes lda.joblib, mlp.joblib, golden.json and metadata.json. golden.json is what the
pipelines themselves answer for every test row: whoever asks the service later compares its answers with that file.
"""

import argparse
import json
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

import dataset
import metadata

SEED = 0
FOLDS = 5
CHUNK = 2000  # rows


def untrained():
    """Both models with their normalisation inside, so that training and serving cannot treat a row differently."""
    perceptron = MLPClassifier(
        hidden_layer_sizes=(500,), activation="relu", solver="adam", alpha=1e-4, max_iter=1000, random_state=SEED
    )
    return {
        "lda": make_pipeline(Normalizer(norm="l2"), LinearDiscriminantAnalysis()),
        "mlp": make_pipeline(Normalizer(norm="l2"), perceptron),
    }


def cross_validate(train):
    """Prints how well models do on rows of train.csv that they have not seen: mean and deviation over five parts, or fewer."""
    parts = folds(train)
    if parts < 2:
        return
    cut = StratifiedKFold(parts, shuffle=True, random_state=SEED)
    for name, pipeline in untrained().items():
        scores = cross_val_score(pipeline, train.rows, train.truth, cv=cut, error_score="raise")
        print(f"{name} cross-validation {scores.mean():.3f} ± {scores.std():.3f} ({parts} folds)", flush=True)


def folds(train):
    """Each part needs a row of each class."""
    classes, counts = np.unique(train.truth, return_counts=True)
    parts, rare = min(FOLDS, int(counts.min())), classes[counts.argmin()]
    if parts < 2:
        print(f"note: no cross-validation: class {rare} has one row, and each part needs one of each class", flush=True)
    elif parts < FOLDS:
        print(f"note: {parts} folds, not {FOLDS}: class {rare} has {parts} rows, and each part needs one of each class", flush=True)
    return parts


def fit(name, pipeline, train):
    """Trains a model. What scikit-learn warns of is told; what it cannot do ends with its reason, not with a stack of calls."""
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            pipeline.fit(train.rows, train.truth)
    except Exception as error:
        sys.exit(f"{name} cannot be trained on train.csv: {type(error).__name__}: {error}")
    for text in dict.fromkeys(" ".join(str(warning.message).split()) for warning in told):
        print(f"note: {name}: {text}", flush=True)


def predict(pipeline, rows):
    """Part by part: what is between its layers would not fit into memory for all rows of a large file."""
    return np.concatenate([pipeline.predict(rows[begin : begin + CHUNK]) for begin in range(0, len(rows), CHUNK)])


def golden(pipelines, train, test):
    """The right answers: truth and each model's class for every test row, and how often a model meets the truth."""
    classes = int(train.truth.max()) + 1
    columns = {"truth": test.truth} | {name: predict(pipeline, test.rows) for name, pipeline in pipelines.items()}
    names = {number: {"number": number, "letter": dataset.letter(number, classes)} for number in np.unique(train.truth).tolist()}
    rows = [{"line": line} for line in range(len(test.truth))]
    for name, numbers in columns.items():
        for row, number in zip(rows, numbers.tolist()):
            row[name] = names[number]
    return {
        "data": {"train": {"sha256": train.sha256, "rows": len(train.truth)},
                 "test": {"sha256": test.sha256, "rows": len(test.truth)}},
        "seeds": {"mlp": SEED},
        "classes": classes,
        "features": test.features,
        "score": {name: float((columns[name] == test.truth).mean()) for name in pipelines},
        "rows": rows,
    }


def as_text(answers):
    """JSON with one row per line, so that two files can be compared by eye."""
    rows = ",\n".join("  " + json.dumps(row) for row in answers["rows"])
    head = json.dumps({key: value for key, value in answers.items() if key != "rows"}, indent=1)
    return f'{head[:-2]},\n "rows": [\n{rows}\n ]\n}}\n'


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, default=Path("data"))
    arguments.add_argument("--models", type=Path, default=Path("models"))
    arguments.add_argument("--cross-validate", action="store_true", help=f"first say what {FOLDS} folds of train.csv say")
    options = arguments.parse_args()
    try:
        train, test, notes = dataset.read_pair(options.data)
    except dataset.DataError as error:
        sys.exit(str(error))
    print(f"train {train.rows.shape[0]} × {train.rows.shape[1]}, test {test.rows.shape[0]} × {test.rows.shape[1]}", flush=True)
    for note in notes:
        print(f"note: {note}", flush=True)
    pipelines = untrained()
    options.models.mkdir(parents=True, exist_ok=True)
    # With several threads the order of additions, and with it the last digits of the weights, depends on the machine.
    with threadpool_limits(1):
        if options.cross_validate:
            cross_validate(train)
        for name, pipeline in pipelines.items():
            fit(name, pipeline, train)
            joblib.dump(pipeline, options.models / f"{name}.joblib")
        answers = golden(pipelines, train, test)
    (options.models / "golden.json").write_text(as_text(answers), encoding="utf-8")
    described = metadata.write(options.models, answers)
    for name, score in answers["score"].items():
        print(f"{name} {score:.3f}")
    print(f"version {described['version']}")


if __name__ == "__main__":
    main()
