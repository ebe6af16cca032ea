"""What must the service answer?

A process of its own that shares no line with the service: it reads the examples, asks the models as a notebook would, and writes
golden.json. Where expected.csv says what somebody's notebook answered, both are compared. What to do comes as JSON on standard input
(see train.py).
"""

import csv
import gzip
import json
import math
import sys
import unicodedata
import warnings
from pathlib import Path

import numpy as np

MOST_ROWS = 2000  # of golden.json; more rows are scored, and not kept
CHUNK = 2000  # rows
DOUBLE, SINGLE = 1e-9, 1e-4  # relative tolerance of models that count with 64 and with 32 bits
SINGLE_LIBRARIES = ("xgboost", "lightgbm", "catboost", "torch")
MISSING = {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
           "NaN", "None", "n/a", "nan", "null"}


# ---- the examples, as a notebook has them

def examples(path, schema, separator):
    """(truth or None, index or None, features by name) of each row."""
    opened = gzip.open(path, "rt", encoding="utf-8-sig", newline="") if is_packed(path) else open(path, encoding="utf-8-sig", newline="")
    with opened as file:
        table = csv.reader(file, delimiter=separator)
        header = [normal(name.strip(" \t")) for name in next(table)]
        target, index = schema["target"], schema["index"]
        for cells in table:
            if not any(cell.strip(" \t") for cell in cells):
                continue
            row = {name: cell.strip(" \t") for name, cell in zip(header, cells)}
            truth = None if target is None or normal(target["name"]) not in row else of_type(row[normal(target["name"])], target, separator)
            yield truth, None if index is None else row.get(normal(index)), {
                column["name"]: of_type(row[normal(column["name"])], column, separator) for column in schema["columns"]}


def normal(name):
    return unicodedata.normalize("NFC", name)


def is_packed(path):
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def of_type(text, column, separator):
    kind = column["type"]
    if text in MISSING:
        return None
    if kind == "text":
        return text
    if kind == "boolean":
        return text.lower() == "true"
    text = text.replace(",", ".") if separator == ";" else text
    return int(text) if kind == "integer" and text.lstrip("+-").isdigit() else float(text)


def chunks(rows):
    part = []
    for row in rows:
        part.append(row)
        if len(part) == CHUNK:
            yield part
            part = []
    if part:
        yield part


def as_table(rows, schema, names):
    """A data frame where a model knows its columns by name, else an array in the order of the header."""
    if names is not None:
        import pandas

        return pandas.DataFrame({column["name"]: series(rows, column, pandas) for column in schema["columns"]})[list(names)]
    columns = [[row[column["name"]] for row in rows] for column in schema["columns"]]
    if any(column["type"] == "text" for column in schema["columns"]):
        cells = np.array(columns, dtype=object).T
        cells[np.equal(cells, None)] = np.nan
        return cells
    return np.array(columns, dtype=np.float64).T


def series(rows, column, pandas):
    values = [row[column["name"]] for row in rows]
    gaps = any(value is None for value in values)
    if column["type"] == "text":
        return pandas.Series([math.nan if value is None else value for value in values], dtype=pandas.Series(["a"]).dtype)
    if column["type"] == "boolean":
        return pandas.Series([math.nan if value is None else value for value in values], dtype=object if gaps else bool)
    whole = column["type"] == "integer" and not column["optional"] and all(isinstance(value, int) for value in values)
    return pandas.Series(values, dtype="int64" if whole else "float64")


# ---- the models

class Model:
    """Asks one model: classes, perhaps with probabilities, or values."""

    names = None  # the columns that it knows by name
    classes = None  # None: it answers values
    tolerance = DOUBLE

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
            raise SystemExit(f"it answers {answers.shape} for {len(table)} rows: one class or one number for each row is needed")
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
                return
            self.names = [column["name"] for column in schema["columns"]]


