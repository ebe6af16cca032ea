"""Which model directories do people bring? Makes one: make_models.py KIND DIRECTORY"""

import json
import random
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

ROWS = 60


def customers(seed):
    """Customers as read_csv gives them: integers, text, zip codes, booleans, missing values, and who left."""
    draw = random.Random(seed)
    rows = []
    for number in range(ROWS):
        plan, active = draw.choice(["pro", "basic", "free"]), draw.random() < 0.6
        age, spend = draw.randint(18, 80), round(draw.uniform(1, 60), 2)
        left = "yes" if (plan == "free") + (not active) + (spend < 20) + draw.random() > 2 else "no"
        rows.append([f"c{number:03}", age, plan if number % 9 else None, f"0{draw.randint(1000, 1009)}", active,
                     spend if number % 7 else None, left])
    return pd.DataFrame(rows, columns=["customer", "age", "plan", "zip", "active", "spend", "churned"])


def pipeline(model):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return make_pipeline(ColumnTransformer([("words", words, ["plan", "zip"]), ("numbers", numbers, ["age", "spend"]),
                                            ("as they are", "passthrough", ["active"])]), model)


def features(frame):
    return frame.drop(columns=["customer", "churned"])


def churn(directory, dump=joblib.dump, name="churn.joblib"):
    from sklearn.linear_model import LogisticRegression

    train, test = customers(1), customers(2)
    model = pipeline(LogisticRegression(max_iter=1000)).fit(features(train), train["churned"])
    dump(model, directory / name)
    test.to_csv(directory / "test.csv", index=False)
    return model, test


def strict(directory):
    """An encoder that refuses words that it has never seen; and the same as ONNX."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    train, test = customers(1), customers(2)
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(train[["zip"]], train["churned"])
    joblib.dump(model, directory / "strict.joblib")
    made = to_onnx(model, initial_types=[("zip", StringTensorType([None, 1]))])
    (directory / "exported.onnx").write_bytes(made.SerializeToString())
    test[["zip", "churned"]].to_csv(directory / "test.csv", index=False)


def expected(directory):
    """With what the notebook said."""
    model, test = churn(directory)
    likely = model.predict_proba(features(test)).max(axis=1)
    pd.DataFrame({"customer": test["customer"], "churn": model.predict(features(test)), "churn_probability": likely.round(6)}).to_csv(
        directory / "expected.csv", index=False)


def skops(directory):
    import skops.io

    churn(directory, lambda model, path: skops.io.dump(model, path), "churn.skops")


def packed(directory):
    """joblib with compression, under two names."""
    churn(directory, lambda model, path: [joblib.dump(model, path.with_name(name), compress=way)
                                       for name, way in (("zlib.joblib", 3), ("gzip.pkl", ("gzip", 3)), ("xz.pickle", ("xz", 3)))])


def parquet(directory):
    _, test = churn(directory)
    (directory / "test.csv").unlink()
    test.to_parquet(directory / "test.parquet", index=False)


def numbers(seed, names=("a", "b", "c", "d")):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(ROWS, len(names))).round(4), columns=list(names))
    return frame, (frame.to_numpy() @ np.array([3.0, -2.0, 1.0, 0.5])).round(3)


def price(directory):
    """A regressor that knows no names, with gaps, and labels as the last column."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    (train, truth), (test, right) = numbers(1), numbers(2)
    joblib.dump(HistGradientBoostingRegressor(min_samples_leaf=3, random_state=0).fit(train.to_numpy(), truth), directory / "price.joblib")
    test["price"] = right
    test.loc[3, "b"] = None
    test.to_csv(directory / "test.csv")


