import Foundation
import Testing

extension ModelDirectoryTests {
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
            (
                Kind(name: "logarithms", target: "up", first: "."), "a,b,c,d\n1,1,1,1\n-5,1,1,1\n",
                "row 1: kind cannot predict this row: Input X contains NaN."
            ),
        ] as [(Kind, String, String)])
    func rowOfBatch(kind: Kind, rows: String, reason: String) throws {
        try make(kind.name)
        _ = try train(kind)
        try directory.write("rows.csv", rows)
        let input = (directory / "rows.csv").path
        let script =
            "import inference, loading, pathlib, sys; loading.OWN = pathlib.Path(sys.argv.pop()); inference.main()"
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
}
