"""Model directories with odd targets: classes that are flags or numbers, counts, times, and more than one."""

import joblib
import numpy as np

from samples import numbers


def several(directory):
    """One model with two targets, of two and three classes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier

    (train, truth), (test, _) = numbers(1), numbers(2)
    both = np.column_stack([truth > 0, np.digitize(truth, [-2, 2])]).astype(int)
    joblib.dump(MultiOutputClassifier(LogisticRegression()).fit(train, both), directory / "both.joblib")
    test.to_csv(directory / "test.csv", index=False)


def yes_or_no(directory):
    """A model of 0 and 1, where the target has no and yes."""
    from sklearn.linear_model import LogisticRegression

    (train, truth), (test, right) = numbers(1), numbers(2)
    joblib.dump(LogisticRegression().fit(train, (truth > 0).astype(int)), directory / "left.joblib")
    test.assign(gone=np.where(right > 0, "yes", "no")).to_csv(directory / "test.csv", index=False)


def flags(directory):
    """Classes that are the words true and false, as a converter left them; in the file they are booleans."""
    from sklearn.linear_model import LogisticRegression

    (train, truth), (test, right) = numbers(1), numbers(2)
    joblib.dump(LogisticRegression().fit(train, np.where(truth > 0, "true", "false")), directory / "flags.joblib")
    test["up"] = right > 0
    test.to_csv(directory / "test.csv", index=False)


def grades_written(directory):
    """Classes that are text and equal as numbers: 01 and 1; and as the numbers that a notebook reads."""
    from sklearn.tree import DecisionTreeClassifier

    (train, truth), (test, right) = numbers(1), numbers(2)
    train_grade, test_grade = (np.array(["01", "1", "2"])[np.digitize(values, [-2, 2])] for values in (truth, right))
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    joblib.dump(tree.fit(train, train_grade), directory / "texts.joblib")
    joblib.dump(tree.fit(train, train_grade.astype(int)), directory / "whole.joblib")
    test.assign(grade=test_grade).to_csv(directory / "test.csv", index=False)


def counts(directory):
    """A regressor of how often: few numbers, all of them whole, and one of them in the test alone."""
    from sklearn.linear_model import PoissonRegressor

    (train, truth), (test, right) = numbers(1), numbers(2)
    train["visits"], test["visits"] = np.clip(truth, 0, 6).astype(int), np.clip(right, 0, 6).astype(int)
    test.loc[5, "visits"] = 9
    joblib.dump(PoissonRegressor().fit(train[["a", "b", "c", "d"]], train["visits"]), directory / "visits.joblib")
    train.to_csv(directory / "train.csv", index=False)
    test.to_csv(directory / "test.csv", index=False)


def times(directory):
    """A regressor of Unix timestamps: large values with small differences."""
    from sklearn.linear_model import LinearRegression

    (train, truth), (test, right) = numbers(1), numbers(2)
    joblib.dump(LinearRegression().fit(train[["a", "b"]], truth + 1.7e9), directory / "seen.joblib")
    test.assign(at=right + 1.7e9).to_csv(directory / "test.csv", index=False)
