"""Model directories with files of XGBoost and LightGBM."""

import joblib
import numpy as np
import pandas as pd

from samples import ROWS, customers, features, numbers, said


def boosters(directory):
    """XGBoost and LightGBM side by side, for values and for classes; with names, and without."""
    import lightgbm
    import xgboost

    (train, truth), (test, right) = numbers(1), numbers(2)
    kind = np.digitize(truth, [-2, 2])
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


def searched(directory):
    """The best of several settings, which a search has found, of both libraries with a column of categories."""
    import lightgbm
    import xgboost
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

    (train, truth), (test, right) = numbers(1), numbers(2)
    for number, table in enumerate((train, test)):
        table["plan"] = pd.Categorical(np.random.default_rng(number).choice(["u", "v", "w"], ROWS))
    truth, right = truth + 3 * (train["plan"] == "v"), right + 3 * (test["plan"] == "v")
    settings = {"n_estimators": [5, 10]}
    leaves = GridSearchCV(lightgbm.LGBMRegressor(min_child_samples=3, min_data_per_group=3, cat_smooth=1, verbose=-1), settings, cv=2)
    trees = RandomizedSearchCV(xgboost.XGBRegressor(max_depth=3, enable_categorical=True), settings, n_iter=2, cv=2)
    for name, search in (("leaves", leaves), ("trees", trees)):
        joblib.dump(search.fit(train, truth), directory / f"{name}.joblib")
    said(directory, leaves=leaves.predict(test), trees=trees.predict(test))
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


def zero_or_one(directory):
    """XGBoost of 0 and 1, where the target has False and True."""
    import xgboost

    (train, truth), (test, right) = numbers(1), numbers(2)
    joblib.dump(xgboost.XGBClassifier(n_estimators=10, max_depth=3).fit(train, (truth > 0).astype(int)), directory / "up.joblib")
    test.assign(is_up=right > 0).to_csv(directory / "test.csv", index=False)


def raw_scores(directory):
    """XGBoost with an objective that does not predict probabilities."""
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
