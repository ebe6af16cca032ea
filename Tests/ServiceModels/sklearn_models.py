"""Model directories with what scikit-learn trained."""

import sys

import joblib
import numpy as np
import pandas as pd

from samples import ROWS, customers, features, numbers, said


def pipeline(model):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return make_pipeline(ColumnTransformer([("words", words, ["plan", "zip"]), ("numbers", numbers, ["age", "spend"]),
                                            ("as they are", "passthrough", ["active"])]), model)


def churn(directory, dump=joblib.dump, name="churn.joblib"):
    from sklearn.linear_model import LogisticRegression

    train, test = customers(1), customers(2)
    model = pipeline(LogisticRegression(max_iter=1000)).fit(features(train), train["churned"])
    dump(model, directory / name)
    test.to_csv(directory / "test.csv", index=False)
    return model, test


def expected(directory):
    """With an expected.csv that holds the notebook's predictions."""
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


def price(directory):
    """A regressor that knows no names, with gaps, and labels as the last column."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    (train, truth), (test, right) = numbers(1), numbers(2)
    joblib.dump(HistGradientBoostingRegressor(min_samples_leaf=3, random_state=0).fit(train.to_numpy(), truth), directory / "price.joblib")
    test["price"] = right
    test.loc[3, "b"] = None
    test.to_csv(directory / "test.csv")


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
    """Whole numbers above 2**53, where a float can represent only every second one."""
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


def countries(directory):
    """Parquet with words that pandas.read_csv reads as missing, such as NA, beside empty cells; and text stored as bytes."""
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
    asked = frame[["country", "plan"]]
    said(directory, churn=model.predict(asked), churn_probability=model.predict_proba(asked).max(axis=1))


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


def logarithms(directory):
    """Pipelines that begin with a logarithm, and a regressor of one: of a negative number it is NaN, which the next step refuses."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    (train, truth), (test, right) = ((frame.abs(), truth) for frame, truth in (numbers(1), numbers(2)))
    first, size = FunctionTransformer(np.log1p), np.abs(truth)
    models = {
        "kind": make_pipeline(first, LogisticRegression()).fit(train, truth > 0),
        "size": make_pipeline(first, LinearRegression()).fit(train, size),
        "trees": RandomForestRegressor(n_estimators=5, random_state=0).fit(train, size),
        "whole": TransformedTargetRegressor(LinearRegression(), func=np.log1p, inverse_func=np.expm1).fit(train, size),
    }
    for name, model in models.items():
        joblib.dump(model, directory / f"{name}.joblib")
    said(directory, **{name: model.predict(test) for name, model in models.items()})
    test.assign(up=right > 0).to_csv(directory / "test.csv", index=False)


def encoders(draw, dtype):
    """A notebook's table of codes with zeros in front, as these types, and an encoder's model of it."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    draw = np.random.default_rng(draw)
    table = pd.DataFrame({"zip": [f"{code:04}" for code in draw.integers(120, 128, ROWS)], "b": draw.normal(size=ROWS).round(3)})
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = ColumnTransformer([("words", words, ["zip"]), ("as they are", "passthrough", ["b"])])
    price = table["zip"].astype(int) % 5 + table["b"]
    return table.assign(price=price), make_pipeline(columns, LinearRegression()).fit(table.astype({"zip": dtype}), price)


def zip_numbers(directory):
    """An encoder of numbers, as pandas.read_csv gives them, in front of which the file has zeros."""
    table, model = encoders(1, int)
    joblib.dump(model, directory / "price.joblib")
    table.to_csv(directory / "test.csv", index=False)


def zip_words(directory):
    """The same of a notebook that reads them as text."""
    table, model = encoders(1, object)
    joblib.dump(model, directory / "price.joblib")
    table.to_csv(directory / "test.csv", index=False)
    said(directory, price=model.predict(table[["zip", "b"]]))


def blanks(directory):
    """Cells of one blank, which are words for pandas, beside empty ones, and a row of nothing but separators."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    draw, lines = np.random.default_rng(1), ["plan,b"]
    for row, plan in enumerate(draw.choice(["pro", "free", " ", " NA", "NA", ""], ROWS)):
        lines.append("," if row % 9 == 4 else f"{plan},{draw.normal():.3f}")
    (directory / "test.csv").write_text("\n".join(lines) + "\n")
    table = pd.read_csv(directory / "test.csv")
    columns = ColumnTransformer([("plan", OneHotEncoder(), ["plan"]), ("b", "passthrough", ["b"])], sparse_threshold=0)
    price = table["b"].fillna(5) + 3 * (table["plan"] == " ") + 6 * (table["plan"] == " NA") - 4 * table["plan"].isna()
    model = make_pipeline(columns, HistGradientBoostingRegressor(min_samples_leaf=2, random_state=0)).fit(table, price)
    joblib.dump(model, directory / "price.joblib")
    said(directory, price=model.predict(table))


