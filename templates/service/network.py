"""How are ONNX files asked?"""

import numpy as np


class Network:
    """An ONNX file: one tensor of all features, or one for each column."""

    TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
             "tensor(bool)": bool}

    def __init__(self, content, classes, numbers, schema):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._inputs, self.classes = self._session.get_inputs(), classes
        self._is_one = len(self._inputs) == 1 and (len(schema.columns) > 1 or self._inputs[0].name not in schema.features)
        self._classes = dict(zip(numbers, classes)) if numbers else {}  # of labels that are not the classes themselves
        self._integers = {column.name for column in schema.columns if column.type == "integer"}
        self.names = None  # as many columns as it takes
        self.has_chances = len(self._session.get_outputs()) > 1

    def ask(self, rows, with_chances=True):
        if self._is_one:
            feed = {self._inputs[0].name: self._all(rows, self._inputs[0].type)}
        else:
            feed = {one.name: self._column(rows, one.name, one.type).reshape(-1, 1) for one in self._inputs}
        first, *others = self._session.run(None, feed)
        answers = np.asarray(first).reshape(len(rows)).tolist()
        if self.classes is None:
            return answers, None
        answers = [self._classes.get(label, label) for label in answers]
        if not others or not with_chances:
            return answers, None
        if isinstance(others[0], list):
            return answers, np.array([list(row.values()) for row in others[0]])
        return answers, np.asarray(others[0]).reshape(len(rows), -1)

    def _all(self, rows, kind):
        if kind == "tensor(string)":
            return np.column_stack([self._column(rows, name, kind) for name in rows.schema.features])
        return self._cast(rows.array(), kind)

    def _column(self, rows, name, kind):
        values = rows.column(name)
        if kind != "tensor(string)":
            return self._cast(values, kind)
        values = values.tolist()
        if name in self._integers:  # 3 and not 3.0, whichever columns stand beside it
            values = [int(value) if float(value).is_integer() else value for value in values]
        return np.array(["" if value != value else str(value) for value in values], dtype=object)

    def _cast(self, values, kind):
        # What is too large for 32 bits becomes infinite, as in any program that asks the file.
        with np.errstate(over="ignore"):
            return values.astype(self.TYPES[kind])
