"""Does the service answer as golden.json says, alone and together, named and in order? agree.py DIRECTORY DATA MODELS"""

import csv
import io
import json
import sys
import tempfile
from pathlib import Path

import joblib
import pandas as pd
from sklearn.metrics import r2_score

import cells
import dataset
import inputs
import loading
import metadata
import models
import openapi
import parquet
import predictions
import rows
import serving
import v2
from refusal import Refusal


def near(one, other, tolerance):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(near(one[key], other[key], tolerance) for key in one)
    if isinstance(one, float) and not isinstance(other, (bool, str)):
        return abs(one - other) <= tolerance * max(abs(one), abs(other), 1e-9)
    return one == other


loading.OWN = Path(sys.argv[1])
trained = metadata.Trained(Path(sys.argv[3]))
loaded, golden = loading.load(trained), json.loads((trained.directory / "golden.json").read_bytes())
test = dataset.read(Path(sys.argv[2]))
right = [{name: row[name] for name in golden["models"]} for row in golden["rows"]]
named = json.dumps({"rows": [test.line(place) for place in range(len(test.values))]}).encode()
listed = json.dumps({"rows": test.values}).encode()
ways = {
    "together": loaded.answers(test.rows),
    "one by one": [loaded.answers(test.rows[place : place + 1])[0] for place in range(len(test.values))],
    "by name": loaded.answers(rows.rows_of(named, loaded)),
    "in order": loaded.answers(rows.rows_of(listed, loaded)),
    "joined": loaded.answers(rows.Rows.joined([test.rows[:7], test.rows[7:8], test.rows[8:]])),
}
for way, answers in ways.items():
    for place, (got, want) in enumerate(zip(answers, right)):
        for name in golden["models"]:
            if not near(got[name], want[name], golden["tolerance"][name]):
                sys.exit(f"{way}, row {place}, {name}: {got[name]} instead of {want[name]}")
    assert len(answers) == len(right)

# Batch inference scores these answers as the build did.
if golden["scores"]:
    form = predictions.Form(trained)
    tally = predictions.Tally(form, True)
    tally.add(form.table(range(len(test.truth)), ways["together"], map(loaded.name, test.truth), [[]] * len(test.truth)))
    if not near(tally.scores()["scores"], golden["scores"], 1e-6):
        sys.exit(f"in batch, scores: {tally.scores()['scores']} instead of {golden['scores']}")
    for name, scores in golden["scores"].items():
        if "r2" in scores and not near(scores["r2"], r2_score(test.truth, [answer[name]["value"] for answer in ways["together"]]), 1e-6):
            sys.exit(f"{name}: has an R\u00b2 of {scores['r2']}")

# Answers become Parquet, and a class that no example shows is one of a model that does not say which it has.
form = predictions.Form(trained)
table = form.table(range(len(right)), ways["together"], None, [[]] * len(right))
with tempfile.TemporaryDirectory() as scratch:
    plain, packed = Path(scratch, "predictions.csv"), Path(scratch, "predictions.parquet")
    plain.write_text(form.header(False) + predictions.text(table), encoding="utf-8")
    parquet.from_csv(plain, packed, form.types(False))
    kept = pd.read_parquet(packed)
    for name in golden["models"]:
        first = next(iter(golden["rows"][0][name].values()))
        if name in kept and not near(kept[name].tolist()[0], first, 1e-4):
            sys.exit(f"{name}, in Parquet: {kept[name].tolist()[0]!r} instead of {first!r}")
lines = [form.header(False).encode(), *predictions.text(table).encode().splitlines(keepends=True)]
assert len(list(form.checked(iter(lines), range(len(right)), False))) == len(right)
for name in golden.get("open_classes", ()):
    if len(golden["models"]) == 1:
        assert list(form.checked(iter([lines[0], b"0,never shown\n"]), [0], False))

