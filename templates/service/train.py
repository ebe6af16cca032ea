"""How do the two models come about, and what do they answer?

Reads train.csv and test.csv, writes lda.joblib, mlp.joblib, golden.json and metadata.json. golden.json is what the
pipelines themselves answer for every test row: whoever asks the service later compares its answers with that file.
"""

import argparse
import json
import sys
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
    """Prints how well models do on rows of train.csv that they have not seen: mean and deviation over five parts."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for name, pipeline in untrained().items():
        scores = cross_val_score(pipeline, train.rows, train.truth, cv=folds, error_score="raise")
        print(f"{name} cross-validation {scores.mean():.3f} ± {scores.std():.3f} ({FOLDS} folds)", flush=True)


def check_folds(path, train):
    """Each part needs a row of each class."""
    classes, counts = np.unique(train.truth, return_counts=True)
    if counts.min() < FOLDS:
        rare = counts.argmin()
        raise dataset.DataError(
            f"{path}: class {classes[rare]} has {counts[rare]} rows: cross-validation needs {FOLDS} of each class"
        )


def golden(pipelines, train, test):
    """The right answers: truth and each model's class for every test row, and how often a model meets the truth."""
    classes = int(train.truth.max()) + 1
    columns = {"truth": test.truth} | {name: pipeline.predict(test.rows) for name, pipeline in pipelines.items()}
    rows = [{"line": line} for line in range(len(test.truth))]
    for name, numbers in columns.items():
        for row, number in zip(rows, numbers.tolist()):
            row[name] = {"number": number, "letter": dataset.letter(number, classes)}
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
        train, test = dataset.read_pair(options.data)
        if options.cross_validate:
            check_folds(options.data / "train.csv", train)
    except dataset.DataError as error:
        sys.exit(str(error))
    print(f"train {train.rows.shape[0]} × {train.rows.shape[1]}, test {test.rows.shape[0]} × {test.rows.shape[1]}", flush=True)
    pipelines = untrained()
    options.models.mkdir(parents=True, exist_ok=True)
    # With several threads the order of additions, and with it the last digits of the weights, depends on the machine.
    with threadpool_limits(1):
        if options.cross_validate:
            cross_validate(train)
        for name, pipeline in pipelines.items():
            pipeline.fit(train.rows, train.truth)
            joblib.dump(pipeline, options.models / f"{name}.joblib")
        answers = golden(pipelines, train, test)
    (options.models / "golden.json").write_text(as_text(answers), encoding="utf-8")
    described = metadata.write(options.models, answers)
    for name, score in answers["score"].items():
        print(f"{name} {score:.3f}")
    print(f"version {described['version']}")


if __name__ == "__main__":
    main()
