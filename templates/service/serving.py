"""What is served? The models, what they are called, and the examples that show what they take."""

import math
import os
from pathlib import Path

import orjson

import dataset
import metadata
import models
import rows

HERE = Path(__file__).parent


class Column:
    """A feature: its name, its type (number, integer, text, boolean), whether it may be missing, and a value."""

    def __init__(self, name, type="number", optional=False, example=None):
        self.name, self.type, self.optional, self.example = name, type, optional, example


class Serving:
    """Everything that answers are made of; it is read once, when the service starts."""

    def __init__(self, data=None, trained=None):
        training = metadata.Trained(Path(trained or os.environ.get("MODELS_DIR", HERE / "models")))
        self.examples = dataset.read(Path(data or os.environ.get("DATA_DIR", HERE / "data")) / "test.csv")
        self.models = models.load(training)
        golden = training.golden_for(self.examples)
        self.version = training.version
        self.names = list(getattr(self.models, "names", models.NAMES))
        self.tasks = golden.get("tasks") or dict.fromkeys(self.names, "classification")
        self.score = golden["score"]
        self.scores = golden.get("scores") or {name: {"accuracy": score} for name, score in self.score.items()}
        self.count = len(self.examples.truth)
        self.tolerance = golden.get("tolerance") or {}  # {model: relative}, of numbers: other processors sum in another order
        self.expected = {name: golden["rows"][0][name] for name in self.names}
        self.examples_are_private = os.environ.get("EXAMPLES") == "private"
        self.tells_probabilities = hasattr(self.models, "schema")
        self.takes_names = hasattr(self.models, "schema")  # rows as objects
        schema = getattr(self.models, "schema", None)
        self.columns = schema.columns if schema else [
            Column(name, example=value) for name, value in zip(self.examples.features, self.examples.rows[0].tolist())]

    @property
    def features(self):
        """The names of the columns, in the order of the header."""
        return [column.name for column in self.columns]

    def line(self, place):
        """An example, with the truth where it is known."""
        truth = self.examples.truth[place]
        named = {} if truth is None else self.models.name(int(truth))
        return {"line": place, **named, "features": self.values(place)}

    def values(self, place):
        """The features of an example by name."""
        return dict(zip(self.features, self.examples.rows[place].tolist()))

    def rows(self, place):
        """An example as the models take it."""
        return self.examples.rows[place : place + 1]

    def is_expected(self, answers):
        """Whether these are the answers for the first example that training gave."""
        return all(is_same(answers[name], self.expected[name], self.tolerance.get(name, 1e-9)) for name in self.names)

    def may_show(self, column):
        """Whether the example of a column may be given to anybody."""
        return not self.examples_are_private and column.example is not None

    def rows_of(self, body):
        """The rows in the body of a request, as the models take them."""
        return rows.rows_of(body, self.models if hasattr(self.models, "schema") else self.models.width)

    def rows_from(self, lists):
        """The same of lists of values in the order of the columns."""
        return self.rows_of(orjson.dumps({"rows": lists}))


def is_same(got, expected, tolerance):
    """Whether two answers differ in numbers only, and by no more than the tolerance."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return got.keys() == expected.keys() and all(is_same(got[key], expected[key], tolerance) for key in expected)
    if isinstance(expected, float) and type(got) in (int, float):
        return math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance)
    return got == expected
