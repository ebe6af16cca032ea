"""Model directories with scikit-learn models: each file format, and pipelines with many kinds of steps."""

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
