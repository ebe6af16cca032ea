"""Which models do the files hold, and why can one not be loaded?"""

import json
import re
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

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
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", name) or name in ("line", "row", "truth"):
            sys.exit(f"model.py: load(directory) returns a model named {name!r}, which would be its name in answers: use only letters, "
                     "digits, _ and -, at most 63, and neither line, row nor truth")
        if not hasattr(one, "predict"):
            sys.exit(f"model.py: load(directory) returns {type(one).__name__} for {name!r}, which has no predict(rows)")
    return loaded


def load_one(model, trained, directory, schema, named):
    path, kind = Path(trained) / model["file"], model["format"]
    try:
        if kind == "joblib":
            import joblib

            return load_estimator(joblib.load(path), model["file"], schema)
        if kind == "skops":
            return load_estimator(load_skops(path, directory), model["file"], schema)
        if kind == "onnx":
            return Onnx(path.read_bytes(), model["file"], schema, named)
        return load_xgboost(path, model, schema, named) if kind == "xgboost" else load_lightgbm(path, model, schema, named)
    except SystemExit:
        raise
    except Exception as error:
        sys.exit(reason(model, error))


def load_xgboost(path, model, schema, named):
    import xgboost

    booster = xgboost.Booster({"nthread": 1}, model_file=str(path))
    config = json.loads(booster.save_config())["learner"]
    objective, is_linear = config["objective"]["name"], config["gradient_booster"]["name"] == "gblinear"
    if objective == "binary:logitraw":
        sys.exit(f"{model['file']}: its objective binary:logitraw answers scores, and no probabilities: train it with binary:logistic")
    limit = {} if is_linear else rounds_of(booster, model["file"])
    classes = None
    if objective.startswith(("binary", "multi")):
        classes = named.by_place(max(2, int(config["learner_model_param"]["num_class"])), model["file"])
    words = fitting(words_of_xgboost(booster), schema, model["file"])
    return Booster(booster.feature_names, lambda table: booster.predict(xgboost.DMatrix(table, enable_categorical=True), **limit),
                   classes, objective in ("multi:softmax", "binary:hinge"), words)


def load_lightgbm(path, model, schema, named):
    import lightgbm

    booster, file = lightgbm.Booster(model_file=str(path)), model["file"]
    about = booster.dump_model(num_iteration=1)
    names, classes, objective = names_of_lightgbm(booster, schema, file), None, about.get("objective")
    if objective is None and (about["num_tree_per_iteration"] > 1 or schema["task"] == "classification"):
        sys.exit(f"{file}: was trained with an objective of your own, so that it answers scores, and no classes: ask it in a model.py")
    if objective and objective.partition(" ")[0] in ("binary", "multiclass", "multiclassova", "cross_entropy"):
        classes = named.by_place(max(2, about["num_class"]), file)
    return Booster(names, lambda table: booster.predict(table, num_threads=1), classes, words=words_of_lightgbm(booster, names, schema, file))


def load_estimator(estimator, file, schema):
    """What was pickled or kept by skops. Boosters want columns of categories as they had them in training."""
    several = getattr(estimator, "classes_", None)
    if isinstance(several, list) and any(getattr(one, "ndim", 0) for one in several):
        sys.exit(f"{file}: answers {len(several)} targets for each row, and a service one: save a model for each target")
    if not hasattr(estimator, "predict"):
        sys.exit(f"{file}: is no model: {type(estimator).__name__} has no predict; put it and the model into one Pipeline, or write "
                 "a model.py")
    found, inner = Estimator(estimator, schema), chosen(estimator)
    library = type(inner).__module__.partition(".")[0]
    if library != "lightgbm":  # which knows names of its own
        check_names(estimator, file, schema)
    check_encoders(estimator, file, schema)
    if library == "lightgbm" and hasattr(inner, "booster_"):
        found.names = names_of_lightgbm(inner.booster_, schema, file)
        found.words = words_of_lightgbm(inner.booster_, found.names, schema, file)
    elif library == "xgboost" and hasattr(inner, "get_booster"):
        found.words = fitting(words_of_xgboost(inner.get_booster()), schema, file)
    return found


def chosen(estimator):
    """What a search such as GridSearchCV has found to be the best, or the estimator itself."""
    return chosen(estimator.best_estimator_) if hasattr(estimator, "best_estimator_") else estimator


def check_names(estimator, file, schema):
    """Refuses an estimator that knows columns which are no features of the examples."""
    columns, index = [column["name"] for column in schema["columns"]], schema["index"]
    for name in map(str, getattr(estimator, "feature_names_in_", ())):
        if name in columns or name.strip(" \t") in columns:
            continue
        if index is not None and name.strip(" \t") == (index or "Unnamed: 0"):
            remedy = ", or name another column with service: index:" if index else " (pandas.read_csv(…, index_col=0))"
            sys.exit(f"{file}: knows a column {name!r}, which names the rows here and is no feature: train without it{remedy}")
        sys.exit(f"{file}: knows a column {name!r}, which the examples lack; they have {', '.join(map(repr, columns[:20]))}")


