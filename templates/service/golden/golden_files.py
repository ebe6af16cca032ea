"""Which models do the files hold, and why can one not be loaded?"""

import json
import sys
import traceback
import warnings
from pathlib import Path

from golden_models import Booster, Estimator, Named, Onnx, Own


def load(models, trained, directory, todo):
    """{name: Model} of all files."""
    sys.path.append(str(directory))
    if any(model["format"] == "python" for model in models):
        return {name: Own(one, todo["schema"]) for name, one in load_own(Path(trained)).items()}

    named = Named(todo)
    with warnings.catch_warnings():
        # Where expected.csv is there, what models answer is better evidence than the version.
        warnings.filterwarnings("ignore" if todo["expected"] else "error", message="Trying to unpickle estimator")
        return {model["name"]: load_one(model, trained, directory, todo["schema"], named) for model in models}


def load_own(trained):
    """{name: what answers} of a model.py."""
    try:
        import model as own

        if not hasattr(own, "load"):
            sys.exit("model.py: has no load(directory): it must return something with predict, or several by name")
        loaded = own.load(trained)
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        sys.exit(f"model.py: load(directory) failed: {type(error).__name__}: {' '.join(str(error).split())[:400]}")
    loaded = loaded if isinstance(loaded, dict) else {"model": loaded}
    for name, one in loaded.items():
        if not hasattr(one, "predict"):
            sys.exit(f"model.py: load(directory) returns {type(one).__name__} for {name!r}, which has no predict(rows)")
    return loaded


def load_one(model, trained, directory, schema, named):
    path, kind = Path(trained) / model["file"], model["format"]
    try:
        if kind == "joblib":
            import joblib

            return Estimator(joblib.load(path), schema)
        if kind == "skops":
            return Estimator(load_skops(path, directory), schema)
        if kind == "onnx":
            return Onnx(path.read_bytes(), model["file"], schema, named)
        return load_xgboost(path, model, named) if kind == "xgboost" else load_lightgbm(path, model, schema, named)
    except SystemExit:
        raise
    except Exception as error:
        sys.exit(reason(model, error))


def load_xgboost(path, model, named):
    import xgboost

    booster = xgboost.Booster({"nthread": 1}, model_file=str(path))
    config = json.loads(booster.save_config())["learner"]
    objective, limit = config["objective"]["name"], rounds_of(booster, model["file"])
    classes = None
    if objective.startswith(("binary", "multi")):
        classes = named.by_place(max(2, int(config["learner_model_param"]["num_class"])), model["file"])
    return Booster(booster.feature_names, lambda table: booster.predict(xgboost.DMatrix(table, enable_categorical=True), **limit),
                   classes, objective in ("multi:softmax", "binary:hinge"), words_of_xgboost(booster))


def load_lightgbm(path, model, schema, named):
    import lightgbm

    booster = lightgbm.Booster(model_file=str(path))
    kinds, names = {column["name"]: column["type"] for column in schema["columns"]}, booster.feature_name()
    known = all(name in kinds for name in names)
    words = dict(zip((name for name in names if kinds.get(name) == "text"), booster.pandas_categorical or []))
    about = booster.dump_model(num_iteration=1)
    classes = None
    if about["objective"].partition(" ")[0] in ("binary", "multiclass", "multiclassova", "cross_entropy"):
        classes = named.by_place(max(2, about["num_class"]), model["file"])
    return Booster(names if known else None, lambda table: booster.predict(table, num_threads=1), classes, words=words)


def rounds_of(booster, file):
    """Early stopping keeps the rounds after the best one in the file; XGBClassifier and XGBRegressor answer without them."""
    attributes = booster.attributes()
    if "best_iteration" not in attributes:
        return {}
    used = int(attributes["best_iteration"]) + 1
    if used < booster.num_boosted_rounds():
        print(f"note: {file}: training stopped early: it answers with the first {used} of {booster.num_boosted_rounds()} rounds, as "
              "XGBClassifier and XGBRegressor do")
    return {"iteration_range": (0, used)}


def words_of_xgboost(booster):
    """The words that training saw in each column of text: others count as missing."""
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
    try:
        chosen = set(trusted.read_text(encoding="utf-8-sig").split()) if trusted.exists() else set()
    except UnicodeDecodeError:
        sys.exit("trusted.txt: is not UTF-8: save it as UTF-8")
    found = skops.io.get_untrusted_types(file=path)
    strange = [name for name in found if name not in chosen and name.split(".")[0] not in ("sklearn", "numpy", "scipy")]
    if strange:
        sys.exit(f"{path.name}: needs types that are not trusted yet: {', '.join(strange)}; list those that you trust in trusted.txt, "
                 "one per line")
    return skops.io.load(path, trusted=found)


def reason(model, error):
    """Why a model cannot be loaded, and what to do."""
    name, text = model["file"], " ".join(str(error).split())
    if type(error).__name__ == "InconsistentVersionWarning":
        saved, here = error.original_sklearn_version, error.current_sklearn_version
        return (f"{name}: was saved by scikit-learn {saved}, but {here} is installed, which may read it differently: "
                f"pin scikit-learn=={saved} in requirements.txt, or save the model again with the installed version")
    if isinstance(error, ModuleNotFoundError):
        return f"{name}: needs the module {error.name!r}: add its package to requirements.txt, or put {error.name}.py beside the model"
    if isinstance(error, AttributeError) and "__main__" in text:
        return (f"{name}: needs a class of the script that saved it ({text}): move the class into a module of its own, import it, and "
                "save the model again")
    return f"{name}: cannot be loaded: {type(error).__name__}: {text}{clash(model['version'])}"


def clash(saved):
    """What to say of a model that another version of scikit-learn has saved."""
    if not saved:
        return ""
    import sklearn

    here = sklearn.__version__
    return "" if saved == here else (f"; it was saved by scikit-learn {saved}, but {here} is installed: pin scikit-learn=={saved} in "
                                     "requirements.txt, or save the model again with the installed version")
