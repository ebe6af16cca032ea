"""Rows to train and test models with, and what a notebook says of them."""

import random

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


def features(frame):
    return frame.drop(columns=["customer", "churned"])


def numbers(seed, names=("a", "b", "c", "d")):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(ROWS, len(names))).round(4), columns=list(names))
    return frame, (frame.to_numpy() @ np.array([3.0, -2.0, 1.0, 0.5])).round(3)


def said(directory, **columns):
    """expected.csv: what the notebook's own predict and predict_proba say to each row of test.csv."""
    pd.DataFrame(columns).to_csv(directory / "expected.csv", index_label="row")
