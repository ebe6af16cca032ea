"""What do both models say about rows of features?"""

import io

import joblib
import sklearn

from dataset import letter
from metadata import MODELS as NAMES
from table import DataError

CHUNK = 2000  # rows; the perceptron's hidden layer takes 4 kB for each


class Models:
    """The two trained pipelines. Each holds its own normalisation: rows come as they are measured."""

    def __init__(self, pipelines):
        self._pipelines = pipelines
        self.width = pipelines["lda"].n_features_in_
        classes = [int(number) for number in pipelines["lda"].classes_]
        self._names = {number: {"number": number, "letter": letter(number, classes[-1] + 1)} for number in classes}

    def name(self, number):
        """A class as it is shown: {"number": 0, "letter": "A"}."""
        return self._names[number]

    def answers(self, rows):
        """For each row (n × width, finite) what each model says: {"lda": {"number": 0, "letter": "A"}, "mlp": …}."""
        # scikit-learn's own checks cost a third of a single row's time, and callers have checked. The setting belongs
        # to a thread: set once at the start, it would not reach the threads that answer.
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
            predicted = [self._pipelines[name].predict(rows).tolist() for name in NAMES]
        return [{name: self._names[number] for name, number in zip(NAMES, numbers)} for numbers in zip(*predicted)]

    def score(self, test):
        """How often each model meets the truth, from 0 to 1."""
        right = dict.fromkeys(NAMES, 0)
        for begin in range(0, len(test.truth), CHUNK):
            part = slice(begin, begin + CHUNK)
            for answer, number in zip(self.answers(test.rows[part]), test.truth[part].tolist()):
                for name in NAMES:
                    right[name] += answer[name]["number"] == number
        return {name: count / len(test.truth) for name, count in right.items()}


def load(trained):
    """The models of a training (metadata.Trained)."""
    pipelines = {}
    for name in NAMES:
        content = trained.file(f"{name}.joblib")
        try:
            pipelines[name] = joblib.load(io.BytesIO(content))
        except Exception as error:  # what another version has pickled can raise anything
            raise DataError(
                f"{trained.folder / name}.joblib: cannot be loaded: {type(error).__name__}: {error}"
            ) from None
    return Models(pipelines)