def boosters(directory):
    """XGBoost and LightGBM side by side, for values and for classes; with names, and without."""
    import lightgbm
    import xgboost

    (train, truth), (test, right) = numbers(1), numbers(2)
    kind, name = np.digitize(truth, [-2, 2]), ["low", "middle", "high"]
    small = {"n_estimators": 10, "max_depth": 3}
    xgboost.XGBClassifier(**small).fit(train, kind).save_model(directory / "trees.ubj")
    xgboost.XGBClassifier(**small).fit(train.to_numpy(), kind).get_booster().save_model(directory / "unnamed.json")
    lightgbm.LGBMClassifier(**small, min_child_samples=3, verbose=-1).fit(train, kind).booster_.save_model(directory / "leaves.txt")
    joblib.dump(xgboost.XGBClassifier(**small).fit(train, kind), directory / "pickled.joblib")
    (directory / "notes.txt").write_text("not a model\n")
    (directory / "package.json").write_text("{}\n")
    (directory / "labels.csv").write_text("class,word\n0,low\n1,middle\n2,high\n")
    test["kind"] = np.digitize(right, [-2, 2])
    test.to_csv(directory / "test.csv", index=False)


def said(directory, **columns):
    """expected.csv: what the notebook's own predict and predict_proba say to each row of test.csv."""
    pd.DataFrame(columns).to_csv(directory / "expected.csv", index_label="row")


def early(directory):
    """XGBoost that stopped early: its files hold more rounds than its answers are made of."""
    import xgboost

    (train, truth), (test, right) = numbers(1), numbers(2)
    noisy = right + np.random.default_rng(3).normal(scale=2, size=ROWS)
    options = {"n_estimators": 300, "early_stopping_rounds": 5, "learning_rate": 0.5}
    kind = xgboost.XGBClassifier(**options).fit(train, truth > 0, eval_set=[(test, noisy > 0)], verbose=False)
    size = xgboost.XGBRegressor(**options).fit(train, truth, eval_set=[(test, noisy)], verbose=False)
    kind.save_model(directory / "kind.ubj")
    size.save_model(directory / "size.json")
    said(directory, kind=kind.predict(test), kind_probability=kind.predict_proba(test).max(axis=1), size=size.predict(test))
    test.assign(up=right > 0).to_csv(directory / "test.csv", index=False)


def grades(directory):
    """XGBoost and LightGBM for classes that do not begin at 0, and for their numbers alone."""
    import lightgbm
    import xgboost

    (train, truth), (test, right) = numbers(1), numbers(2)
    place, small = np.digitize(truth, [-2, 2]), {"n_estimators": 10, "max_depth": 3}
    leaves = lightgbm.LGBMClassifier(**small, min_child_samples=3, verbose=-1).fit(train, place + 1)
    trees = xgboost.XGBClassifier(**small).fit(train, place)
    leaves.booster_.save_model(directory / "leaves.txt")
    trees.save_model(directory / "trees.ubj")
    matrix, options = xgboost.DMatrix(train, place), {"objective": "multi:softmax", "num_class": 3, "max_depth": 3}
    alone = xgboost.train(options, matrix, num_boost_round=10)
    alone.save_model(directory / "alone.json")
    said(directory, leaves=leaves.predict(test), leaves_probability=leaves.predict_proba(test).max(axis=1), trees=trees.predict(test) + 1,
         trees_probability=trees.predict_proba(test).max(axis=1), alone=alone.predict(xgboost.DMatrix(test)).astype(int) + 1)
    test.assign(grade=np.digitize(right, [-2, 2]) + 1).to_csv(directory / "test.csv", index=False)


def grades_named(directory):
    """The same with a labels.csv, whose lines are in another order."""
    grades(directory)
    (directory / "labels.csv").write_text("class,word\n3,high\n1,low\n2,middle\n")


def word_grades(directory):
    """The same for words, which the files do not hold."""
    grades(directory)
    names = {1: "high", 2: "low", 3: "middle"}
    expected = pd.read_csv(directory / "expected.csv", index_col="row")
    expected.assign(**{name: expected[name].map(names) for name in ("leaves", "trees", "alone")}).to_csv(directory / "expected.csv")
    test = pd.read_csv(directory / "test.csv")
    test.assign(grade=test["grade"].map(names)).to_csv(directory / "test.csv", index=False)


