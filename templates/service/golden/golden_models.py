"""How is a model asked, whatever library made it?"""

import math
import sys

import numpy as np

from golden_rows import as_table

DOUBLE, SINGLE = 1e-9, 1e-4  # relative tolerance of models that calculate with 64 and with 32 bits
SINGLE_LIBRARIES = ("xgboost", "lightgbm", "catboost", "torch")


class Named:
    """The names of classes that a file does not hold: those of labels.csv, else those of the examples."""

    def __init__(self, todo):
        self.known = []
        for names in ([row[0] for row in todo["labels"]["rows"]] if todo["labels"] else None, todo["schema"]["classes"]):
            if names:
                # Libraries number sorted names; who numbers words otherwise says so by the order of labels.csv.
                self.known.append(names if any(isinstance(name, str) for name in names) else sorted(names))

    def by_place(self, count, file):
        """The classes that the places from 0 stand for."""
        for names in self.known:
            if len(names) == count:
                return names
        if self.known:
            shown = ", ".join(map(str, self.known[0][:8])) + (", …" if len(self.known[0]) > 8 else "")
            print(f"note: {file}: tells {count} classes apart, but {len(self.known[0])} are known ({shown}): it answers 0 to {count - 1}; if "
                  f"they have other names, write a labels.csv with all {count} in the order of these numbers")
        return list(range(count))

    def label(self, number, count=None):
        """The class of a number that an ONNX file answers, which may be the class itself."""
        names = self.known[0] if self.known else []
        if not names or (count is not None and len(names) != count) or not 0 <= number < len(names):
            return number
        return number if all(type(name) is int for name in names) and number in names else names[number]


class Model:
    """Asks one model: classes, perhaps with probabilities, or values."""

    names = None  # the columns that it knows by name
    classes = None  # None: it answers values
    tolerance = DOUBLE
    hint = ""  # what may be the cause when it cannot predict

    def table(self, rows, schema):
        """Rows as the model takes them."""
        return as_table(rows, schema, self.names)

    def ask(self, table):
        """(classes or values, one for each row; n × k probabilities or None)."""
        raise NotImplementedError


class Estimator(Model):
    """Anything with predict, and perhaps predict_proba and classes_."""

    def __init__(self, estimator, schema):
        self.estimator = estimator
        names = getattr(estimator, "feature_names_in_", None)
        self.names = None if names is None else [str(name) for name in names]
        classes = getattr(estimator, "classes_", None)
        if classes is not None:
            self.classes = np.asarray(classes).tolist()
        self.probabilities = getattr(estimator, "predict_proba", None)
        if any(library in sys.modules for library in SINGLE_LIBRARIES):
            self.tolerance = SINGLE

    def ask(self, table):
        answers = np.asarray(self.estimator.predict(table))
        if answers.ndim == 2 and answers.shape[1] == 1:
            answers = answers[:, 0]
        if answers.shape != (len(table),):
            raise SystemExit(f"it returns shape {answers.shape} for {len(table)} rows: one class or number per row is required")
        return answers.tolist(), None if self.probabilities is None or self.classes is None else np.asarray(self.probabilities(table))


class Own(Estimator):
    """What load() of a model.py returns: it gets a data frame where pandas is installed."""

    tolerance = SINGLE

    def __init__(self, estimator, schema):
        super().__init__(estimator, schema)
        if self.names is None:
            try:
                import pandas  # noqa: F401
            except ImportError:
                self.hint = "; it gets a NumPy array, because pandas is not installed: for a data frame, add pandas to requirements.txt"
                return
            self.names = [column["name"] for column in schema["columns"]]


class Onnx(Model):
    """One tensor of all features, or one for each column."""

    def __init__(self, content, schema, named):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self.inputs, self.schema, self.named = self.session.get_inputs(), schema, named
        self.types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64,
                      "tensor(int32)": np.int32, "tensor(bool)": bool, "tensor(string)": object}
        self.tolerance = SINGLE if any(one.type == "tensor(float)" for one in self.inputs) else DOUBLE
        outputs = self.session.get_outputs()
        if len(outputs) > 1 or outputs[0].type in ("tensor(int64)", "tensor(string)"):
            self.classes = []
        self.names = None if len(self.inputs) == 1 and len(schema["columns"]) > 1 else [one.name for one in self.inputs]

    def table(self, rows, schema):
        if self.names is None:
            return {self.inputs[0].name: as_table(rows, schema, None).astype(self.types[self.inputs[0].type])}
        return {one.name: self._column([row[one.name] for row in rows], one.type) for one in self.inputs}

    def ask(self, table):
        outputs, count = self.session.run(None, table), len(next(iter(table.values())))
        answers = np.asarray(outputs[0]).reshape(count).tolist()
        if self.classes is None:
            return answers, None
        if len(outputs) == 1:
            return [self.named.label(label) for label in answers], None
        if isinstance(outputs[1], list):  # a dictionary for each row
            self.classes = list(outputs[1][0])
            probabilities = np.array([[row[label] for label in self.classes] for row in outputs[1]])
        else:
            probabilities = np.asarray(outputs[1]).reshape(count, -1)
            self.classes = self.classes or [None] * probabilities.shape[1]
        if all(type(label) is int for label in answers):
            labels = list(range(probabilities.shape[1])) if None in self.classes else self.classes
            self.classes = [self.named.label(label, probabilities.shape[1]) for label in labels]
            answers = [self.named.label(label, probabilities.shape[1]) for label in answers]
        elif None in self.classes:
            self.classes = sorted(self.schema["classes"] or set(answers))
        return answers, probabilities

    def _column(self, values, kind):
        if kind == "tensor(string)":
            return np.array(["" if value is None else str(value) for value in values], dtype=object).reshape(-1, 1)
        return np.array([math.nan if value is None else value for value in values]).astype(self.types[kind]).reshape(-1, 1)


class Booster(Model):
    """XGBoost's and LightGBM's files hold no names of classes: they answer places from 0, in the order of the sorted names."""

    tolerance = SINGLE

    def __init__(self, names, predict, classes, is_number=False, words=None):
        self.predict, self.classes, self.is_number, self.words = predict, classes, is_number, words or {}
        self.names = list(names) if names else None

    def ask(self, table):
        if self.names is not None:
            import pandas

            for name, words in self.words.items():
                table[name] = pandas.Categorical(table[name].astype(object), categories=words)
        answers = np.asarray(self.predict(table))
        if self.classes is None:
            return answers.tolist(), None
        if self.is_number:
            return [self.classes[int(place)] for place in answers.tolist()], None
        if answers.ndim == 1:
            answers = np.column_stack([1 - answers, answers])
        return [self.classes[number] for number in answers.argmax(axis=1)], answers