def grades_written(directory):
    """Classes that are text and equal as numbers: 01 and 1; and as the numbers that a notebook reads."""
    from sklearn.tree import DecisionTreeClassifier

    (train, truth), (test, right) = numbers(1), numbers(2)
    train_grade, test_grade = (np.array(["01", "1", "2"])[np.digitize(values, [-2, 2])] for values in (truth, right))
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    joblib.dump(tree.fit(train, train_grade), directory / "texts.joblib")
    joblib.dump(tree.fit(train, train_grade.astype(int)), directory / "whole.joblib")
    test.assign(grade=test_grade).to_csv(directory / "test.csv", index=False)


def times(directory):
    """A regressor of Unix times, which are large against what they differ by."""
    from sklearn.linear_model import LinearRegression

    (train, truth), (test, right) = numbers(1), numbers(2)
    joblib.dump(LinearRegression().fit(train[["a", "b"]], truth + 1.7e9), directory / "seen.joblib")
    test.assign(at=right + 1.7e9).to_csv(directory / "test.csv", index=False)


def single(directory):
    """Parquet with numbers of 32 bits, with which the notebook calculates; the service has 64 of them."""
    from sklearn.linear_model import LinearRegression

    (train, truth), (test, _) = ((frame.astype("float32") * 1000, truth) for frame, truth in (numbers(1), numbers(2)))
    model = LinearRegression().fit(train, truth)
    joblib.dump(model, directory / "price.joblib")
    test.to_parquet(directory / "test.parquet", index=False)
    said(directory, price=model.predict(test))


def reviews(directory):
    """A pipeline that counts words, and takes a list of texts instead of a table."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    draw = np.random.default_rng(1)
    texts = pd.DataFrame({"text": [" ".join(draw.choice(["good", "bad", "fine", "poor", "it is", "not"], 6)) for _ in range(ROWS)]})
    mood = np.where(texts["text"].str.contains("good"), "up", "down")
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts["text"], mood)
    joblib.dump(model, directory / "mood.joblib")
    said(directory, mood=model.predict(texts["text"]), mood_probability=model.predict_proba(texts["text"]).max(axis=1))
    texts.to_csv(directory / "test.csv", index=False)


def scaler(directory):
    """A scaler beside a model, in a file of its own."""
    from sklearn.preprocessing import StandardScaler

    (train, _), (test, _) = numbers(1), numbers(2)
    joblib.dump(StandardScaler().fit(train), directory / "scaler.joblib")
    test.to_csv(directory / "test.csv", index=False)


def lines(directory):
    """A model that was also trained on the column that identifies the rows."""
    from sklearn.linear_model import LinearRegression

    (train, truth), (test, _) = numbers(1, ("Line", "b", "c", "d")), numbers(2, ("Line", "b", "c", "d"))
    joblib.dump(LinearRegression().fit(train, truth), directory / "price.joblib")
    test.to_csv(directory / "test.csv", index=False)


def unsigned(directory):
    """Parquet with whole numbers above 2**63 in a column that the model does not know."""
    from sklearn.linear_model import LinearRegression

    (train, truth), (test, _) = numbers(1), numbers(2)
    model = LinearRegression().fit(train, truth)
    joblib.dump(model, directory / "price.joblib")
    said(directory, price=model.predict(test))
    test.assign(hash=np.arange(ROWS, dtype="uint64") + 2**63).to_parquet(directory / "test.parquet", index=False)


def infinite(directory):
    """Parquet with an infinite number in its first row."""
    from sklearn.linear_model import LinearRegression

    (train, truth), (test, _) = numbers(1), numbers(2)
    joblib.dump(LinearRegression().fit(train, truth), directory / "price.joblib")
    test.loc[0, "b"] = np.inf
    test.to_parquet(directory / "test.parquet", index=False)


def yes_or_no(directory):
    """A model of 0 and 1, where the target has no and yes."""
    from sklearn.linear_model import LogisticRegression

    (train, truth), (test, right) = numbers(1), numbers(2)
    joblib.dump(LogisticRegression().fit(train, (truth > 0).astype(int)), directory / "left.joblib")
    test.assign(gone=np.where(right > 0, "yes", "no")).to_csv(directory / "test.csv", index=False)