def fewer_grades(directory):
    """Examples that show two of three classes."""
    word_grades(directory)
    expected, test = pd.read_csv(directory / "expected.csv"), pd.read_csv(directory / "test.csv")
    keep = test["grade"] != "high"
    test[keep].to_csv(directory / "test.csv", index=False)
    expected[keep].drop(columns="row").reset_index(drop=True).to_csv(directory / "expected.csv", index_label="row")


def spaces(directory):
    """LightGBM writes _ for the spaces of names; the examples have the columns in another order."""
    import lightgbm

    (train, truth), (test, right) = numbers(1, ("fixed acidity", "b", "total so2", "d")), numbers(2, ("fixed acidity", "b", "total so2", "d"))
    model = lightgbm.LGBMRegressor(n_estimators=10, min_child_samples=3, verbose=-1).fit(train, truth)
    model.booster_.save_model(directory / "leaves.txt")
    joblib.dump(model, directory / "pickled.joblib")
    said(directory, leaves=model.predict(test), pickled=model.predict(test))
    test.assign(price=right)[["d", "total so2", "price", "b", "fixed acidity"]].to_csv(directory / "test.csv", index=False)


def linear(directory):
    """XGBoost without trees."""
    import xgboost

    (train, truth), (test, right) = numbers(1), numbers(2)
    model = xgboost.XGBRegressor(booster="gblinear", n_estimators=20).fit(train, truth)
    model.save_model(directory / "lines.json")
    kind = xgboost.XGBClassifier(booster="gblinear", n_estimators=20).fit(train.to_numpy(), truth > 0)
    kind.save_model(directory / "kind.ubj")
    said(directory, lines=model.predict(test), kind=kind.predict(test.to_numpy()) == 1)
    test.assign(up=right > 0).to_csv(directory / "test.csv", index=False)


def categories(directory):
    """Columns of categories: numbers, words, digits that were read as words, booleans and one with a single value; pickled and not."""
    import lightgbm
    import xgboost

    def shops(seed):
        draw = np.random.default_rng(seed)
        table = pd.DataFrame({"a": draw.normal(size=ROWS).round(4), "floor": draw.integers(1, 5, ROWS), "plan": draw.choice(["u", "v"], ROWS),
                              "store": draw.integers(1, 6, ROWS), "open": draw.random(ROWS) > 0.5, "town": "x"})
        price = (table["a"] + 3.0 * (table["floor"] == 2) - 2.0 * (table["store"] == 3) + (table["plan"] == "u") + table["open"]).round(3)
        table["floor"] = table["floor"].astype("int8")
        return table.astype({"floor": "category", "plan": "category", "open": "category", "town": "category"}).assign(
            store=table["store"].astype(str).astype("category")), price

    (train, truth), (test, right) = shops(1), shops(2)
    leaves = lightgbm.LGBMRegressor(n_estimators=10, min_child_samples=3, min_data_per_group=3, cat_smooth=1, verbose=-1).fit(train, truth)
    trees = xgboost.XGBRegressor(n_estimators=10, max_depth=3, enable_categorical=True).fit(train.astype({"open": bool}), truth)
    leaves.booster_.save_model(directory / "leaves.txt")
    trees.save_model(directory / "trees.ubj")
    joblib.dump(leaves, directory / "kept.joblib")
    joblib.dump(trees, directory / "pickled.joblib")
    first, second = leaves.predict(test), trees.predict(test.astype({"open": bool}))
    said(directory, leaves=first, kept=first, trees=second, pickled=second)
    test.assign(price=right).to_csv(directory / "test.csv", index=False)


