"""What must the service answer?

A process of its own that shares no code with the service: it reads the examples, asks the models as a notebook would, and writes
golden.json. Where expected.csv says what the user's notebook answered, it compares both. What to do comes as JSON on standard input
(see train.py). Its modules' names begin with golden_, so that a model directory's own may have any other.
"""

import json
import math
import os
import sys
from pathlib import Path

from golden_expected import Expected
from golden_files import load
from golden_rows import chunks, examples

MOST_ROWS = 2000  # of golden.json; more rows are scored, and not kept


class Shapes:
    """The answer for one class or value, as the service formats it."""

    def __init__(self, labels):
        self.labels = labels and {row[0]: dict(zip(labels["columns"], row)) for row in labels["rows"]}
        self.columns = labels and labels["columns"]

    def named(self, label):
        if not self.labels:
            return {"class": label}
        found = self.labels.get(label)
        return found or {name: str(label) if place else label for place, name in enumerate(self.columns)}

    def truth(self, value, task):
        return {"value": value} if task == "regression" else self.named(value)

    def answer(self, value, model, probabilities):
        if model.classes is None:
            return {"value": float(value)}
        if self.labels or probabilities is None:
            return self.named(value)
        return {"class": value, "probability": float(probabilities[model.classes.index(value)])}


def is_same(answer, truth):
    """Whether an answer is the truth. Where only one of them is text, it may be how the other is written: 1, 1.0, 01 or True."""
    if isinstance(answer, str) == isinstance(truth, str):
        return answer == truth
    meant = as_number(answer)
    return meant is not None and meant == as_number(truth)


def as_number(value):
    """The number that a class is, or that its text is written as; true is 1. None if it is none."""
    if not isinstance(value, str):
        return float(value)
    if value.lower() in ("true", "false"):
        return float(value.lower() == "true")
    try:
        return float(value)
    except ValueError:
        return None


class Score:
    """How well a model predicts the truth."""

    def __init__(self, task):
        self.task, self.rows, self.right, self.of = task, 0, {}, {}
        self.said = set()  # classes that were answered
        self.mean = self.spread = 0.0  # of the truth; the latter are the squares of what it differs from its mean (Welford)
        self.squared = self.absolute = 0.0  # errors

    def add(self, truth, answer):
        self.rows += 1
        if self.task == "classification":
            self.said.add(answer)
            self.of[truth] = self.of.get(truth, 0) + 1
            self.right[truth] = self.right.get(truth, 0) + is_same(answer, truth)
            return
        error, before = truth - answer, truth - self.mean
        self.mean += before / self.rows
        self.spread += before * (truth - self.mean)
        self.squared += error * error
        self.absolute += abs(error)

    def strange(self):
        """What to say where no answer could be right: 0 and 1 for no and yes."""
        if not self.said or sum(self.right.values()) or len(self.said) * len(self.of) > 10_000:
            return None
        if any(is_same(answer, truth) for answer in self.said for truth in self.of):
            return None
        said, there = (", ".join(sorted(map(str, classes))[:5]) for classes in (self.said, self.of))
        return f"answers {said}, and the target has {there}: none of its answers is right; train it with the classes of the target"

    def scores(self):
        if self.task == "classification":
            return {"accuracy": sum(self.right.values()) / self.rows,
                    "balanced_accuracy": sum(self.right[one] / self.of[one] for one in self.of) / len(self.of)}
        return ({"r2": 1 - self.squared / self.spread} if self.spread > 0 else {}) | {"mae": self.absolute / self.rows}


def plain(value):
    """A value as Python's own type instead of numpy's; whole floats stay floats."""
    return value.item() if hasattr(value, "item") else value


def task_of(model, name, schema, first):
    """Whether a model classifies. One without classes_ may do so, too: by text, booleans, or whole numbers where the truth is a class."""
    if model.classes is not None:
        return "classification"
    kinds = {type(plain(value)) for value in first}
    if kinds <= {str, bool} or (kinds <= {int} and schema["task"] == "classification"):
        model.classes, model.has_open_classes = sorted(set(first) | set(schema["classes"] or []), key=str), True
        return "classification"
    if not kinds <= {int, float}:
        sys.exit(f"{name}: predicts {first[0]!r}: a class or a number is required")
    return "regression"


def check_finite(name, values, line):
    """Refuses answers that JSON cannot hold; `line`: the row of the first."""
    for place, value in enumerate(values, start=line):
        if not math.isfinite(value):
            sys.exit(f"{name}: predicts {value} for row {place}: a finite number is required")


