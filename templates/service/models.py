"""What do the models predict for rows of features?"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import sys
from pathlib import Path

import numpy as np

from errors import DataError
from refusal import Refusal
from schema import Schema

WHOLE = {9: np.int8, 10: np.uint8, 11: np.int16, 13: np.int32}  # how XGBoost numbers the types of categories
CHUNK = 2000  # rows; the perceptron's hidden layer takes 4 kB for each
# What models raise about rows: functions of one's own anything of these, and some libraries errors that are none of Python's.
OF_ROWS, LIBRARIES = (ValueError, LookupError, TypeError, ArithmeticError), ("onnxruntime", "lightgbm")
HERE = Path(__file__).resolve().parent
OWN = HERE / "model"  # the model directory, with modules of its own


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


def load(trained):
    """The models of a training (metadata.Trained)."""
    content = trained.content
    if "schema" not in content:
        raise DataError(f"{trained.directory}: was trained before kubeforge recorded the types of columns: train again")
    schema, golden = Schema.of(content["schema"]), trained.golden()
    find_own_modules()
    classes = golden.get("classes") or {}
    loader = Loader(trained, schema, classes, golden.get("numbers") or {})
    loaded = {}
    for entry in content["models"]:
        path = trained.directory / entry["file"]
        try:
            loaded |= loader.load(entry)
        except DataError:
            raise
        except Exception as error:  # what another version has pickled can raise anything
            raise DataError(f"{path}: cannot be loaded: {type(error).__name__}: {error}") from None
    for name in golden.get("no_probabilities") or ():
        loaded[name] = Unlikely(loaded[name])
    if list(loaded) != golden["models"]:
        raise DataError(f"{trained.directory}: holds the models {list(loaded)}, but golden.json is about {golden['models']}: train again")
    schema.unused = unused(schema, loaded.values())
    return Models(loaded, schema, content.get("labels"), golden["tasks"], trained.version)


def find_own_modules():
    """From here on imports look in the model directory before the service's: a model may need a metrics.py or models.py of its own, as the
    script that saved it did. The service has imported all of its modules by then, and imports none later."""
    for name in (file.stem for file in HERE.glob("*.py")):
        module = sys.modules.get(name)
        if module is not None and Path(getattr(module, "__file__", None) or "/").resolve().parent != HERE:
            continue
        if (OWN / f"{name}.py").is_file() or (OWN / name / "__init__.py").is_file():
            sys.modules.pop(name, None)
        elif any((OWN / name).glob("*.py")):
            # Without __init__.py it would not be found: a file of the service, which stands behind it in the path, comes first.
            found = importlib.machinery.ModuleSpec(name, None, is_package=True)
            found.submodule_search_locations.append(str(OWN / name))
            sys.modules[name] = importlib.util.module_from_spec(found)
    # What is installed comes first, as in the process that says what is expected.
    sys.path[:] = [place for place in sys.path if Path(place).resolve() not in (HERE, OWN)] + [str(OWN), str(HERE)]


def unused(schema, models):
    """{feature that none of the models knows: a value that it may have}: requests may leave it out."""
    known = [model.names for model in models]
    if not all(known):
        return {}
    names = {one for own in known for name in own for one in (name, name.strip())}
    return {column.name: column.example for column in schema.columns if column.name not in names}


class Loader:
    """Loads model files, each by its format."""

    def __init__(self, trained, schema, classes, numbers):
        self.trained, self.schema, self.classes, self.numbers = trained, schema, classes, numbers

    def load(self, entry):
        """{name: model}; a model.py may hold several."""
        name, kind = entry["name"], entry["format"]
        if kind == "python":
            return self._own()
        content = self.trained.file(entry["file"])
        with contextlib.chdir(self.trained.directory):  # modules of one's own may open files by a relative path, here and in the build
            return self._loaded(name, kind, content)

    def _loaded(self, name, kind, content):
        if kind == "onnx":
            return {name: Network(content, self.classes.get(name), self.numbers.get(name), self.schema)}
        return {name: getattr(self, f"_{kind}")(content, self.classes.get(name))}

    def _joblib(self, content, classes):
        import joblib

        return self._estimator(joblib.load(io.BytesIO(content)), classes)

    def _skops(self, content, classes):
        import skops.io

        # What may be trusted was decided when the image was built, for these very bytes.
        return self._estimator(skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content)), classes)

    def _estimator(self, estimator, classes):
        found, best = Estimator(estimator, classes), estimator
        while hasattr(best, "best_estimator_"):  # of a search for settings
            best = best.best_estimator_
        kind = type(best).__module__
        if kind.startswith("lightgbm.") and hasattr(best, "booster_"):
            found.names, found.words = leaves_of(best.booster_, self.schema)
        elif kind.startswith("xgboost.") and hasattr(best, "get_booster"):
            found.words = words_of(best.get_booster())
        elif found.names is None and len(self.schema.columns) == 1 and self.schema.columns[0].type == "text":
            found.takes_text = takes_text(best)
        return found

    def _own(self):
        for name in self.trained.files:
            self.trained.check(name)
        described = importlib.util.spec_from_file_location("model", OWN / "model.py")
        module = importlib.util.module_from_spec(described)
        sys.modules["model"] = module  # as import does it: dataclasses and pickle look there
        directory = self.trained.directory.resolve()
        with contextlib.chdir(directory):
            described.loader.exec_module(module)
            own = module.load(directory)
        own = own if isinstance(own, dict) else {"model": own}
        features = self.schema.features if importlib.util.find_spec("pandas") else None
        return {name: Estimator(one, self.classes.get(name), features) for name, one in own.items()}

    def _xgboost(self, content, classes):
        import xgboost

        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(content))
        words, config = words_of(booster), json.loads(booster.save_config())["learner"]
        is_linear = config["gradient_booster"]["name"] == "gblinear"
        is_number = config["objective"]["name"] in ("multi:softmax", "binary:hinge")
        best = booster.attr("best_iteration")  # early stopping leaves it in the file, and later trees, too
        rounds = (0, 0 if best is None or is_linear else int(best) + 1)  # (0, 0) are all

        def predict(table):
            if words or is_linear:  # which cannot be asked in place
                return booster.predict(xgboost.DMatrix(table, enable_categorical=True, nthread=1), iteration_range=rounds)
            return booster.inplace_predict(table, iteration_range=rounds, validate_features=False)

        return Booster(predict, booster.feature_names, classes, is_number, words)

    def _lightgbm(self, content, classes):
        import lightgbm

        booster = lightgbm.Booster(model_str=content.decode("utf-8"))
        names, words = leaves_of(booster, self.schema)
        return Booster(lambda table: booster.predict(table, num_threads=1), names, classes, words=words)


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
        table = rows.column(rows.schema.features[0]) if self.takes_text else table_of(rows, self.names)
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
    """A classifier whose scores are no probabilities, as training saw: its classes alone are answered."""

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
    """Whether no step can get what is not finite if the rows are: behind others, such as a logarithm, the next one must check."""
    *first, last = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    kind, own = type(last).__module__.split("."), getattr(last, "get_params", lambda deep: {})(deep=False)
    is_linear = kind[0] == "sklearn" and kind[1] in LINEAR and not any(hasattr(one, "fit") for one in own.values())
    return is_linear and all(type(step).__name__ == "Normalizer" and type(step).__module__.startswith("sklearn.") for step in first)


class Booster:
    """Trees of XGBoost or LightGBM."""

    def __init__(self, predict, names, classes, is_number=False, words=None):
        self.names, self.classes, self._predict, self._is_number = names and list(names), classes, predict, is_number
        self.has_chances = not is_number
        self._words = words or {}  # of columns of categories, in the order that training gave them; others are as if missing

    def ask(self, rows, with_chances=True):
        table = table_of(rows, self.names)
        categorize(table, self._words, rows.schema)
        said = np.asarray(self._predict(table), dtype=np.float64)
        if self.classes is None:
            return said.tolist(), None
        if self._is_number:
            return [self.classes[int(number)] for number in said.tolist()], None
        chances = said if said.ndim == 2 else np.column_stack([1 - said, said])
        return [self.classes[number] for number in chances.argmax(axis=1).tolist()], chances


def words_of(booster):
    """{column: its words} of an XGBoost file."""
    found = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    kept = (found.get("model") or found.get("gbtree", {}).get("model", {})).get("cats") or {}
    words = {}
    for name, packed in zip(booster.feature_names or (), kept.get("enc") or ()):
        ends, values = packed.get("offsets"), packed["values"]
        if ends:
            text = bytes(value % 256 for value in values)
            words[name] = [text[begin:end].decode("utf-8") for begin, end in zip(ends, ends[1:])]
        elif values:
            words[name] = np.array(values, dtype=WHOLE.get(packed.get("type"), np.int64))
    return words


def leaves_of(booster, schema):
    """(the columns that a booster of LightGBM knows or None, {column: its categories}). It writes _ for spaces in names."""
    own, short = booster.feature_name(), {name.replace(" ", "_"): name for name in schema.features}
    names = [name if name in schema.features else short.get(name) for name in own]
    if None in names:
        return None, {}
    kept, texts = booster.pandas_categorical or [], {column.name for column in schema.columns if column.type == "text"}
    if not kept:
        return names, {}
    line = next(line for line in booster.model_to_string(num_iteration=1).splitlines() if line.startswith("feature_infos="))
    bins = dict(zip(names, line.partition("=")[2].split(" ")))  # [from:to] of numbers, a:b:c of categories, none of a single value
    marked = {name for name in names if bins[name][0] != "[" and bins[name] != "none"}
    single = {name for name in names if bins[name] == "none"}
    for chosen in (marked, marked | single, marked | single & texts):
        if len(chosen) == len(kept):
            return names, dict(zip([name for name in names if name in chosen], kept))
    raise DataError(f"has {len(kept)} columns of categories, and does not say which: train again")


def categorize(frame, words, schema):
    """Gives columns the categories that they had in training. Whole numbers may be words there."""
    if not words:
        return
    import pandas

    integers = {column.name for column in schema.columns if column.type == "integer"}
    for name, known in words.items():
        cells = frame[name].astype("object")
        if name in integers and isinstance(known[0], str):
            cells = cells.map(lambda cell: str(int(cell)) if float(cell).is_integer() else cell)
        frame[name] = cells.astype(pandas.CategoricalDtype(known))


class Network:
    """An ONNX file: one tensor of all features, or one for each column."""

    TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
             "tensor(bool)": bool}

    def __init__(self, content, classes, numbers, schema):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._inputs, self.classes = self._session.get_inputs(), classes
        self._is_one = len(self._inputs) == 1 and (len(schema.columns) > 1 or self._inputs[0].name not in schema.features)
        self._classes = dict(zip(numbers, classes)) if numbers else {}  # of labels that are not the classes themselves
        self._integers = {column.name for column in schema.columns if column.type == "integer"}
        self.names = None  # as many columns as it takes
        self.has_chances = len(self._session.get_outputs()) > 1

    def ask(self, rows, with_chances=True):
        if self._is_one:
            feed = {self._inputs[0].name: self._all(rows, self._inputs[0].type)}
        else:
            feed = {one.name: self._column(rows, one.name, one.type).reshape(-1, 1) for one in self._inputs}
        first, *others = self._session.run(None, feed)
        answers = np.asarray(first).reshape(len(rows)).tolist()
        if self.classes is None:
            return answers, None
        answers = [self._classes.get(label, label) for label in answers]
        if not others or not with_chances:
            return answers, None
        if isinstance(others[0], list):
            return answers, np.array([list(row.values()) for row in others[0]])
        return answers, np.asarray(others[0]).reshape(len(rows), -1)

    def _all(self, rows, kind):
        if kind == "tensor(string)":
            return np.column_stack([self._column(rows, name, kind) for name in rows.schema.features])
        return self._cast(rows.array(), kind)

    def _column(self, rows, name, kind):
        values = rows.column(name)
        if kind != "tensor(string)":
            return self._cast(values, kind)
        values = values.tolist()
        if name in self._integers:  # 3 and not 3.0, whichever columns stand beside it
            values = [int(value) if float(value).is_integer() else value for value in values]
        return np.array(["" if value != value else str(value) for value in values], dtype=object)

    def _cast(self, values, kind):
        # What is too large for 32 bits becomes infinite, as in any program that asks the file.
        with np.errstate(over="ignore"):
            return values.astype(self.TYPES[kind])


def table_of(rows, names):
    """What a model takes: a data frame where it knows columns by name, else an array."""
    if names is None:
        return rows.array()
    import pandas

    return rows.frame(pandas, names)
