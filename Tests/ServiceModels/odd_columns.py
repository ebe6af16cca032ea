"""Model directories whose examples have unusual columns: codes, blanks, words such as NA, integers too large for floats."""

import joblib
import numpy as np
import pandas as pd

from samples import ROWS, customers, numbers, said


def coded(directory):
    """Codes that training read as text, and that look like whole numbers in the examples."""
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    table = pd.DataFrame({"code": [1, 2, 3] * 20, "b": range(ROWS)})
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LinearRegression()).fit(table.astype(str), table["code"])
    joblib.dump(model, directory / "coded.joblib")
    table.to_csv(directory / "test.csv", index=False)


def encoders(draw, dtype):
    """A table of codes with leading zeros, read with these dtypes, and a model that encodes them."""
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


def single(directory):
    """Parquet with numbers of 32 bits, with which the notebook calculates; the service has 64 of them."""
    from sklearn.linear_model import LinearRegression

    (train, truth), (test, _) = ((frame.astype("float32") * 1000, truth) for frame, truth in (numbers(1), numbers(2)))
    model = LinearRegression().fit(train, truth)
    joblib.dump(model, directory / "price.joblib")
    test.to_parquet(directory / "test.parquet", index=False)
    said(directory, price=model.predict(test))


def shuffled(directory):
    """Parquet of a sample, in which pandas writes its index, and with columns that the model does not know."""
    from sklearn.linear_model import LogisticRegression

    train, test = customers(1), customers(2)
    model = LogisticRegression(max_iter=1000).fit(train[["age", "active"]], train["churned"])
    joblib.dump(model, directory / "churn.joblib")
    test.sample(frac=1, random_state=1).to_parquet(directory / "test.parquet")


def lines(directory):
    """A model that was also trained on the column that identifies the rows."""
    from sklearn.linear_model import LinearRegression

    (train, truth), (test, _) = numbers(1, ("Line", "b", "c", "d")), numbers(2, ("Line", "b", "c", "d"))
    joblib.dump(LinearRegression().fit(train, truth), directory / "price.joblib")
    test.to_csv(directory / "test.csv", index=False)
