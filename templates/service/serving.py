"""What is served? The models, what they are called, and the examples that show what they take."""

import math
import os
from pathlib import Path

import dataset
import loading
import metadata

HERE = Path(__file__).parent


class Serving:
    """Everything that answers are made of; it is read once, when the service starts."""

    def __init__(self, data=None, trained=None):
        training = metadata.Trained(Path(trained or os.environ.get("MODELS_DIR", HERE / "models")))
        self.examples = dataset.read(Path(data or os.environ.get("DATA_DIR", HERE / "data")))
        self.models, golden = loading.load(training), training.golden_for(self.examples)
        self.version, self.schema = training.version, self.models.schema
        self.names, self.tasks = self.models.names, self.models.tasks
        self.score, self.scores = golden["score"], golden["scores"]
        self.count = len(self.examples.values)  # that are shown, of all of the test set
        self.rows_of_test = max(self.count, self.examples.rows_of_test)
        self.tolerance = golden["tolerance"]  # {model: relative}, of numbers: other processors sum in another order
        self.expected = {name: golden["rows"][0][name] for name in self.names}
        self.examples_are_private = os.environ.get("EXAMPLES") == "private"

    @property
    def columns(self):
        """The features, in the order of the header."""
        return self.schema.columns

    @property
    def features(self):
        """Their names."""
        return self.schema.features

    def line(self, place):
        """An example, with the truth where it is known."""
        truth = self.examples.truth[place]
        return {"line": place, **({} if truth is None else self.models.name(truth)), "features": self.values(place)}

    def values(self, place):
        """The features of an example by name."""
        return self.examples.line(place)

    def rows(self, place):
        """An example as the models take it."""
        return self.examples.rows[place : place + 1]

    def is_expected(self, answers):
        """Whether these are the answers for the first example that training gave."""
        return all(is_same(answers[name], self.expected[name], self.tolerance.get(name, 1e-9)) for name in self.names)

    def may_show(self, column):
        """Whether the example of a column may be given to anybody."""
        return not self.examples_are_private and column.example is not None


def is_same(got, expected, tolerance):
    """Whether two answers differ in numbers only, and by no more than the tolerance."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return got.keys() == expected.keys() and all(is_same(got[key], expected[key], tolerance) for key in expected)
    if isinstance(expected, float) and type(got) in (int, float):
        return math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance)
    return got == expected