def digits(directory):
    """XGBoost whose categories are words of digits, which look like whole numbers in the examples."""
    import xgboost

    def shops(seed):
        draw = np.random.default_rng(seed)
        table = pd.DataFrame({"a": draw.normal(size=ROWS).round(4), "store": draw.integers(1, 6, ROWS)})
        return table.assign(store=table["store"].astype(str).astype("category")), table["a"] + 5 * (table["store"] > 2)

    (train, truth), (test, right) = shops(1), shops(2)
    model = xgboost.XGBRegressor(n_estimators=10, enable_categorical=True).fit(train, truth)
    model.save_model(directory / "trees.ubj")
    said(directory, trees=model.predict(test))
    test.assign(price=right).to_csv(directory / "test.csv", index=False)


def raw_scores(directory):
    """XGBoost with an objective whose answers are no probabilities."""
    import xgboost

    (train, truth), (test, right) = numbers(1), numbers(2)
    xgboost.XGBClassifier(objective="binary:logitraw", n_estimators=3).fit(train, truth > 0).save_model(directory / "raw.ubj")
    test.assign(up=right > 0).to_csv(directory / "test.csv", index=False)


def own_objective(directory):
    """LightGBM with an objective that is a function."""
    import lightgbm

    (train, truth), (test, right) = numbers(1), numbers(2)
    options = {"objective": lambda chance, data: (chance - data.get_label(), np.ones(len(chance))), "verbose": -1}
    lightgbm.train(options, lightgbm.Dataset(train, (truth > 0).astype(int)), 3).save_model(directory / "leaves.txt")
    test.assign(up=right > 0).to_csv(directory / "test.csv", index=False)


def other_names(directory):
    """LightGBM that knows columns which the examples lack."""
    spaces(directory)
    (directory / "pickled.joblib").unlink()
    test = pd.read_csv(directory / "test.csv")
    test.rename(columns={"total so2": "so2"}).to_csv(directory / "test.csv", index=False)


def several(directory):
    """Two targets in one model, with two and three classes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier

    (train, truth), (test, _) = numbers(1), numbers(2)
    both = np.column_stack([truth > 0, np.digitize(truth, [-2, 2])]).astype(int)
    joblib.dump(MultiOutputClassifier(LogisticRegression()).fit(train, both), directory / "both.joblib")
    test.to_csv(directory / "test.csv", index=False)


def coded(directory):
    """Codes that training read as text, and that look like whole numbers in the examples."""
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    table = pd.DataFrame({"code": [1, 2, 3] * 20, "b": range(ROWS)})
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LinearRegression()).fit(table.astype(str), table["code"])
    joblib.dump(model, directory / "coded.joblib")
    table.to_csv(directory / "test.csv", index=False)


def words(directory):
    """XGBoost and LightGBM over columns of text, and names of classes that their files do not hold."""
    import lightgbm
    import xgboost

    train, test = customers(1), customers(2)
    table, left = features(train).astype({"plan": "category", "zip": "category"}), (train["churned"] == "yes").astype(int)
    xgboost.XGBClassifier(n_estimators=5, max_depth=2, enable_categorical=True).fit(table, left).save_model(directory / "trees.ubj")
    lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=3, verbose=-1).fit(table, left).booster_.save_model(directory / "leaves.txt")
    test.to_csv(directory / "test.csv", index=False)


def values(directory):
    import lightgbm
    import xgboost

    (train, truth), (test, right) = numbers(1), numbers(2)
    xgboost.XGBRegressor(n_estimators=10, max_depth=3).fit(train, truth).save_model(directory / "trees.json")
    lightgbm.LGBMRegressor(n_estimators=10, min_child_samples=3, verbose=-1).fit(train, truth).booster_.save_model(directory / "leaves.txt")
    test["price"] = right
    test[["d", "price", "c", "b", "a"]].to_csv(directory / "test.csv", index=False, sep=";", decimal=",")
    train["price"] = truth
    train.to_csv(directory / "train.csv", index=False)


def onnx(directory):
    """Of all columns in one tensor, with 32 and 64 bits; and a tensor for each column."""
    from skl2onnx import convert_sklearn, to_onnx
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
    from sklearn.linear_model import LogisticRegression

    (train, truth), (test, right) = numbers(1), numbers(2)
    kind = np.where(truth > 0, "up", "down")
    model = LogisticRegression().fit(train.to_numpy(), kind)
    for name, tensor, more in (("single", FloatTensorType, {}), ("double", DoubleTensorType, {"zipmap": False}), ("plain", FloatTensorType, {"zipmap": False})):
        made = convert_sklearn(model, initial_types=[("x", tensor([None, 4]))], options={id(model): more} if more else None)
        (directory / f"{name}.onnx").write_bytes(made.SerializeToString())
    columns = [(name, FloatTensorType([None, 1])) for name in train.columns]
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline

    each = make_pipeline(ColumnTransformer([("all", "passthrough", list(train.columns))]), LogisticRegression()).fit(train, kind)
    (directory / "each.onnx").write_bytes(convert_sklearn(each, initial_types=columns).SerializeToString())
    test["way"] = np.where(right > 0, "up", "down")
    test.to_csv(directory / "test.csv", index=False)


def converted(directory, name, model, inputs=None, zipmap=False, only_labels=False):
    """A model as an ONNX file, by default of one tensor of four numbers."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    options = None if zipmap or not hasattr(model, "predict_proba") else {id(model): {"zipmap": False}}
    made = convert_sklearn(model, initial_types=inputs or [("x", FloatTensorType([None, 4]))], options=options,
                           target_opset={"": 15, "ai.onnx.ml": 3})
    if only_labels:
        del made.graph.output[1:]
    (directory / f"{name}.onnx").write_bytes(made.SerializeToString())