class Onnx(Model):
    """One tensor of all features, or one for each column."""

    def __init__(self, content, schema, numbered):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self.inputs, self.schema, self.numbered = self.session.get_inputs(), schema, numbered
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
            return [self.numbered(label) for label in answers], None
        if isinstance(outputs[1], list):  # a dictionary for each row
            self.classes = list(outputs[1][0])
            probabilities = np.array([[row[label] for label in self.classes] for row in outputs[1]])
        else:
            probabilities = np.asarray(outputs[1]).reshape(count, -1)
            self.classes = self.classes or [None] * probabilities.shape[1]
        if all(type(label) is int for label in answers):
            labels = list(range(probabilities.shape[1])) if None in self.classes else self.classes
            self.classes = [self.numbered(label, probabilities.shape[1]) for label in labels]
            answers = [self.numbered(label, probabilities.shape[1]) for label in answers]
        elif None in self.classes:
            self.classes = sorted(self.schema["classes"] or set(answers))
        return answers, probabilities

    def _column(self, values, kind):
        if kind == "tensor(string)":
            return np.array(["" if value is None else str(value) for value in values], dtype=object).reshape(-1, 1)
        return np.array([math.nan if value is None else value for value in values]).astype(self.types[kind]).reshape(-1, 1)


class Booster(Model):
    """XGBoost's and LightGBM's files hold no names of classes: they answer numbers from 0, in the order of the sorted names."""

    tolerance = SINGLE

    def __init__(self, objective, names, predict, numbered, words):
        self.predict, self.numbered, self.words = predict, numbered, words
        self.names = list(names) if names else None
        if objective.startswith(("binary", "multi", "cross_entropy")) and "hinge" not in objective:
            self.classes = []
        self.is_number = objective == "multi:softmax"

    def ask(self, table):
        if self.names is not None:
            import pandas

            for name, words in self.words.items():
                table[name] = pandas.Categorical(table[name].astype(object), categories=words)
        answers = np.asarray(self.predict(table))
        if self.classes is None:
            return answers.tolist(), None
        if self.is_number:
            return [self.numbered(int(number)) for number in answers.tolist()], None
        if answers.ndim == 1:
            answers = np.column_stack([1 - answers, answers])
        self.classes = [self.numbered(number, answers.shape[1]) for number in range(answers.shape[1])]
        return [self.classes[number] for number in answers.argmax(axis=1)], answers


def load(models, folder, directory, todo):
    """{name: Model} of all files."""
    sys.path.append(str(directory))
    if any(model["format"] == "python" for model in models):
        import model as own

        loaded = own.load(Path(folder))
        loaded = loaded if isinstance(loaded, dict) else {"model": loaded}
        return {name: Own(one, todo["schema"]) for name, one in loaded.items()}

    def numbered(number, count=None):
        """The class that a number stands for where a model knows no names."""
        names = [row[0] for row in todo["labels"]["rows"]] if todo["labels"] else todo["schema"]["classes"]
        if not names or (count is not None and len(names) != count) or not 0 <= number < len(names):
            return number
        return number if all(type(name) is int for name in names) and number in names else names[number]

    with warnings.catch_warnings():
        # Where expected.csv is there, what models answer is better evidence than the version.
        warnings.filterwarnings("ignore" if todo["expected"] else "error", message="Trying to unpickle estimator")
        return {model["name"]: load_one(model, folder, directory, todo["schema"], numbered) for model in models}


def load_one(model, folder, directory, schema, numbered):
    path, kind = Path(folder) / model["file"], model["format"]
    try:
        if kind == "joblib":
            import joblib

            return Estimator(joblib.load(path), schema)
        if kind == "skops":
            return Estimator(load_skops(path, directory), schema)
        if kind == "onnx":
            return Onnx(path.read_bytes(), schema, numbered)
        if kind == "xgboost":
            import xgboost

            booster = xgboost.Booster({"nthread": 1}, model_file=str(path))
            objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
            return Booster(objective, booster.feature_names,
                           lambda table: booster.predict(xgboost.DMatrix(table, enable_categorical=True)), numbered, words_of_xgboost(booster))
        import lightgbm

        booster = lightgbm.Booster(model_file=str(path))
        kinds, names = {column["name"]: column["type"] for column in schema["columns"]}, booster.feature_name()
        known = all(name in kinds for name in names)
        words = dict(zip((name for name in names if kinds.get(name) == "text"), booster.pandas_categorical or []))
        return Booster(booster.dump_model(num_iteration=1)["objective"], names if known else None,
                       lambda table: booster.predict(table, num_threads=1), numbered, words)
    except SystemExit:
        raise
    except Exception as error:
        sys.exit(reason(model, error))


