"""How are objects with predict asked: estimators of scikit-learn, and one's own?"""

import numpy as np

from booster import categorize


class Estimator:
    """Anything with predict, and perhaps predict_proba."""

    def __init__(self, estimator, classes, names=None):
        own = getattr(estimator, "feature_names_in_", None)
        self.names, self.words = names if own is None else [str(name) for name in own], {}
        self.classes, self._estimator = classes, estimator
        self._probabilities = getattr(estimator, "predict_proba", None) if classes and hasattr(estimator, "classes_") else None
        self.has_chances = self._probabilities is not None
        self.takes_text = False  # instead of a table of one column
        self._settings = _settings(estimator) if type(estimator).__module__.startswith("sklearn") else None

    def ask(self, rows, with_chances=True):
        """(n classes or values, n × k probabilities or None)."""
        parts = [(slice(None), rows)] if self.names is None else rows.alike()
        if len(parts) == 1:
            return self._ask_alike(rows, with_chances)
        answers, chances = np.empty(len(rows), dtype=object), None
        for places, part in parts:
            answers[places], own = self._ask_alike(part, with_chances)
            if own is not None:
                chances = np.empty((len(rows), own.shape[1])) if chances is None else chances
                chances[places] = own
        return answers.tolist(), chances

    def _ask_alike(self, rows, with_chances):
        table = rows.column(rows.schema.features[0]) if self.takes_text else rows.table(self.names)
        categorize(table, self.words, rows.schema)
        # Only where no value can be missing: a model that accepts no missing values must be able to say so.
        if self._settings is None or not rows.schema.is_numeric:
            return self._ask(table, with_chances)
        with self._settings():
            return self._ask(table, with_chances)

    def _ask(self, table, with_chances):
        answers = np.asarray(self._estimator.predict(table)).reshape(len(table)).tolist()
        return answers, np.asarray(self._probabilities(table)) if self._probabilities and with_chances else None


def takes_text(estimator):
    """Whether the first step is one of scikit-learn that makes numbers of texts."""
    while hasattr(estimator, "steps") or hasattr(estimator, "best_estimator_"):
        estimator = estimator.steps[0][1] if hasattr(estimator, "steps") else estimator.best_estimator_
    return type(estimator).__module__.startswith("sklearn.feature_extraction.text")


class Unlikely:
    """A classifier whose scores are not probabilities, as training has found out: its answers have no probability."""

    has_chances = False

    def __init__(self, model):
        self.names, self.classes, self._model = model.names, model.classes, model

    def ask(self, rows, with_chances=True):
        return self._model.ask(rows, False)[0], None


# Of scikit-learn: what multiplies and adds the numbers that it gets. Trees make 32 bits of them, in which 1e149 is infinite.
LINEAR = ("discriminant_analysis", "linear_model", "neural_network", "svm")


def _settings(estimator):
    """A context without scikit-learn's own checks: they cost a sixth of a single row's time, and callers have checked. The setting is per
    thread: set once at the start, it would not reach the threads that answer."""
    import sklearn

    is_finite = _stays_finite(estimator)
    return lambda: sklearn.config_context(assume_finite=is_finite, skip_parameter_validation=True)


def _stays_finite(estimator):
    """Whether every step turns finite rows into finite rows. A logarithm, for example, may not, and then the next step must check."""
    *first, last = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    kind, own = type(last).__module__.split("."), getattr(last, "get_params", lambda deep: {})(deep=False)
    is_linear = kind[0] == "sklearn" and kind[1] in LINEAR and not any(hasattr(one, "fit") for one in own.values())
    return is_linear and all(type(step).__name__ == "Normalizer" and type(step).__module__.startswith("sklearn.") for step in first)
