"""Which models has a training, and how are their files loaded?"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import sys
from pathlib import Path

from booster import Booster, leaves_of, words_of
from errors import DataError
from estimator import Estimator, Unlikely, takes_text
from models import Models
from network import Network
from schema import Schema

HERE = Path(__file__).resolve().parent
OWN = HERE / "model"  # the model directory, with modules of its own


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
