import Foundation
import Testing

extension ModelDirectoryTests {
    @Test(
        """
        has cells in Parquet as people write them: decimal commas, words for nothing, and fractions among whole numbers
        """)
    func odd() throws {
        let script = """
            import pandas, parquet, pathlib, sys
            plain, packed = pathlib.Path(sys.argv[1], "a.csv"), pathlib.Path(sys.argv[1], "a.parquet")
            plain.write_text('a,b,c,d,e\\n1,"1,5",true,NA,1\\n2.5,NA,FALSE,,2\\n', encoding="utf-8")
            parquet.from_csv(plain, packed, {"a": "integer", "b": "number", "c": "boolean", "e": "integer"})
            print(pandas.read_parquet(packed).to_dict("list"))
            """
        #expect(
            try python.answer(script, [directory.url.path]) == """
                {'a': [1.0, 2.5], 'b': [1.5, nan], 'c': [True, False], 'd': ['NA', nan], 'e': [1, 2]}

                """)
    }

    @Test(
        "with files of its own that cannot be read is refused in words of ours",
        arguments: [
            (
                ["metrics.json": "{\"f1\": NaN}"], "",
                "metrics.json: has NaN, which JSON does not know: write null, or leave it out\n"
            ),
            (
                ["metrics.json": "{\n 'f1'"], "",
                "metrics.json:2, column 2: is not JSON in UTF-8: write one object, such as {\"f1\": 0.91}\n"
            ),
            (
                [:], "def load(directory): raise KeyError('age')\n",
                "model.py: load(directory) failed: KeyError: 'age'\n"
            ),
            (
                [:], "weights = 1\n",
                """
                model.py: has no load(directory): it must return something with predict, or several by name\n
                """
            ),
            (
                [:], "def load(directory): return {'a': 1}\n",
                "model.py: load(directory) returns int for 'a', which has no predict(rows)\n"
            ),
            (
                [:],
                """
                class Model:
                    def predict(self, rows): return [1.5] * len(rows)
                def load(directory): return {"a": Model(), "my model/x": Model()}\n
                """,
                """
                model.py: load(directory) returns a model named 'my model/x', which would be its name in answers: use \
                only letters, digits, _ and -, at most 63, and neither line, row nor truth\n
                """
            ),
            (
                [:],
                """
                class Model:
                    def predict(self, rows): return [[1, 2]] * len(rows)
                def load(directory): return Model()\n
                """,
                "model: it returns shape (60, 2) for 60 rows: one class or number per row is required\n"
            ),
            (
                [:],
                """
                class Model:
                    def predict(self, rows): return [1.5] * 7 + [float("nan")] * (len(rows) - 7)
                def load(directory): return Model()\n
                """, "model: predicts nan for row 7: a finite number is required\n"
            ),
            (
                [:],
                """
                import sys
                sys.modules["pandas"] = None  # as where it is not installed
                class Model:
                    def predict(self, rows): return rows["a"] > 0
                def load(directory): return Model()\n
                """,
                """
                model: cannot predict the examples: IndexError: only integers, slices (`:`), ellipsis (`...`), \
                numpy.newaxis (`None`) and integer or boolean arrays are valid indices; it gets a NumPy array, because \
                pandas is not installed: for a data frame, add pandas to requirements.txt\n
                """
            ),
        ] as [([String: String], String, String)])
    func ownWords(files: [String: String], program: String, reason: String) throws {
        try make("own")
        if !program.isEmpty { try Data(program.utf8).write(to: model.appending(path: "model.py")) }
        for (name, text) in files { try Data(text.utf8).write(to: model.appending(path: name)) }
        #expect(try trainingEnd(Kind(name: "own", first: ".")).errors == reason)
    }

    @Test(
        "whose model takes or answers what a service cannot ask is refused with what is to be done",
        arguments: [
            (
                "onnx_reversed",
                """
                reversed: its first output 'probabilities' has shape (60, 2) for 60 rows: one label or number per row \
                is required: put the label before the probabilities, or ask the file in a model.py\n
                """
            ),
            (
                "onnx_groups",
                """
                groups.onnx: its input 'numbers' is no column of the examples: convert the model with one input for \
                all columns, or with one for each, named as they are\n
                """
            ),
            (
                "raw_scores",
                """
                raw.ubj: its objective binary:logitraw answers scores, and no probabilities: train it with \
                binary:logistic\n
                """
            ),
            (
                "other_names",
                """
                leaves.txt: knows a column 'total_so2', which the examples lack; they have 'd', 'so2', 'price', 'b', \
                'fixed acidity'\n
                """
            ),
            (
                "several",
                """
                both.joblib: answers 2 targets for each row, and a service one: save a model for each target\n
                """
            ),
            (
                "coded",
                """
                coded.joblib: learnt text in column 'code' ('1', '2', '3'), and the examples have numbers (1): save \
                the examples as Parquet, with the types of the training\n
                """
            ),
            (
                "scaler",
                """
                scaler.joblib: is no model: StandardScaler has no predict; put it and the model into one Pipeline, or \
                write a model.py\n
                """
            ),
            (
                "lines",
                """
                price.joblib: knows a column 'Line', which names the rows here and is no feature: train without it, \
                or name another column with service: index:\n
                """
            ),
            (
                "zip_numbers",
                """
                price.joblib: learnt numbers in column 'zip' (120, 121, 122), and the examples have text ('0123'): \
                leading zeros and words are text here; train with pandas.read_csv(…, dtype={'zip': str}), or save the \
                examples as Parquet, with the types of the training\n
                """
            ),
        ])
    func otherModels(kind: String, reason: String) throws {
        try make(kind)
        #expect(try trainingEnd(Kind(name: kind, first: ".")).errors == reason)
    }

    @Test("with an infinite number in Parquet is refused with its place")
    func infinite() throws {
        try make("infinite")
        let file = model.appending(path: "test.parquet").path
        #expect(
            try trainingEnd(Kind(name: "infinite", first: ".")).errors
                == "\(file):2, column 2 (b): must be a finite number, is 'inf'\n")
    }

    @Test("whose LightGBM has an objective of its own is refused where its scores would have to be classes")
    func ownObjective() throws {
        try make("own_objective")
        #expect(
            try trainingEnd(Kind(name: "own_objective", target: "up", first: ".")).errors
                == """
                leaves.txt: was trained with an objective of your own, so that it answers scores, and no classes: ask \
                it in a model.py\n
                """
        )
    }
}