def words_of_xgboost(booster):
    """Of each column of text, the words that training saw: the others count as missing."""
    content = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    packed = content.get("model", content.get("gbtree", {}).get("model", {})).get("cats", {}).get("enc", [])
    found = {}
    for name, one in zip(booster.feature_names or [], packed):
        ends, letters = one["offsets"], bytes(number & 255 for number in one["values"])
        if len(ends) > 1:
            found[name] = [letters[begin:end].decode() for begin, end in zip(ends, ends[1:])]
    return found


def load_skops(path, directory):
    import skops.io

    trusted = directory / "trusted.txt"
    chosen = set(trusted.read_text(encoding="utf-8").split()) if trusted.exists() else set()
    found = skops.io.get_untrusted_types(file=path)
    strange = [name for name in found if name not in chosen and name.split(".")[0] not in ("sklearn", "numpy", "scipy")]
    if strange:
        sys.exit(f"{path.name}: needs types that nobody trusts yet: {', '.join(strange)}; write those that you trust into trusted.txt, "
                 "one a line")
    return skops.io.load(path, trusted=found)


def reason(model, error):
    """Why a model cannot be loaded, and what to do."""
    name, text = model["file"], " ".join(str(error).split())
    if type(error).__name__ == "InconsistentVersionWarning":
        saved, here = error.original_sklearn_version, error.current_sklearn_version
        return (f"{name}: was saved by scikit-learn {saved}, and {here} is installed, which may read it otherwise: "
                f"write scikit-learn=={saved} into requirements.txt, or save it anew")
    if isinstance(error, ModuleNotFoundError):
        return f"{name}: needs the module {error.name!r}: name its package in requirements.txt, or put {error.name}.py beside the model"
    if isinstance(error, AttributeError) and "__main__" in text:
        return f"{name}: needs a class of the script that saved it ({text}): put the class into a module of its own, import it, save anew"
    return f"{name}: cannot be loaded: {type(error).__name__}: {text}{clash(model['version'])}"


def clash(saved):
    """What to say of a model that another version of scikit-learn has saved."""
    if not saved:
        return ""
    import sklearn

    here = sklearn.__version__
    return "" if saved == here else (f"; it was saved by scikit-learn {saved}, and {here} is installed: write scikit-learn=={saved} into "
                                     "requirements.txt, or save it anew")


# ---- answers

class Shapes:
    """How a class or a value is answered."""

    def __init__(self, labels):
        self.labels = labels and {row[0]: dict(zip(labels["columns"], row)) for row in labels["rows"]}
        self.columns = labels and labels["columns"]

    def named(self, label):
        if not self.labels:
            return {"class": label}
        found = self.labels.get(label)
        return found or {name: str(label) if place else label for place, name in enumerate(self.columns)}

    def truth(self, value, task):
        return {"value": value} if task == "regression" else self.named(value)

    def answer(self, value, model, probabilities):
        if model.classes is None:
            if not math.isfinite(value):
                sys.exit(f"a model answers {value}: a finite number is needed")
            return {"value": float(value)}
        if self.labels or probabilities is None:
            return self.named(value)
        return {"class": value, "probability": float(probabilities[model.classes.index(value)])}


class Score:
    """How well a model meets the truth."""

    def __init__(self, task):
        self.task, self.rows, self.right, self.of = task, 0, {}, {}
        self.sums = [0.0] * 4  # of the truth, its squares, squared and absolute errors

    def add(self, truth, answer):
        self.rows += 1
        if self.task == "classification":
            self.of[truth] = self.of.get(truth, 0) + 1
            self.right[truth] = self.right.get(truth, 0) + (answer == truth)
            return
        error = truth - answer
        for place, number in enumerate((truth, truth * truth, error * error, abs(error))):
            self.sums[place] += number

    def scores(self):
        if self.task == "classification":
            return {"accuracy": sum(self.right.values()) / self.rows,
                    "balanced_accuracy": sum(self.right[one] / self.of[one] for one in self.of) / len(self.of)}
        spread = self.sums[1] - self.sums[0] ** 2 / self.rows
        return ({"r2": 1 - self.sums[2] / spread} if spread > 0 else {}) | {"mae": self.sums[3] / self.rows}


