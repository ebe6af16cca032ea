"""What do the models predict for rows of features?"""

import numpy as np

from refusal import Refusal

# What models raise about rows: functions of one's own anything of these, and some libraries errors that are none of Python's.
OF_ROWS, LIBRARIES = (ValueError, LookupError, TypeError, ArithmeticError), ("onnxruntime", "lightgbm")


class Models:
    """All models of a training. Each holds its own transformations: rows come as they are measured."""

    def __init__(self, loaded, schema, labels=None, tasks=None, version=""):
        self._loaded, self.schema, self.version = loaded, schema, version
        self.names = list(loaded)
        self.tasks = tasks or {}  # {name: "classification" or "regression"}
        self.classes = {name: model.classes for name, model in loaded.items()}  # None for regression
        self._labels = labels and {row[0]: dict(zip(labels["columns"], row)) for row in labels["rows"]}
        self._columns = labels["columns"] if labels else ["class"]

    @property
    def columns(self):
        """What an answer has for a class: `class`, or the columns of labels.csv."""
        return self._columns

    def name(self, truth):
        """A row's truth as it is shown: {"class": "yes"}, {"value": 1.5}, or what labels.csv says."""
        tasks = set(self.tasks.values())
        task = next(iter(tasks)) if len(tasks) == 1 else self.schema.task
        if truth is None:
            return dict.fromkeys(["value"] if task == "regression" else self._columns)
        return {"value": truth} if task == "regression" else self._named(truth)

    def _named(self, label):
        if not self._labels:
            return {"class": label}
        found = self._labels.get(label)
        if found is None:
            found = {name: str(label) if place else label for place, name in enumerate(self._columns)}
        return found

    def has_probabilities(self, name):
        """Whether a model tells how likely its classes are."""
        return self.classes[name] is not None and self._loaded[name].has_chances

    def answers(self, rows, probabilities=False):
        """For each row what each model answers: {"churn": {"class": "yes", "probability": 0.947}, "price": {"value": 201.7}}.
        `probabilities`: whether to add those of every class."""
        said = [self._answers(name, model, rows, probabilities) for name, model in self._loaded.items()]
        return [dict(zip(self.names, answers)) for answers in zip(*said)]

    def _answers(self, name, model, rows, probabilities):
        try:
            # Answers with the columns of labels.csv have no probability, unless it is asked for.
            values, chances = model.ask(rows, probabilities or not self._labels)
        except Exception as error:  # such as a word that an encoder has never seen
            if not isinstance(error, OF_ROWS) and type(error).__module__.partition(".")[0] not in LIBRARIES:
                raise
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            reason = " ".join(str(error).split())[:300]
            raise Refusal(400, f"{name} cannot predict {'this row' if len(rows) == 1 else 'these rows'}: {kind}{reason}") from error
        check_finite(name, values if model.classes is None else chances)
        if model.classes is None:
            return [{"value": float(value)} for value in values]
        if probabilities and chances is not None:
            texts = [text(label) for label in model.classes]
            return [self._named(value) | {"probabilities": dict(zip(texts, row))} for value, row in zip(values, chances.tolist())]
        if self._labels or chances is None:
            return [self._named(value) for value in values]
        place = {label: number for number, label in enumerate(model.classes)}
        return [{"class": value, "probability": row[place[value]]} for value, row in zip(values, chances.tolist())]


def check_finite(name, numbers):
    """Refuses values or probabilities that are NaN or infinite: JSON has none, and a class that was chosen by them is no answer."""
    found = None if numbers is None else np.asarray(numbers, dtype=np.float64)
    if found is None or np.isfinite(found).all():
        return
    place = np.argwhere(~np.isfinite(found))[0]
    row, what = "this row" if len(found) == 1 else f"rows[{place[0]}]", "has a probability of" if len(place) > 1 else "predicts"
    raise Refusal(400, f"{name} cannot predict {row}: it {what} {found[tuple(place)]}, and a finite number is required")


def text(label):
    """A class as a key of JSON."""
    return {True: "true", False: "false"}[label] if isinstance(label, bool) else str(label)
