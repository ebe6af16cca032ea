import Foundation
import Testing

/// Directories as people bring them, made by Tests/ServiceModels/make_models.py with the real libraries.
@Suite("A model directory")
struct ModelDirectoryTests {
    let directory: TemporaryDirectory
    let python: Python

    init() async throws {
        python = try await Python.everyKind.value
        directory = try TemporaryDirectory()
    }

    struct Kind: CustomTestStringConvertible {
        let name: String
        var target = ""
        var index = ""
        /// In the answers to row 0.
        let first: String
        var testDescription: String { name }

        static let all = [
            Kind(
                name: "churn", target: "churned", index: "customer",
                first: #""churn": \{"class": "no", "probability": 0\.97\d+\}"#),
            Kind(
                name: "skops", target: "churned", index: "customer",
                first: #""churn": \{"class": "no", "probability": 0\.97\d+\}"#),
            Kind(
                name: "packed", target: "churned", index: "customer",
                first: #""gzip": \{"class": "no", .*"xz": \{"class": "no", .*"zlib": \{"class": "no", .*"#),
            Kind(
                name: "parquet", target: "churned", index: "customer",
                first: #""churn": \{"class": "no", "probability": 0\.97\d+\}"#),
            Kind(name: "strict", target: "churned", first: #""strict": \{"class": "no", .*"#),
            Kind(name: "lookup", index: "customer", first: #""model": \{"value": 0\.0\}"#),
            Kind(name: "price", target: "price", first: #""price": \{"value": 2\.5\d+\}"#),
            Kind(
                name: "boosters", target: "kind",
                first: #""leaves": \{"class": 2, "word": "high"\}, "pickled": \{"class": 1, "word": "middle"\}, .*"#),
            Kind(
                name: "words", target: "churned", index: "customer",
                first: #""leaves": \{"class": "no", "probability": 0\.8\d+\}, "trees": \{"class": "no", .*"#),
            Kind(
                name: "early", target: "up",
                first: #""kind": \{"class": false, "probability": 0\.\d+\}, "size": \{"value": .*"#),
            Kind(
                name: "grades", target: "grade",
                first: #""alone": \{"class": 2\}, "leaves": \{"class": 3, "probability": 0\.\d+\}, .*"#),
            Kind(
                name: "grades_named", target: "grade",
                first: #""alone": \{"class": 2, "word": "middle"\}, "leaves": \{"class": 3, "word": "high"\}, .*"#),
            Kind(
                name: "word_grades", target: "grade",
                first: #""alone": \{"class": "low"\}, "leaves": \{"class": "middle", "probability": 0\.\d+\}, .*"#),
            Kind(
                name: "spaces", target: "price",
                first: #""leaves": \{"value": 2\.0\d+\}, "pickled": \{"value": 2\.0\d+\}\}"#),
            Kind(
                name: "linear", target: "up",
                first: #""kind": \{"class": false, "probability": 0\.6\d+\}, "lines": \{"value": -0\.02\d+\}\}"#),
            Kind(name: "digits", target: "price", first: #""trees": \{"value": -?\d\.\d+\}"#),
            Kind(
                name: "categories", target: "price",
                first: #""kept": \{"value": 1\.06\d+\}, "leaves": \{"value": 1\.06\d+\}, "pickled": .*"#),
            Kind(name: "values", target: "price", first: #""leaves": \{"value": 2\.0\d+\}, "trees": \{"value": .*"#),
            Kind(
                name: "onnx", target: "way", first: #""double": \{"class": "down", .*"single": \{"class": "down", .*"#),
            Kind(
                name: "onnx_labels", target: "kind",
                first: #""alone": \{"class": "high"\}, "layers": \{"class": "middle", "probability": 0\.\d+\}, .*"#),
            Kind(
                name: "onnx_grades", target: "kind",
                first: #""alone": \{"class": 3\}, "layers": \{"class": 2, "probability": 0\.\d+\}, .*"#),
            Kind(
                name: "onnx_scores",
                first: #""clusters": \{"class": 1\}, "odd": \{"class": -1\}, "votes": \{"class": "c"\}\}"#),
            Kind(
                name: "onnx_logits", target: "kind",
                first: #""clusters": \{"class": 1\}, "network": \{"class": "(high|low|middle)"\}"#),
            Kind(
                name: "onnx_texts", target: "way",
                first: #""both": \{"class": "down", "probability": 0\.65\d+\}, "each": \{"class": "down", .*"#),
            Kind(name: "own", target: "up", first: #""model": \{"class": false, "probability": 0\.51\d+\}"#),
            Kind(name: "flags", target: "up", first: #""flags": \{"class": "(true|false)", "probability": 0\.\d+\}"#),
            Kind(name: "identifiers", target: "price", first: #""shops": \{"value": -?\d+\.\d+\}"#),
            Kind(name: "counts", target: "visits", first: #""visits": \{"value": \d+\.\d+\}"#),
            Kind(
                name: "shuffled", target: "churned",
                first: #""churn": \{"class": "(yes|no)", "probability": 0\.\d+\}"#),
            Kind(
                name: "padded", target: "churned", index: "customer",
                first: #""churn": \{"class": " no", "probability": 0\.\d+\}"#),
            Kind(
                name: "countries", target: "left", index: "customer",
                first: #""churn": \{"class": "NA", "probability": 0\.72\d+\}"#),
            Kind(name: "codes", target: "price", first: #""codes": \{"value": 0\.48\d+\}"#),
            Kind(name: "transformer", first: #""square": \{"value": 0\.035\d+\}"#),
        ]
    }

    @Test(
        "is served as its models answer where they come from: alone and together, rows by name and in order",
        arguments: Kind.all)
    func served(kind: Kind) throws {
        try make(kind.name)
        _ = try train(kind)
        let said = try python.see("agree.py", model.path, (directory / "data").path, (directory / "models").path)
        #expect(try said.contains(Regex(kind.first)), "\(said)")
    }

    @Test("with expected.csv is built only if it answers as the notebook did")
    func expected() throws {
        let kind = Kind(name: "expected", target: "churned", index: "customer", first: ".")
        try make("expected")
        #expect(try train(kind).contains("60 rows match expected.csv\n"))
        let file = model.appending(path: "expected.csv")
        let good = try String(contentsOf: file, encoding: .utf8)
        let lines = good.split(separator: "\n")
        // Rows in another order, and fewer: they are found by the index.
        try Data((lines.prefix(1) + lines.dropFirst(40).reversed()).joined(separator: "\n").utf8).write(to: file)
        #expect(try train(kind).contains("21 rows match expected.csv\n"))
        let cases =
            [
                (
                    good.replacing(/(c00[35]),(no|yes),/, with: { "\($0.1),\($0.2 == "no" ? "yes" : "no")," }),
                    #"""
                    churn differs from expected\.csv on 2 of 60 rows \(row 3: (no|yes) 0\.\d\d, expected (no|yes) \#
                    0\.\d\d\); the model was saved by scikit-learn 1\.9\.1, and 1\.9\.1 is installed\n
                    """#
                ),
                (
                    good.replacing(/(c007,\w+),0\.\d+/, with: { "\($0.1),0.123456" }),
                    #"""
                    churn differs from expected\.csv on 1 of 60 rows \(row 7: \w+ 0\.\d+, expected 0\.123456\); .*\n
                    """#
                ),
                (
                    "customer,other\nc001,no\n",
                    #"expected\.csv: has no column 'churn', .* it has 'customer', 'other'\n"#
                ),
                ("", #"expected\.csv:1: has no header: .*\n"#),
                (
                    "sep=,\ncustomer,churn\nc001,no\n",
                    #"""
                    expected\.csv:1: is not the header, but tells Excel the separator \('sep=,'\): remove this \#
                    line\n
                    """#
                ),
                ("customer,churn\nc001\n", #"expected\.csv:2: has 1 column, the header 2\n"#),
                (
                    "customer,churn,churn_probability\nc001,no,nan\n",
                    #"expected\.csv: row 1 of churn must be a finite number, is 'nan': .*\n"#
                ),
                (
                    "customer,churn,churn_probability\nc001,no,\"1,107\"\n",
                    #"""
                    expected\.csv: row 1 of churn must be a finite number, is '1,107': write 1107 if the comma \#
                    separates thousands, 1\.107 if it is a decimal comma\n
                    """#
                ),
                ("customer,churn\nx,no\n", #"expected\.csv: none of its rows matches a row of the examples: .*\n"#),
                (good + lines[1] + "\n", #"expected\.csv: names a row twice in column 'customer'\n"#),
            ] as [(String, String)]
        for (text, reason) in cases {
            try Data(text.utf8).write(to: file)
            let end = try trainingEnd(kind)
            #expect(end.status == 1)
            #expect(try Regex(reason).wholeMatch(in: end.errors) != nil, "\(end.errors)")
        }
    }

    @Test("whose examples show fewer classes than its boosters answer is told to name them in labels.csv")
    func fewerClasses() throws {
        let kind = Kind(name: "fewer_grades", target: "grade", first: ".")
        try make(kind.name)
        let end = try trainingEnd(kind)
        #expect(
            end.output.contains(
                """
                note: leaves.txt: tells 3 classes apart, but 2 are known (low, middle): it answers 0 to 2; if they \
                have other names, write a labels.csv with all 3 in the order of these numbers\n
                """), "\(end.output)")
        #expect(end.status == 1)
        try Data("class\nhigh\nlow\nmiddle\n".utf8).write(to: model.appending(path: "labels.csv"))
        #expect(try train(kind).contains("39 rows match expected.csv\n"))
    }

    @Test(
        """
        whose model another version of scikit-learn has saved is refused, unless expected.csv shows that it does no harm
        """
    )
    func otherVersion() throws {
        let kind = Kind(name: "expected", target: "churned", index: "customer", first: ".")
        try make("expected")
        let file = model.appending(path: "churn.joblib")
        var content = try Data(contentsOf: file)
        let version = try #require(content.range(of: Data("1.9.1".utf8)))
        content.replaceSubrange(version, with: Data("1.8.9".utf8))
        try content.write(to: file)
        #expect(try packages()["models/requirements.txt"] == "scikit-learn==1.8.9\nnumpy\n")
        #expect(
            try train(kind).contains(
                """
                note: churn.joblib: it was saved by scikit-learn 1.8.9, but 1.9.1 is installed: pin \
                scikit-learn==1.8.9 in requirements.txt, or save the model again with the installed version; the \
                answers match expected.csv anyway\n
                """
            ))
        try FileManager.default.removeItem(at: model.appending(path: "expected.csv"))
        #expect(
            try trainingEnd(kind).errors
                == """
                churn.joblib: was saved by scikit-learn 1.8.9, but 1.9.1 is installed, which may read it \
                differently: pin scikit-learn==1.8.9 in requirements.txt, or save the model again with the installed \
                version\n
                """
        )
    }

    @Test("gets the packages that its models were saved with, or those of its own requirements.txt")
    func packagesOfModels() throws {
        try make("churn")
        // As pip itself reads them.
        let ours = try Set(projects("models/requirements.txt"))
        #expect(ours.isSuperset(of: ["joblib", "numpy", "scikit-learn", "scipy"]))
        #expect(try Set(projects("server.txt")).isSuperset(of: ["starlette", "uvicorn"]))
        #expect(try Set(projects("server.txt")).isDisjoint(with: ours))
        #expect(try projects("more.txt") == ["pandas"])
        #expect(try packages()["debs.txt"] == "\n")
        try make("skops")
        #expect(try projects("more.txt") == ["pandas", "skops"])
        try make("own")
        #expect(try projects("more.txt") == ["pandas"])
        try make("boosters")
        #expect(try packages()["more.txt"] == "lightgbm==4.7.0\npandas==3.0.6\nxgboost-cpu==3.2.0\n")
        #expect(try packages()["debs.txt"] == "libgomp1\n")
        try Data("scikit-learn==1.6.1\n".utf8).write(to: model.appending(path: "requirements.txt"))
        #expect(try packages()["debs.txt"] == "\n")
        #expect(try packages()["models/requirements.txt"] == "scikit-learn==1.6.1\n")
        #expect(try packages()["more.txt"] == "numpy\n")
    }

    @Test(
        "whose model cannot be loaded is refused with what is to be done",
        arguments: [
            (
                "import missing_package\n",
                """
                square.joblib: needs the module 'missing_package': add its package to requirements.txt, or put \
                missing_package.py beside the model\n
                """
            ),
            (
                "",
                "square.joblib: cannot be loaded: AttributeError: Can't get attribute 'Squares' on <module 'features' "
                    + "from "
            ),
        ])
    func cannotBeLoaded(module: String, reason: String) throws {
        try make("transformer")
        try Data(module.utf8).write(to: model.appending(path: "features.py"))
        let end = try trainingEnd(Kind(name: "transformer", first: "."))
        #expect(end.status == 1)
        #expect(end.errors.hasPrefix(reason), "\(end.errors)")
    }

    @Test("with types in a skops file that nobody trusts is refused, until trusted.txt names them")
    func untrusted() throws {
        try make("transformer")
        let script = """
            import joblib, pathlib, skops.io, sys
            directory = pathlib.Path(sys.argv[1]); sys.path.append(sys.argv[1])
            skops.io.dump(joblib.load(directory / "square.joblib"), directory / "square.skops")
            (directory / "square.joblib").unlink()
            """
        _ = try python.answer(script, [model.path])
        let kind = Kind(name: "transformer", first: ".")
        #expect(
            try trainingEnd(kind).errors
                == """
                square.skops: needs types that are not trusted yet: features.Squares; list those that you trust in \
                trusted.txt, one per line\n
                """
        )
        try Data("features.Squares\n".utf8).write(to: model.appending(path: "trusted.txt"))
        #expect(try train(kind).contains("version "))
    }

    @Test("is scored in batch with names of its own, probabilities, and Parquet in and out")
    func batch() throws {
        try make("churn")
        let kind = Kind(name: "churn", target: "churned", index: "customer", first: ".")
        _ = try train(kind)
        let script = """
            import json, pandas, subprocess, sys
            directory, service = sys.argv[1:]
            test = pandas.read_csv(directory + "/model/test.csv", dtype={"zip": str})
            test.drop(columns="churned")[["zip", "spend", "active", "customer", "age", "plan"]].to_parquet(directory + \
            "/in.parquet")
            for more in (["--input", directory + "/in.parquet", "--parquet"], ["--keep", "plan"]):
                subprocess.run([sys.executable, service + "/inference.py", "--results", directory + "/out", *more], \
            check=True, stdout=subprocess.DEVNULL)
            packed = pandas.read_parquet(directory + "/out/predictions.parquet")
            plain = pandas.read_csv(directory + "/out/predictions.csv")
            print(list(packed.columns), list(map(str, packed.dtypes)), (packed["churn"] == plain["churn"]).all())
            print(open(directory + "/out/predictions.csv").readlines()[:2])
            print(json.load(open(directory + "/out/scores.json"))["scores"])
            """
        let said = try LocalProgram.succeeded(
            [python.executable, "-c", script, directory.url.path, ServiceFiles.sources.path],
            environment: kind.environment.merging([
                "MODELS_DIR": (directory / "models").path, "MODEL_DIR": model.path,
            ]) { $1 })
        let lines = said.split(separator: "\n")
        #expect(
            lines.first
                == "['customer', 'churn', 'churn_probability'] ['str', 'str', 'float64'] True")
        #expect(lines[1].contains(#/'customer,churn,churn_probability,truth,plan\\n', 'c000,no,0\.97\d+,no,\\n'/#))
        #expect(lines[2].contains(#/'churn': \{'accuracy': 0\.8\d+, 'balanced_accuracy': 0\.8\d+\}/#))
    }

    @Test(
        "with Parquet in which a column holds no single values is refused with its name",
        arguments: [
            (
                "[[1, 2]] * 60",
                "has list<element: int64> in column 'plan': one number, text or boolean is required in each cell: "
                    + "make columns of it, or leave it out"
            ),
            (
                "[b'\\xff'] * 60",
                "column 'plan': has bytes that are no text in UTF-8: store text in it, or leave it out"
            ),
        ] as [(String, String)])
    func nested(values: String, reason: String) throws {
        try make("parquet")
        let script = """
            import pyarrow, pyarrow.parquet, sys
            table = pyarrow.parquet.read_table(sys.argv[1])
            place = table.schema.get_field_index("plan")
            pyarrow.parquet.write_table(table.set_column(place, "plan", pyarrow.array(\(values))), sys.argv[1])
            """
        let file = model.appending(path: "test.parquet").path
        _ = try python.answer(script, [file])
        let kind = Kind(name: "parquet", target: "churned", index: "customer", first: ".")
        #expect(try trainingEnd(kind).errors == "\(file): \(reason)\n")
    }

    @Test(
        "whose models cannot predict a row of a batch says which row, and why",
        arguments: [
            (
                Kind(name: "strict", target: "churned", first: "."), "zip\n01004\ngold\n01004\n",
                "row 1: exported cannot predict this row: Fail: [ONNXRuntimeError] : 1 : FAIL : Non-zero status code"
            ),
            (
                Kind(name: "lookup", index: "customer", first: "."), "customer,plan\nc7,pro\nc8,gold\n",
                "row c8: model cannot predict this row: KeyError: 'gold'\n"
            ),
        ] as [(Kind, String, String)])
    func rowOfBatch(kind: Kind, rows: String, reason: String) throws {
        try make(kind.name)
        _ = try train(kind)
        try directory.write("rows.csv", rows)
        let input = (directory / "rows.csv").path
        let script =
            "import inference, models, pathlib, sys; models.OWN = pathlib.Path(sys.argv.pop()); inference.main()"
        let end = try LocalProgram.run(
            [python.executable, "-c", script, "--input", input, "--results", directory.url.path, model.path],
            in: ServiceFiles.sources,
            environment: kind.environment.merging([
                "MODELS_DIR": (directory / "models").path, "MODEL_DIR": model.path,
            ]) { $1 })
        #expect(end.errors.contains("\(input): \(reason)"), "\(end.errors)")
        #expect(!end.errors.contains("Traceback"), "\(end.errors)")
    }

    @Test("whose model takes columns by name, and does not say which, is refused with what is to be done")
    func picking() throws {
        try make("picking")
        let reason = """
            price: cannot predict the examples: IndexError: only integers, slices (`:`), ellipsis (`...`), \
            numpy.newaxis (`None`) and integer or boolean arrays are valid indices; it gets a NumPy array, because it \
            does not say which columns it knows (feature_names_in_): begin with a ColumnTransformer, or write a \
            model.py, which gets a data frame\n
            """
        #expect(try trainingEnd(Kind(name: "picking", first: ".")).errors == reason)
    }

    @Test("keeps columns as they are read, from Parquet to Parquet, through shards and alone")
    func keepsInParquet() async throws {
        try make("churn")
        let kind = Kind(name: "churn", target: "churned", index: "customer", first: ".")
        _ = try train(kind)
        let prepare = """
            import pandas, sys
            test = pandas.read_csv(sys.argv[1] + "/model/test.csv", dtype={"zip": str})
            test["remark"] = ["two\\nlines", "NA", None] * 20
            test["churn"] = test["age"]
            test.to_parquet(sys.argv[1] + "/in.parquet")
            """
        _ = try python.answer(prepare, [directory.url.path])
        let environment = kind.environment.merging(["MODELS_DIR": (directory / "models").path]) { $1 }
        func run(_ arguments: String...) throws {
            _ = try LocalProgram.succeeded(
                [python.executable, "inference.py"] + arguments, in: ServiceFiles.sources, environment: environment)
        }
        try run(
            "--input", (directory / "in.parquet").path, "--results", directory.url.path, "--keep", "all", "--parquet")
        try await RunningCoordinator.during(
            ["--shards", "2", "--keep", "all", "--parquet", "--input", (directory / "in.parquet").path],
            models: directory / "models", in: directory / "batch", environment: kind.environment, python: python
        ) { coordinator async throws in
            for shard in 0..<2 { try run("--coordinator", coordinator.address, "--shard", "\(shard)") }
            var status = ""
            while !status.contains("predictions.parquet") { status = try await coordinator.get("/status").text }
            let made = directory / "batch/predictions.parquet"
            #expect(status.contains(try ServiceFiles.sha256(Data(contentsOf: made))))
            #expect(status.contains(#""parquet": true"#))
            let alone = try Data(contentsOf: directory / "predictions.parquet")
            let read = "import pandas, sys; a, b = map(pandas.read_parquet, sys.argv[1:]); print(a.equals(b))"
            try alone.write(to: directory / "alone.parquet")
            #expect(try python.answer(read, [(directory / "alone.parquet").path, made.path]) == "True\n")
        }
        let look = """
            import pandas, sys
            got = pandas.read_parquet(sys.argv[1] + "/predictions.parquet")
            test = pandas.read_parquet(sys.argv[1] + "/in.parquet")
            print({name: str(kind) for name, kind in got.dtypes.items()})
            print(all((got[name].isna() == test[name].isna()).all() and (got[name].dropna() == \
            test[name].dropna()).all()
                      for name in ("age", "plan", "zip", "active", "spend", "remark")), (got["input_churn"] == \
            test["age"].astype(str)).all())
            """
        #expect(
            try python.answer(look, [directory.url.path]) == """
                {'customer': 'str', 'churn': 'str', 'churn_probability': 'float64', 'truth': 'str', 'age': 'int64', \
                'plan': 'str', 'zip': 'str', 'active': 'bool', 'spend': 'float64', 'churned': 'str', 'remark': 'str', \
                'input_churn': 'str'}
                True True

                """)
    }

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
                coded: cannot predict the examples: TypeError: ufunc 'isnan' not supported for the input types, and \
                the inputs could not be safely coerced to any supported types according to the casting rule ''safe''; \
                perhaps a column of numbers was text in training: save the examples as Parquet, with the types of the \
                training\n
                """
            ),
        ])
    func otherModels(kind: String, reason: String) throws {
        try make(kind)
        #expect(try trainingEnd(Kind(name: kind, first: ".")).errors == reason)
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

    private var model: URL { directory / "model" }

    private func make(_ kind: String) throws {
        try? FileManager.default.removeItem(at: model)
        _ = try python.see("make_models.py", kind, model.path)
    }

    private func train(_ kind: Kind) throws -> String {
        let end = try trainingEnd(kind)
        if end.status != 0 { throw Failed(end.errors) }
        return end.output
    }

    private func trainingEnd(_ kind: Kind) throws -> LocalProgram {
        try LocalProgram.run(
            [
                python.executable, "train.py", "--directory", model.path, "--data", (directory / "data").path,
                "--models",
                (directory / "models").path,
            ], in: ServiceFiles.sources, environment: kind.environment)
    }

    /// What pip would install of one of the files.
    private func projects(_ file: String) throws -> [String] {
        _ = try packages()
        let read = """
            import sys
            from pip._internal.network.session import PipSession
            from pip._internal.req import parse_requirements
            from pip._internal.req.constructors import install_req_from_parsed_requirement as requirement
            for one in parse_requirements(sys.argv[1], session=PipSession()): print(requirement(one).name)
            """
        let path = (directory / "packages").appending(path: file).path
        return try python.answer(read, [path]).split(separator: "\n").map(String.init)
    }

    private func packages() throws -> [String: String] {
        let place = directory / "packages"
        _ = try python.run("packages.py", model.path, ServiceFiles.requirements.path, place.path)
        let names = ["server.txt", "models/requirements.txt", "more.txt", "debs.txt"]
        return try Dictionary(
            uniqueKeysWithValues: names.map {
                ($0, try String(contentsOf: place.appending(path: $0), encoding: .utf8))
            })
    }
}

extension ModelDirectoryTests.Kind {
    fileprivate var environment: [String: String] { ["TARGET": target, "INDEX": index] }
}