class Expected:
    """What a notebook answered: expected.csv, in the form of predictions.csv."""

    def __init__(self, path, todo, models):
        self.todo, self.models, self.seen, self.told = todo, models, 0, {}
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            table = csv.reader(file, delimiter=next((sign for sign in ",;\t" if sign in first), ","))
            header = [name.strip() for name in next(table)]
            rows = [[cell.strip() for cell in cells] for cells in table if any(cell.strip() for cell in cells)]
        index = todo["schema"]["index"]
        place = header.index(index) if index in header else header.index("row") if "row" in header else None
        self.by_index = index in header
        self.rows = {(cells[place] if place is not None else str(number)): cells for number, cells in enumerate(rows)}
        if len(self.rows) < len(rows):
            sys.exit(f"expected.csv: names a row twice in column {header[place]!r}")
        self.columns = {name: self._columns(name, header) for name in models}
        if not any(self.columns.values()):
            sys.exit(f"expected.csv: has no column {' or '.join(map(repr, models))}, which would hold a model's answers; it has "
                     + ", ".join(map(repr, header)))

    def _columns(self, name, header):
        """(of the answer, of its probability) in expected.csv."""
        alone = len(self.models) == 1
        first = self.todo["labels"]["columns"][0] if self.todo["labels"] else None
        of = [f"{name}_{first}", name] + (["prediction", "class", "value", self.todo["schema"]["target"] and self.todo["schema"]["target"]["name"]]
                                          if alone else [])
        found = next((header.index(one) for one in of if one in header), None)
        likely = [f"{name}_probability"] + (["probability"] if alone else [])
        return None if found is None else (found, next((header.index(one) for one in likely if one in header), None))

    def compare(self, row, index, answers):
        cells = self.rows.get(index if self.by_index else str(row))
        if cells is None:
            return
        self.seen += 1
        for name, (value, probabilities) in answers.items():
            if self.columns[name]:
                self._compare(name, row, cells, value, probabilities)

    def _compare(self, name, row, cells, value, probabilities):
        model, (at, likely) = self.models[name], self.columns[name]
        want = cells[at]
        if model.classes is None:
            there = self._number(want, row, name)
            if abs(value - there) > self._room(want, value, model):
                self.told.setdefault(name, []).append(f"row {row}: {value:.6g} here, {there:.6g} there")
            return
        chance = None if probabilities is None else float(probabilities[model.classes.index(value)])
        said = None if likely is None or not cells[likely] else self._number(cells[likely], row, name)
        if not same_class(value, want):
            known = [float(probabilities[place]) for place, one in enumerate(model.classes) if same_class(one, want)] if chance else []
            if known and abs(chance - known[0]) <= model.tolerance * max(chance, known[0]):
                return  # the two best are as likely
            there = f"{want} {said:.2f}" if said is not None else want
            here = f"{shown(value)} {chance:.2f}" if chance is not None else shown(value)
            self.told.setdefault(name, []).append(f"row {row}: {here} here, {there} there")
        elif said is not None and chance is not None and abs(said - chance) > self._room(cells[likely], chance, model):
            self.told.setdefault(name, []).append(f"row {row}: {shown(value)} {chance:.6g} here, {said:.6g} there")

    @staticmethod
    def _number(cell, row, name):
        try:
            return float(cell)
        except ValueError:
            sys.exit(f"expected.csv: row {row} of {name} must be a number, is {cell!r}")

    @staticmethod
    def _room(cell, value, model):
        """The tolerance of the model, or half of the last digit that was written."""
        digits = cell.lower().partition("e")
        shift = int(digits[2] or 0) if digits[2].lstrip("+-").isdigit() else 0
        written = 0.5 * 10.0 ** (shift - len(digits[0].partition(".")[2])) if "." in digits[0] or "e" in cell.lower() else 0
        return max(model.tolerance * max(abs(value), 1e-12), written * 1.000001)

    def end(self):
        if not self.seen:
            sys.exit("expected.csv: none of its rows is a row of the examples: both are compared by their index, or by their place")
        for name, told in self.told.items():
            sys.exit(f"{name} answers otherwise here than in expected.csv on {len(told)} of {self.seen} rows ({told[0]}){self._why(name)}")
        for note in self.notes():
            print(note)
        print(f"expected.csv: {self.seen} rows are answered as there", flush=True)

    def _why(self, name):
        saved = next((model["version"] for model in self.todo["models"] if model["name"] == name), None)
        if not saved:
            return ""
        import sklearn

        return f"; the model was saved by scikit-learn {saved}, requirements give {sklearn.__version__}"

    def notes(self):
        """Versions that differ, and do no harm."""
        for model in self.todo["models"]:
            if clash(model["version"]):
                yield f"note: {model['file']}{clash(model['version']).replace(';', ':', 1)}; expected.csv is answered all the same"


