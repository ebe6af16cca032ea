"""Model directories with ONNX files."""

import joblib
import numpy as np
import pandas as pd

from samples import ROWS, customers, numbers, said


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
    """A classifier that returns a label and logits, where the examples have words as classes; and a clustering model without classes."""
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
