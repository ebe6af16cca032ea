"""How is a model asked, whatever library made it?"""

import math
import sys

import numpy as np

from golden_onnx import labels_in
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

    def of(self, labels):
        """The classes that an ONNX file's labels stand for: numbers may be the classes themselves, or their places."""
        if any(isinstance(label, str) for label in labels):
            return labels
        for names in self.known:
            if all(type(name) is int for name in names) and (set(labels) <= set(names) or set(names) <= set(labels)):
                return labels
            if len(names) == len(labels):
                return names
        return labels


class Model:
    """Asks one model: classes, perhaps with probabilities, or values."""

    names = None  # the columns that it knows by name
    classes = None  # None: it answers values
    tolerance = DOUBLE
    hint = ""  # what may be the cause when it cannot predict
    numbers = None  # what the file says for each of the classes, where that is something else
    has_open_classes = False  # whether its classes are those of the examples, because it names none
    has_chances = None  # whether its scores are probabilities, once they were seen

    def table(self, rows, schema):
        """Rows as the model takes them."""
        return as_table(rows, schema, self.names)

    def ask(self, table):
        """(classes or values, one for each row; n × k scores or None)."""
        raise NotImplementedError

    def answer(self, table, name):
        """The same, with probabilities instead of scores."""
        answers, scores = self.ask(table)
        if scores is not None and self.has_chances is None:
            self.has_chances = are_probabilities(scores)
            if not self.has_chances:
                print(f"note: {name}: its scores are no probabilities, which are from 0 to 1 and have the sum 1: it answers classes alone")
        return answers, scores if self.has_chances else None


class Estimator(Model):
    """Anything with predict, and perhaps predict_proba and classes_."""

    def __init__(self, estimator, schema):
        self.estimator, self.words = estimator, {}
        names = getattr(estimator, "feature_names_in_", None)
        self.names = None if names is None else [str(name) for name in names]
        if names is None:
            self.hint = ("; it gets a NumPy array, because it does not say which columns it knows (feature_names_in_): begin with a "
                         "ColumnTransformer, or write a model.py, which gets a data frame")
        self.takes_text = names is None and is_vectorizer(estimator)
        if self.takes_text:
            self.hint = "; it takes one column of text: leave the others out of the examples, or begin with a ColumnTransformer"
        classes = getattr(estimator, "classes_", None)
        if classes is not None:
            self.classes = np.asarray(classes).tolist()
        self.probabilities = getattr(estimator, "predict_proba", None)
        if any(library in sys.modules for library in SINGLE_LIBRARIES):
            self.tolerance = SINGLE

    def table(self, rows, schema):
        only = schema["columns"][0]
        if self.takes_text and len(schema["columns"]) == 1 and only["type"] == "text":
            return [math.nan if row[only["name"]] is None else row[only["name"]] for row in rows]
        return super().table(rows, schema)

    def ask(self, table):
        use_categories(table, self.words)
        answers = np.asarray(self.estimator.predict(table))
        if answers.ndim == 2 and answers.shape[1] == 1:
            answers = answers[:, 0]
        if answers.shape != (len(table),):
            raise SystemExit(f"it returns shape {answers.shape} for {len(table)} rows: one class or number per row is required")
        return answers.tolist(), None if self.probabilities is None or self.classes is None else np.asarray(self.probabilities(table))


def is_vectorizer(estimator):
    """Whether an estimator begins with one that counts words, and takes texts instead of a table."""
    while hasattr(estimator, "best_estimator_") or hasattr(estimator, "steps"):
        estimator = estimator.best_estimator_ if hasattr(estimator, "best_estimator_") else estimator.steps[0][1]
    return type(estimator).__module__ == "sklearn.feature_extraction.text"


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
            self.names, self.hint = [column["name"] for column in schema["columns"]], ""