def asked(model, features, schema, name):
    """What a model says of rows. Those with fractions where columns have whole numbers are asked by themselves: in one data frame with
    them, 3 would be 3.0 in every row."""
    whole, kinds = [column["name"] for column in schema["columns"] if column["type"] == "integer" and not column["optional"]], {}
    for place, row in enumerate(features):
        kinds.setdefault(tuple(isinstance(row[column], int) for column in whole), []).append(place)
    said, chances = [None] * len(features), None
    for places in kinds.values():
        own, likely = model.answer(model.table([features[place] for place in places], schema), name)
        chances = chances or (None if likely is None else [None] * len(features))
        for number, place in enumerate(places):
            said[place] = own[number]
            if likely is not None:
                chances[place] = likely[number]
    return said, chances


def answer_all(todo, models):
    """(golden.json without what train.py knows, its rows)."""
    schema, shapes, kept = todo["schema"], Shapes(todo["labels"]), []
    tasks, scores, line = {}, {}, 0
    expected = Expected(todo["expected"], todo, models) if todo["expected"] else None
    for part in chunks(examples(todo["test"], schema, todo["separator"])):
        features, said = [row for _, _, row in part], {}
        for name, model in models.items():
            try:
                said[name] = asked(model, features, schema, name)
            except SystemExit as end:
                sys.exit(f"{name}: {end}")
            except Exception as error:
                reason = " ".join(str(error).split())[:400]
                hint = "" if isinstance(error, ValueError) else model.hint  # a ValueError is about values
                if "isnan" in reason:  # what encoders of scikit-learn say where they learnt text, and get numbers
                    hint = "; perhaps a column of numbers was text in training: save the examples as Parquet, with the types of the training"
                sys.exit(f"{name}: cannot predict the examples: {type(error).__name__}: {reason}{hint}")
            if name not in tasks:
                tasks[name] = task_of(model, name, schema, said[name][0])
                scores[name] = Score(tasks[name])
            if tasks[name] == "regression":
                check_finite(name, said[name][0], line)
        task = next(iter(set(tasks.values()))) if len(set(tasks.values())) == 1 else schema["task"]
        for place, (truth, index, _) in enumerate(part):
            answers = {name: (plain(values[place]), None if chances is None else chances[place]) for name, (values, chances) in said.items()}
            if expected:
                expected.compare(line, index, answers)
            for name, (value, _) in answers.items():
                if truth is not None and (tasks[name] == "classification" or not isinstance(truth, (str, bool))):
                    scores[name].add(truth, value)
            if line < MOST_ROWS:
                row = {"line": line} | ({} if truth is None else {"truth": shapes.truth(truth, task)})
                kept.append(row | {name: shapes.answer(value, models[name], chances) for name, (value, chances) in answers.items()})
            line += 1
    if expected:
        expected.end()
    for name, score in scores.items():
        if score.strange():
            print(f"note: {name} {score.strange()}")
    return tasks, {name: score.scores() for name, score in scores.items() if score.rows}, kept


def as_text(answers, rows):
    """JSON with one row per line, so that two files can be compared by eye."""
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    return f'{json.dumps(answers, indent=1)[:-2]},\n "rows": [\n{lines}\n ]\n}}\n'


def main():
    todo = json.load(sys.stdin)
    trained = Path(todo["trained"])
    models = load(todo["models"], trained, Path(todo["directory"]), todo)
    os.chdir("/")  # who opens a file by a relative path while it predicts would not find it in a pod, either
    tasks, scores, rows = answer_all(todo, models)
    answers = {
        "data": todo["data"], "models": list(models), "tasks": tasks,
        "tolerance": {name: model.tolerance for name, model in models.items()},
        "classes": {name: model.classes for name, model in models.items() if model.classes},
        "features": [column["name"] for column in todo["schema"]["columns"]],
        "score": {name: score.get("accuracy", score.get("r2")) for name, score in scores.items() if "accuracy" in score or "r2" in score},
        "scores": scores,
    }
    # Of models that need it alone.
    numbers = {name: model.numbers for name, model in models.items() if model.numbers}
    lists = {"no_probabilities": [name for name, model in models.items() if model.has_chances is False],
             "open_classes": [name for name, model in models.items() if model.has_open_classes]}
    answers |= ({"numbers": numbers} if numbers else {}) | {key: names for key, names in lists.items() if names}
    (trained / "golden.json").write_text(as_text(answers, rows), encoding="utf-8")


if __name__ == "__main__":
    main()
