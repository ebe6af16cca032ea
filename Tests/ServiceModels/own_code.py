"""Model directories that bring Python code: a model.py, or modules that a pipeline imports."""

import sys

import joblib
import numpy as np

from samples import customers, numbers, said


def own(directory):
    """A model.py around numbers in a file, and a module beside it, in place of PyTorch, which is too large for these tests."""
    (train, truth), (test, right) = numbers(1), numbers(2)
    weights = np.linalg.lstsq(train.to_numpy(), truth, rcond=None)[0]
    np.savez(directory / "weights.npz", weights=weights)
    (directory / "scaling.py").write_text("def doubled(values):\n    return 2 * values\n")
    (directory / "model.py").write_text('''import numpy as np

from scaling import doubled


class Network:
    classes_ = [False, True]

    def __init__(self, directory):
        self.weights = np.load(directory / "weights.npz")["weights"]

    def predict_proba(self, table):
        chance = 1 / (1 + np.exp(-doubled(table[["a", "b", "c", "d"]].to_numpy() @ self.weights)))
        return np.column_stack([1 - chance, chance])

    def predict(self, table):
        return self.predict_proba(table)[:, 1] > 0.5


def load(directory):
    return Network(directory)
''')
    test["up"] = right > 0
    test.to_csv(directory / "test.csv", index=False)


def own_step(directory, module, name, result):
    """Writes a module of one's own with a class that can be a pipeline's first step."""
    sys.path.insert(0, str(directory))
    (directory / f"{module}.py").write_text(f'''from sklearn.base import BaseEstimator, TransformerMixin


class {name}(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return {result}
''')


def raised(directory, name, step, exponent):
    """Saves a pipeline that begins with the step and predicts a power of column a. Returns what it predicts for the test rows."""
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    (train, _), (test, _) = numbers(1), numbers(2)
    model = make_pipeline(step, LinearRegression()).fit(train.to_numpy(), train["a"] ** exponent)
    joblib.dump(model, directory / f"{name}.joblib")
    test.to_csv(directory / "test.csv", index=False)
    return model.predict(test.to_numpy())


def transformer(directory):
    """A pipeline with a class of a module of one's own."""
    own_step(directory, "features", "Squares", "X**2")
    from features import Squares

    raised(directory, "square", Squares(), 2)


def namesakes(directory):
    """The same, with modules that have names of the service's; one of them is imported when the model answers."""
    own_step(directory, "models", "Powers", "__import__('metrics').powers(X)")
    (directory / "metrics.py").write_text("import rows\n\n\ndef powers(values):\n    return values**rows.EXPONENT\n")
    (directory / "rows").mkdir()
    (directory / "rows/__init__.py").write_text("EXPONENT = 3\n")
    from models import Powers

    said(directory, cube=raised(directory, "cube", Powers(), 3))


def parts(directory):
    """A pipeline with a class from a directory without __init__.py, which has the name of a module of the service."""
    (directory / "metrics").mkdir()
    own_step(directory, "metrics/calc", "Fourth", "X**4")
    from metrics.calc import Fourth

    said(directory, fourth=raised(directory, "fourth", Fourth(), 4))


def lookup(directory):
    """A model.py that knows some words, and fails at others with errors of its own."""
    (directory / "model.py").write_text('''PRICES = {"pro": 30.5, "basic": 12.25, "free": 0.0}


class Prices:
    def predict(self, rows):
        return [PRICES[plan] * (1 + len(plan)) for plan in rows["plan"]]


def load(directory):
    return Prices()
''')
    customers(2)[["customer", "plan"]].fillna("free").to_csv(directory / "test.csv", index=False)


def settings(directory):
    """A model.py with a dataclass and postponed annotations, which opens a file by its name alone, and does not say its classes."""
    (directory / "limits.cfg").write_text("0.5\n")
    (directory / "model.py").write_text('''from __future__ import annotations

from dataclasses import dataclass

LIMIT = float(open("limits.cfg").read())


@dataclass
class Sign:
    limit: float

    def predict(self, rows):
        return ["up" if a > self.limit else "down" if a > -9 else "out" for a in rows["a"]]


def load(directory):
    return Sign(float(open("limits.cfg").read()) + LIMIT)
''')
    test, right = numbers(2)
    test.assign(way=np.where(right > 0, "up", "down")).to_csv(directory / "test.csv", index=False)


def picking(directory):
    """A pipeline that begins with a class of one's own, which takes columns by name; nothing in it says which it knows."""
    own_step(directory, "picks", "Pick", 'X[["a", "b"]].to_numpy()')
    from picks import Pick
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    (train, truth), (test, _) = numbers(1), numbers(2)
    joblib.dump(make_pipeline(Pick(), LinearRegression()).fit(train, truth), directory / "price.joblib")
    test.to_csv(directory / "test.csv", index=False)