class Onnx(Model):
    """One tensor of all features, or one for each column."""

    TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
             "tensor(bool)": bool, "tensor(string)": object}
    LABELS = ("tensor(int64)", "tensor(int32)", "tensor(bool)", "tensor(string)")  # what a first output of classes may be

    def __init__(self, content, file, schema, named):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self.inputs, self.named, self.content, self.labels = self.session.get_inputs(), named, content, None
        self.has_places = True  # whether numbers that it answers may be the places of classes
        outputs, kinds = self.session.get_outputs(), {one.type for one in self.inputs}
        is_double = "tensor(double)" in kinds or not any("float" in one.type for one in outputs)
        self.tolerance = DOUBLE if is_double and "tensor(float)" not in kinds else SINGLE
        self.classifies = outputs[0].type in self.LABELS
        columns = {column["name"]: column["type"] for column in schema["columns"]}
        self.names, self.whole = [one.name for one in self.inputs], {name for name, kind in columns.items() if kind == "integer"}
        if len(self.inputs) == 1 and (len(columns) > 1 or self.names[0] not in columns):
            self.names = None
        for one in self.inputs:
            if one.type not in self.TYPES:
                sys.exit(f"{file}: its input {one.name!r} is {one.type}: only {', '.join(self.TYPES)} can be served")
            if self.names and one.name not in columns:
                sys.exit(f"{file}: its input {one.name!r} is no column of the examples: convert the model with one input for all columns, or "
                         "with one for each, named as they are")

    def table(self, rows, schema):
        if self.names is not None:
            return {one.name: self._column(rows, one.name, one.type).reshape(-1, 1) for one in self.inputs}
        only = self.inputs[0]
        if only.type == "tensor(string)":
            return {only.name: np.column_stack([self._column(rows, column["name"], only.type) for column in schema["columns"]])}
        return {only.name: as_table(rows, schema, None).astype(self.TYPES[only.type])}

    def ask(self, table):
        (first, *others), count = self.session.run(None, table), len(next(iter(table.values())))
        first = np.asarray(first)
        if first.size != count:
            raise SystemExit(f"its first output {self.session.get_outputs()[0].name!r} has shape {first.shape} for {count} rows: one label or "
                             "number per row is required: put the label before the probabilities, or ask the file in a model.py")
        answers = first.reshape(count).tolist()
        if not self.classifies:
            return answers, None
        keys, chances = None, None
        if others and isinstance(others[0], list):  # a dictionary for each row
            keys = list(others[0][0])
            chances = np.array([[row[key] for key in keys] for row in others[0]])
        elif others and np.asarray(others[0]).size % count == 0:
            chances = np.asarray(others[0]).reshape(count, -1)
        if self.labels is None:
            self.labels = keys or self._labels(answers, chances)
            self.classes = self.named.of(self.labels) if self.has_places else self.labels
            self.numbers = None if self.classes == self.labels else self.labels
        known = dict(zip(self.labels, self.classes))
        return [known.get(label, label) for label in answers], chances

    def _labels(self, answers, chances):
        """The labels of the columns of `chances`, or those that the file may answer."""
        seen, found = set(answers), labels_in(self.content)
        if chances is not None and are_probabilities(chances):
            width = chances.shape[1]
            known = [labels for labels in found if len(labels) == width and seen <= set(labels)]
            guesses = [list(range(width)), *(names for names in self.named.known), *(sorted(names, key=str) for names in self.named.known)]
            known += [labels for labels in guesses if len(labels) == width and is_likely(labels, answers, chances)]
            if known:
                return known[0]
            raise SystemExit(f"it answers {width} probabilities, and the file does not say of which classes: convert it with a ZipMap "
                             f"(zipmap=True), or write a labels.csv with all {width} in the model's order")
        found = [labels for labels in found if seen <= set(labels)]
        if found:
            return found[0]
        if chances is not None:
            width = chances.shape[1]
            # Otherwise they are the numbers of clusters, or of outliers, which no class stands for.
            self.has_places = is_likely(list(range(width)), answers, chances) if width > 1 else seen <= {0, 1}
            width = max(2, width)
            return [-1, 1] if seen <= {-1, 1} else list(range(width)) if seen <= set(range(width)) else sorted(seen)
        for names in self.named.known:
            if seen <= set(names) and not any(type(name) is bool for name in names):
                return names
            if seen <= set(range(len(names))):
                return list(range(len(names)))
        return sorted(seen)

    def _column(self, rows, name, kind):
        values = [row[name] for row in rows]
        if kind == "tensor(string)":
            return np.array(["" if value is None else str(int(value) if name in self.whole and float(value).is_integer() else value)
                             for value in values], dtype=object)
        return np.array([math.nan if value is None else value for value in values]).astype(self.TYPES[kind])


def are_probabilities(table):
    """Whether each row of scores is a distribution. Distances, votes and logits are not."""
    table = np.asarray(table, dtype=np.float64)
    return bool(table.ndim == 2 and np.isfinite(table).all() and table.min() >= -1e-6 and (abs(table.sum(axis=1) - 1) <= 1e-3).all())


def is_likely(labels, answers, chances):
    """Whether these labels fit: each answer has the largest probability."""
    best = chances.max(axis=1)
    return set(answers) <= set(labels) and all(
        chances[row, labels.index(answer)] >= best[row] - 1e-3 for row, answer in enumerate(answers))


def use_categories(table, words):
    """Makes these columns of a data frame what training had: one of its categories, or missing."""
    for name, categories in words.items():
        import pandas

        cells = table[name].astype(object)
        if isinstance(categories[0], str):  # where they look like whole numbers
            cells = cells.map(lambda cell: str(int(cell)) if isinstance(cell, (int, float)) and cell == cell else cell)
        there = cells.notna().sum()
        table[name] = pandas.Categorical(cells, categories=categories)
        if there >= 10 and table[name].isna().all():
            raise SystemExit(f"none of the values of {name!r} in the examples is a category that it knows ({', '.join(map(repr, categories[:3]))})")


class Booster(Model):
    """XGBoost's and LightGBM's files hold no names of classes: they answer places from 0, in the order of the sorted names."""

    tolerance = SINGLE

    def __init__(self, names, predict, classes, is_number=False, words=None):
        self.predict, self.classes, self.is_number, self.words = predict, classes, is_number, words or {}
        self.names = list(names) if names else None

    def ask(self, table):
        use_categories(table, self.words)
        answers = np.asarray(self.predict(table))
        if self.classes is None:
            return answers.tolist(), None
        if self.is_number:
            return [self.classes[int(place)] for place in answers.tolist()], None
        if answers.ndim == 1:
            answers = np.column_stack([1 - answers, answers])
        return [self.classes[number] for number in answers.argmax(axis=1)], answers