def check_encoders(estimator, file, schema):
    """Refuses examples with text where an encoder has learnt numbers, or numbers where it has learnt text: every value would be unknown to
    it, and with handle_unknown="ignore" it would not say so."""
    remedy = "save the examples as Parquet, with the types of the training"
    columns = {column["name"]: column for column in schema["columns"]}
    for name, categories in encoded(estimator, list(columns)):
        column = columns.get(name) or columns.get(name.strip(" \t"))
        known = [one.item() if hasattr(one, "item") else one for one in categories if one is not None and one == one]
        types = {isinstance(one, str) for one in known}
        if column is None or len(types) != 1 or any(isinstance(one, bool) for one in known):
            continue
        few, has = ", ".join(map(repr, known[:3])), repr(column["example"])
        if column["type"] == "text" and types == {False}:
            sys.exit(f"{file}: learnt numbers in column {name!r} ({few}), and the examples have text ({has}): leading zeros and words are "
                     f"text here; train with pandas.read_csv(…, dtype={{{name!r}: str}}), or {remedy}")
        if column["type"] in ("integer", "number") and types == {True}:
            sys.exit(f"{file}: learnt text in column {name!r} ({few}), and the examples have numbers ({has}): {remedy}")


def encoded(estimator, names):
    """(column, its categories) of each encoder that gets columns as they are in the file; what other steps make of them is their own."""
    estimator = chosen(estimator)
    kind = type(estimator).__name__ if type(estimator).__module__.startswith("sklearn.") else None
    names = [str(name) for name in getattr(estimator, "feature_names_in_", names)]
    if kind == "Pipeline":
        for _, step in estimator.steps:
            yield from encoded(step, names)
            if type(step).__name__ != "SimpleImputer" or len(getattr(step, "statistics_", ())) != len(names) or step.add_indicator:
                return
    elif kind == "ColumnTransformer":
        for _, step, places in estimator.transformers_:
            places = [places] if isinstance(places, (str, int)) else places
            own = list(places) if all(isinstance(place, str) for place in np.atleast_1d(places)) else np.asarray(names)[places].tolist()
            yield from encoded(step, own)
    elif kind and hasattr(estimator, "categories_") and len(estimator.categories_) == len(names):
        yield from zip(names, estimator.categories_)


def names_of_lightgbm(booster, schema, file):
    """The columns that it knows by name: it writes _ for spaces. None where it was trained without names."""
    own, columns = booster.feature_name(), [column["name"] for column in schema["columns"]]
    known = {name.replace(" ", "_"): name for name in columns} | {name: name for name in columns}
    strange = [name for name in own if name not in known]
    if not strange:
        return [known[name] for name in own]
    if own == [f"Column_{place}" for place in range(len(own))]:
        return None
    sys.exit(f"{file}: knows a column {strange[0]!r}, which the examples lack; they have {', '.join(map(repr, columns[:20]))}")


def words_of_lightgbm(booster, names, schema, file):
    """{column: its categories}. The file lists them by the order of these columns, which it tells by how it bins them."""
    lists = booster.pandas_categorical or []
    if not lists:
        return {}
    about, kinds = booster.dump_model(num_iteration=1)["feature_infos"], {column["name"]: column["type"] for column in schema["columns"]}
    binned = {name: about.get(own) for name, own in zip(names or booster.feature_name(), booster.feature_name())}
    sure = [name for name, info in binned.items() if info and info["values"]]
    # One that had a single value is not described.
    maybe = [name for name, info in binned.items() if not info or info["values"]]
    words = [name for name in maybe if name in sure or kinds.get(name) == "text"]
    for found in (sure, maybe, words):
        if len(found) == len(lists):
            return fitting(dict(zip(found, lists)), schema, file)
    sys.exit(f"{file}: has {len(lists)} columns of categories, and does not say which: leave out columns with the same value in every row")


def fitting(words, schema, file):
    """The categories of each column, if the examples can hold them."""
    kinds = {column["name"]: column["type"] for column in schema["columns"]}
    for name, categories in words.items():
        found = {type(one) for one in categories}
        kind = "text" if found == {str} else "boolean" if found == {bool} else "number"
        fits = {"text": ("text", "integer"), "boolean": ("boolean",), "number": ("integer", "number")}[kind]
        if name in kinds and kinds[name] not in fits:
            sys.exit(f"{file}: column {name!r} has categories of type {kind} ({', '.join(map(repr, categories[:3]))}), but type {kinds[name]} in "
                     "the examples: save them as Parquet, with the types of the training")
    return words


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
    """The categories that training saw in each column of them: others count as missing."""
    content = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    packed = content.get("model", content.get("gbtree", {}).get("model", {})).get("cats", {}).get("enc", [])
    found = {}
    for name, one in zip(booster.feature_names or [], packed):
        if "offsets" not in one:
            # Whole numbers, which must have the type of the training.
            found[name] = np.array(one["values"], dtype={9: "i1", 10: "u1", 11: "i2", 13: "i4"}.get(one["type"], "i8"))
        elif len(one["offsets"]) > 1:
            ends, letters = one["offsets"], bytes(number & 255 for number in one["values"])
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