def same_class(value, text):
    """Whether a class is what a file says it is: 1 and 1.0 and True are one."""
    if isinstance(value, str):
        return value == text
    try:
        return float(value) == {"true": 1.0, "false": 0.0}.get(text.lower(), None) if text.lower() in ("true", "false") else float(value) == float(text)
    except ValueError:
        return False


def shown(value):
    return str(value)


def plain(value):
    """Whole floats stay floats; numpy's own types become Python's."""
    return value.item() if hasattr(value, "item") else value


def task_of(model, name, schema, first):
    """A model without classes_ may answer classes all the same: text, booleans, or whole numbers where the truth is a class."""
    if model.classes is not None:
        return "classification"
    kinds = {type(plain(value)) for value in first}
    if kinds <= {str, bool} or (kinds <= {int} and schema["task"] == "classification"):
        model.classes = sorted(set(first) | set(schema["classes"] or []), key=str)
        return "classification"
    if not kinds <= {int, float}:
        sys.exit(f"{name}: answers {first[0]!r}: a class or a number is needed")
    return "regression"


def answer_all(todo, models):
    """(golden.json without what train.py knows, its rows)."""
    schema, shapes, kept = todo["schema"], Shapes(todo["labels"]), []
    tasks, scores, line = {}, {}, 0
    expected = Expected(todo["expected"], todo, models) if todo["expected"] else None
    for part in chunks(examples(todo["test"], schema, todo["separator"])):
        features, said = [row for _, _, row in part], {}
        for name, model in models.items():
            try:
                said[name] = model.ask(model.table(features, schema))
            except Exception as error:
                sys.exit(f"{name}: cannot answer the examples: {type(error).__name__}: {' '.join(str(error).split())[:400]}")
            if name not in tasks:
                tasks[name] = task_of(model, name, schema, said[name][0])
                scores[name] = Score(tasks[name])
        task = next(iter(set(tasks.values()))) if len(set(tasks.values())) == 1 else schema["task"]
        for place, (truth, index, _) in enumerate(part):
            answers = {name: (plain(values[place]), None if chances is None else chances[place]) for name, (values, chances) in said.items()}
            if expected:
                expected.compare(line, index, answers)
            for name, (value, _) in answers.items():
                if truth is not None and (tasks[name] == "classification" or not isinstance(truth, (str, bool))):
                    scores[name].add(truth, value)
            if line < MOST_ROWS:
                row = {"line": line} | ({} if truth is None else {"truth": shapes.truth(truth, task)})
                kept.append(row | {name: shapes.answer(value, models[name], chances) for name, (value, chances) in answers.items()})
            line += 1
    if expected:
        expected.end()
    return tasks, {name: score.scores() for name, score in scores.items() if score.rows}, kept


def as_text(answers, rows):
    """JSON with one row per line, so that two files can be compared by eye."""
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    return f'{json.dumps(answers, indent=1)[:-2]},\n "rows": [\n{lines}\n ]\n}}\n'


def main():
    todo = json.load(sys.stdin)
    folder = Path(todo["folder"])
    models = load(todo["models"], folder, Path(todo["directory"]), todo)
    tasks, scores, rows = answer_all(todo, models)
    answers = {
        "data": todo["data"], "models": list(models), "tasks": tasks,
        "tolerance": {name: model.tolerance for name, model in models.items()},
        "classes": {name: model.classes for name, model in models.items() if model.classes},
        "features": [column["name"] for column in todo["schema"]["columns"]],
        "score": {name: score.get("accuracy", score.get("r2")) for name, score in scores.items() if "accuracy" in score or "r2" in score},
        "scores": scores,
    }
    (folder / "golden.json").write_text(as_text(answers, rows), encoding="utf-8")


if __name__ == "__main__":
    main()
