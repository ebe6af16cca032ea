"""How are files of XGBoost and LightGBM asked?"""

import json

import numpy as np

from errors import DataError

WHOLE = {9: np.int8, 10: np.uint8, 11: np.int16, 13: np.int32}  # how XGBoost numbers the types of categories


class Booster:
    """Trees of XGBoost or LightGBM."""

    def __init__(self, predict, names, classes, is_number=False, words=None):
        self.names, self.classes, self._predict, self._is_number = names and list(names), classes, predict, is_number
        self.has_chances = not is_number
        self._words = words or {}  # of columns of categories, in the order that training gave them; others are as if missing

    def ask(self, rows, with_chances=True):
        table = rows.table(self.names)
        categorize(table, self._words, rows.schema)
        said = np.asarray(self._predict(table), dtype=np.float64)
        if self.classes is None:
            return said.tolist(), None
        if self._is_number:
            return [self.classes[int(number)] for number in said.tolist()], None
        chances = said if said.ndim == 2 else np.column_stack([1 - said, said])
        return [self.classes[number] for number in chances.argmax(axis=1).tolist()], chances


def words_of(booster):
    """{column: its words} of an XGBoost file."""
    found = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    kept = (found.get("model") or found.get("gbtree", {}).get("model", {})).get("cats") or {}
    words = {}
    for name, packed in zip(booster.feature_names or (), kept.get("enc") or ()):
        ends, values = packed.get("offsets"), packed["values"]
        if ends:
            text = bytes(value % 256 for value in values)
            words[name] = [text[begin:end].decode("utf-8") for begin, end in zip(ends, ends[1:])]
        elif values:
            words[name] = np.array(values, dtype=WHOLE.get(packed.get("type"), np.int64))
    return words


def leaves_of(booster, schema):
    """(the columns that a booster of LightGBM knows or None, {column: its categories}). It writes _ for spaces in names."""
    own, short = booster.feature_name(), {name.replace(" ", "_"): name for name in schema.features}
    names = [name if name in schema.features else short.get(name) for name in own]
    if None in names:
        return None, {}
    kept, texts = booster.pandas_categorical or [], {column.name for column in schema.columns if column.type == "text"}
    if not kept:
        return names, {}
    line = next(line for line in booster.model_to_string(num_iteration=1).splitlines() if line.startswith("feature_infos="))
    bins = dict(zip(names, line.partition("=")[2].split(" ")))  # [from:to] of numbers, a:b:c of categories, none of a single value
    marked = {name for name in names if bins[name][0] != "[" and bins[name] != "none"}
    single = {name for name in names if bins[name] == "none"}
    for chosen in (marked, marked | single, marked | single & texts):
        if len(chosen) == len(kept):
            return names, dict(zip([name for name in names if name in chosen], kept))
    raise DataError(f"has {len(kept)} columns of categories, and does not say which: train again")


def categorize(frame, words, schema):
    """Gives columns the categories that they had in training. Whole numbers may be words there."""
    if not words:
        return
    import pandas

    integers = {column.name for column in schema.columns if column.type == "integer"}
    for name, known in words.items():
        cells = frame[name].astype("object")
        if name in integers and isinstance(known[0], str):
            cells = cells.map(lambda cell: str(int(cell)) if float(cell).is_integer() else cell)
        frame[name] = cells.astype(pandas.CategoricalDtype(known))