def onnx_labels(directory, names=("low", "middle", "high"), shown=("low", "middle")):
    """ONNX without ZipMap, whose classes are in the file alone: the examples show two of three."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    (train, truth), (test, right) = numbers(1), numbers(2)
    test = test.astype(np.float32)
    kind, answers = np.array(names)[np.digitize(truth, [-2, 2])], {}
    for name, model in (("linear", LogisticRegression()), ("layers", MLPClassifier((4,), max_iter=2000, random_state=0)),
                        ("trees", RandomForestClassifier(5, random_state=0))):
        model.fit(train.to_numpy(np.float32), kind)
        converted(directory, name, model)
        answers |= {name: model.predict(test.to_numpy()), f"{name}_probability": model.predict_proba(test.to_numpy()).max(axis=1)}
    converted(directory, "alone", model, only_labels=True)
    said(directory, **answers, alone=answers["trees"])
    kind = np.array(names)[np.digitize(right, [-2, 2])]
    test.assign(kind=[one if one in shown else names[0] for one in kind]).to_csv(directory / "test.csv", index=False)


def onnx_grades(directory):
    """The same for classes that are numbers, not from 0."""
    onnx_labels(directory, (1, 2, 3), (1, 2, 3))


def onnx_scores(directory):
    """ONNX whose second output holds distances or votes, and no probabilities."""
    from sklearn.cluster import KMeans
    from sklearn.ensemble import IsolationForest
    from sklearn.svm import SVC

    (train, truth), (test, _) = numbers(1), numbers(2)
    train, kind = train.to_numpy(np.float32), np.array(["a", "b", "c", "d"])[np.digitize(truth, [-3, 0, 3])]
    answers = {}
    for name, model in (("clusters", KMeans(3, random_state=0)), ("odd", IsolationForest(n_estimators=20, random_state=0)), ("votes", SVC())):
        model.fit(train, kind) if name == "votes" else model.fit(train)
        converted(directory, name, model)
        answers[name] = model.predict(test.to_numpy(np.float32))
    said(directory, **answers)
    test.to_csv(directory / "test.csv", index=False)


def onnx_logits(directory):
    """A network's label and logits, which stand for the words of the examples; and clusters, which do not."""
    import onnx
    from onnx import helper
    from sklearn.cluster import KMeans

    (train, truth), (test, right) = numbers(1), numbers(2)
    weights = np.linalg.lstsq(train.to_numpy(), np.eye(3)[np.digitize(truth, [-2, 2])], rcond=None)[0].astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["logits"]), helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0)], "net",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("label", onnx.TensorProto.INT64, [None]),
         helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [None, 3])], [onnx.numpy_helper.from_array(weights, "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), directory / "network.onnx")
    clusters = KMeans(3, random_state=0).fit(train.to_numpy(np.float32))
    converted(directory, "clusters", clusters)
    names, table = np.array(["high", "low", "middle"]), test.to_numpy(np.float32)
    said(directory, network=names[(table @ weights).argmax(axis=1)], clusters=clusters.predict(table))
    test.assign(kind=names[np.digitize(right, [-2, 2])]).to_csv(directory / "test.csv", index=False)


def onnx_texts(directory):
    """ONNX that takes text, over columns of whole numbers: one tensor for each, and one of both."""
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    draw = np.random.default_rng(4)
    shop, plan = draw.integers(1, 6, ROWS), draw.integers(10, 14, ROWS)
    table = pd.DataFrame({"shop": shop, "plan": plan})
    kind = np.where(shop + plan > 14, "up", "down")
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(table.astype(str).to_numpy(), kind)
    converted(directory, "both", model, [("x", StringTensorType([None, 2]))])
    each = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(table.astype(str), kind)
    converted(directory, "each", each, [(name, StringTensorType([None, 1])) for name in table])
    chances = model.predict_proba(table.astype(str).to_numpy()).max(axis=1)
    answers = model.predict(table.astype(str).to_numpy())
    said(directory, both=answers, both_probability=chances, each=answers, each_probability=chances)
    table.assign(way=kind).to_csv(directory / "test.csv", index=False)


def onnx_reversed(directory):
    """Probabilities before the label."""
    import onnx
    from sklearn.linear_model import LogisticRegression

    (train, truth), (test, _) = numbers(1), numbers(2)
    converted(directory, "reversed", LogisticRegression().fit(train.to_numpy(), truth > 0))
    made = onnx.load(directory / "reversed.onnx")
    label, chances = made.graph.output
    del made.graph.output[:]
    made.graph.output.extend([chances, label])
    onnx.save(made, directory / "reversed.onnx")
    test.to_csv(directory / "test.csv", index=False)


def onnx_groups(directory):
    """An input for three columns, and one for the fourth."""
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    (train, truth), (test, _) = numbers(1), numbers(2)
    model = make_pipeline(ColumnTransformer([("all", "passthrough", [0, 1, 2, 3])]), LinearRegression()).fit(train.to_numpy(), truth)
    converted(directory, "groups", model, [("numbers", FloatTensorType([None, 3])), ("d", FloatTensorType([None, 1]))])
    test.to_csv(directory / "test.csv", index=False)


def own(directory):
    """A model.py around numbers in a file, and a module beside it, in place of PyTorch, which is too large for these tests."""
    (train, truth), (test, right) = numbers(1), numbers(2)
    weights = np.linalg.lstsq(train.to_numpy(), truth, rcond=None)[0]
    np.savez(directory / "weights.npz", weights=weights)
    (directory / "scaling.py").write_text("def doubled(values):\n    return 2 * values\n")
    (directory / "model.py").write_text('''import numpy as np

from scaling import doubled


class Network:
    classes_ = [False, True]

    def __init__(self, directory):
        self.weights = np.load(directory / "weights.npz")["weights"]

    def predict_proba(self, table):
        chance = 1 / (1 + np.exp(-doubled(table[["a", "b", "c", "d"]].to_numpy() @ self.weights)))
        return np.column_stack([1 - chance, chance])

    def predict(self, table):
        return self.predict_proba(table)[:, 1] > 0.5


def load(directory):
    return Network(directory)
''')
    test["up"] = right > 0
    test.to_csv(directory / "test.csv", index=False)


def own_step(directory, module, name, result):
    """Writes a module of one's own with a class that can be a pipeline's first step."""
    sys.path.insert(0, str(directory))
    (directory / f"{module}.py").write_text(f'''from sklearn.base import BaseEstimator, TransformerMixin


class {name}(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return {result}
''')


def transformer(directory):
    """A pipeline with a class of a module of one's own."""
    own_step(directory, "features", "Squares", "X**2")
    from features import Squares
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    (train, _), (test, _) = numbers(1), numbers(2)
    joblib.dump(make_pipeline(Squares(), LinearRegression()).fit(train.to_numpy(), train["a"] ** 2), directory / "square.joblib")
    test.to_csv(directory / "test.csv", index=False)


def lookup(directory):
    """A model.py that knows some words, and fails at others with errors of its own."""
    (directory / "model.py").write_text('''PRICES = {"pro": 30.5, "basic": 12.25, "free": 0.0}


class Prices:
    def predict(self, rows):
        return [PRICES[plan] * (1 + len(plan)) for plan in rows["plan"]]


def load(directory):
    return Prices()
''')
    customers(2)[["customer", "plan"]].fillna("free").to_csv(directory / "test.csv", index=False)


def padded(directory):
    """A file with a blank behind each comma, as UCI's have it: it is part of names and words, in a notebook as well."""
    from sklearn.linear_model import LogisticRegression

    for name, seed in (("train.csv", 1), ("test.csv", 2)):
        text = customers(seed).fillna({"plan": "basic", "spend": 20.5}).to_csv(index=False)
        (directory / name).write_text(text.replace("pro", "pro ").replace(",", ", "))
    train, test = (pd.read_csv(directory / name) for name in ("train.csv", "test.csv"))
    (directory / "train.csv").unlink()
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    columns = ColumnTransformer([("words", OneHotEncoder(), [" plan"]), ("numbers", "passthrough", [" age", " spend"])])
    model = make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(train.drop(columns=["customer", " churned"]), train[" churned"])
    joblib.dump(model, directory / "churn.joblib")
    features = test.drop(columns=["customer", " churned"])
    pd.DataFrame({"customer": test["customer"], "churn": model.predict(features),
                  "churn_probability": model.predict_proba(features).max(axis=1)}).to_csv(directory / "expected.csv", index=False)


def flags(directory):
    """Classes that are the words true and false, as a converter left them; in the file they are booleans."""
    from sklearn.linear_model import LogisticRegression

    (train, truth), (test, right) = numbers(1), numbers(2)
    joblib.dump(LogisticRegression().fit(train, np.where(truth > 0, "true", "false")), directory / "flags.joblib")
    test["up"] = right > 0
    test.to_csv(directory / "test.csv", index=False)


def identifiers(directory):
    """Whole numbers above 2**53, of which floats have every second only."""
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    (train, truth), (test, right) = numbers(1), numbers(2)
    for frame, price in ((train, truth), (test, right)):
        frame["shop"], frame["price"] = 2**53 + np.arange(ROWS) % 4, price + 3 * (np.arange(ROWS) % 4)
    columns = ColumnTransformer([("shop", OneHotEncoder(handle_unknown="ignore"), ["shop"]), ("a", "passthrough", ["a"])])
    joblib.dump(make_pipeline(columns, LinearRegression()).fit(train[["a", "shop"]], train["price"]), directory / "shops.joblib")
    test[["a", "shop", "price"]].to_csv(directory / "test.csv", index=False)


def counts(directory):
    """A regressor of how often: few numbers, all of them whole, and one of them in the test alone."""
    from sklearn.linear_model import PoissonRegressor

    (train, truth), (test, right) = numbers(1), numbers(2)
    train["visits"], test["visits"] = np.clip(truth, 0, 6).astype(int), np.clip(right, 0, 6).astype(int)
    test.loc[5, "visits"] = 9
    joblib.dump(PoissonRegressor().fit(train[["a", "b", "c", "d"]], train["visits"]), directory / "visits.joblib")
    train.to_csv(directory / "train.csv", index=False)
    test.to_csv(directory / "test.csv", index=False)


def shuffled(directory):
    """Parquet of a sample, in which pandas writes its index, and with columns that the model does not know."""
    from sklearn.linear_model import LogisticRegression

    train, test = customers(1), customers(2)
    model = LogisticRegression(max_iter=1000).fit(train[["age", "active"]], train["churned"])
    joblib.dump(model, directory / "churn.joblib")
    test.sample(frac=1, random_state=1).to_parquet(directory / "test.parquet")


def picking(directory):
    """A pipeline that begins with a class of one's own, which takes columns by name; nothing in it says which it knows."""
    own_step(directory, "picks", "Pick", 'X[["a", "b"]].to_numpy()')
    from picks import Pick
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    (train, truth), (test, _) = numbers(1), numbers(2)
    joblib.dump(make_pipeline(Pick(), LinearRegression()).fit(train, truth), directory / "price.joblib")
    test.to_csv(directory / "test.csv", index=False)


def countries(directory):
    """Parquet with text that CSV takes for nothing, beside cells that are empty, and text that is stored as bytes."""
    import pyarrow
    import pyarrow.parquet
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    places = ["NA", "None", "", " ", "null", "DE", "US", None]
    frame = pd.DataFrame({"customer": ["NA", "", *(f"c{n}" for n in range(2, ROWS))], "country": (places * ROWS)[:ROWS],
                          "plan": (["pro", "free", "caf\u00e9"] * ROWS)[:ROWS]})
    left = np.where(frame["country"].isin(["NA", "", "DE"]) | (frame["plan"] == "caf\u00e9"), "NA", "no")
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(frame[["country", "plan"]], left)
    joblib.dump(model, directory / "churn.joblib")
    table = pyarrow.table({
        "customer": pyarrow.array(frame["customer"].tolist(), pyarrow.string()), "left": pyarrow.array(left.tolist(), pyarrow.string()),
        "country": pyarrow.array(places * ROWS, pyarrow.string()).slice(0, ROWS),
        "plan": pyarrow.array([plan.encode() for plan in frame["plan"]], pyarrow.binary())})
    pyarrow.parquet.write_table(table, directory / "test.parquet")
    said = model.predict_proba(frame[["country", "plan"]])
    pd.DataFrame({"row": range(ROWS), "churn": model.predict(frame[["country", "plan"]]), "churn_probability": said.max(axis=1)}).to_csv(
        directory / "expected.csv", index=False)


def codes(directory):
    """A pipeline that takes whole numbers for words."""
    sys.path.insert(0, str(directory))
    (directory / "features.py").write_text("def words(frame):\n    return frame.astype(str)\n")
    from features import words
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

    (train, truth), (test, right) = numbers(1), numbers(2)
    for frame, price in ((train, truth), (test, right)):
        frame["code"], frame["price"] = np.arange(ROWS) % 4 + 1, price + np.arange(ROWS) % 4
    encoder = make_pipeline(FunctionTransformer(words), OneHotEncoder(handle_unknown="ignore"))
    columns = ColumnTransformer([("code", encoder, ["code"]), ("a", "passthrough", ["a"])])
    joblib.dump(make_pipeline(columns, LinearRegression()).fit(train[["a", "code"]], train["price"]), directory / "codes.joblib")
    test[["a", "code", "price"]].to_csv(directory / "test.csv", index=False)


if __name__ == "__main__":
    place = Path(sys.argv[2])
    place.mkdir(parents=True, exist_ok=True)
    globals()[sys.argv[1]](place)