# What has no truth yet is not scored, and a truth is what a model may answer.
if golden["scores"]:
    target, known = test.schema.target.name, test.truth[0]
    others = [label for name in golden["models"] for label in (golden.get("classes") or {}).get(name, ()) if isinstance(label, type(known))]
    truths = [None, *(label for label in (known, *others) if label not in cells.MISSING)]
    text = io.StringIO()
    csv.writer(text).writerows([[*test.features, target], *([*test.values[0], truth] for truth in truths)])
    layout, _, records = inputs.begin(io.BytesIO(text.getvalue().encode()), "input", form.schema)
    read = [truth for *_, known, _ in inputs.chunks(records, layout) for truth in known]
    assert read == truths, read
    tally = predictions.Tally(form, True)
    tally.add(form.table(range(2), ways["together"][:1] * 2, map(loaded.name, [None, None]), [[]] * 2))
    assert tally.scores() == {"rows": 2, "score": None, "scores": None}

# The API's descriptions promise what there is.
served = serving.Serving(sys.argv[2], sys.argv[3])
paths = json.loads(openapi.document(served))["paths"]
assert all("probabilities" in [one["name"] for one in paths[path][way]["parameters"]]
           for path, way in (("/prediction", "post"), ("/prediction/{n}", "get")))
for name, answer in loaded.answers(test.rows[:1], probabilities=True)[0].items():
    outputs = [one["name"] for one in v2.Protocol(served, None, None, None)._outputs(name)]
    assert (v2.CHANCES in outputs) == ("probabilities" in answer), (name, outputs, answer)

# The index that pandas adds to Parquet is no column, and columns that no model knows may be left out.
assert not any(name.startswith("__index_level") for name in test.features)
known = [model.names for model in loaded._loaded.values()]
if all(known):
    some = {name: cell for name, cell in test.line(0).items() if any(name in (one, one.strip()) for names in known for one in names)}
    assert loaded.answers(rows.rows_of(json.dumps([some]).encode(), loaded)) == ways["one by one"][:1], some

# Where models answer numbers, any number may be the truth, also one that the examples do not have.
if test.schema.target is not None and set(golden["tasks"].values()) == {"regression"}:
    table = io.StringIO()
    csv.writer(table).writerows([[*test.features, test.schema.target.name], [*test.values[0], 19]])
    layout, _, records = inputs.begin(io.BytesIO(table.getvalue().encode()), "input", predictions.Form(trained).schema)
    assert [truth for *_, known, _ in inputs.chunks(records, layout) for truth in known] == [19]

# A row's answer does not depend on the rows that are answered with it, which may be another client's.
good = test.line(0)
for column in test.schema.columns:
    if column.type == "integer" and not column.optional:
        both = [rows.rows_of(json.dumps([row]).encode(), loaded) for row in (good, good | {column.name: good[column.name] + 0.5})]
        for way, parts in (("first", both), ("last", both[::-1])):
            for one, got in zip(parts, loaded.answers(rows.Rows.joined(parts))):
                want = loaded.answers(one)[0]
                for name in golden["models"]:
                    if not near(got[name], want[name], golden["tolerance"][name]):
                        sys.exit(f"with a fraction in {column.name} ({way}), {name}: {got[name]} instead of {want[name]}")

# Whatever a client sends has an answer or a reason, and what the estimators refuse in a notebook has none.
estimators = {} if loading.OWN.joinpath("model.py").exists() else {
    path.stem: joblib.load(path) for path in trained.directory.glob("*.joblib") if path.stem in loaded.names}
for column in test.schema.columns:
    for value in (2**64 - 1, -(2**63), 1.5e149, -0.5, -5, "", "\u00fc", True, None, [], {}):
        row = good | {column.name: value}
        try:
            asked = rows.rows_of(json.dumps({"rows": [row]}).encode(), loaded)
        except Refusal:
            continue
        for name, model in loaded._loaded.items():
            try:
                got, = models.Models({name: model}, loaded.schema, tasks=loaded.tasks).answers(asked)
                json.dumps(got, allow_nan=False)
            except Refusal:
                continue
            if name in estimators and model.names == test.features and test.schema.is_numeric:
                estimators[name].predict(pd.DataFrame([row]))
print(json.dumps({"tasks": golden["tasks"], "tolerance": golden["tolerance"], "first": golden["rows"][0], "scores": golden["scores"]}))
