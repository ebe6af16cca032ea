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
            Kind(name: "settings", target: "way", first: #""model": \{"class": "(up|down)"\}"#),
            Kind(
                name: "zero_or_one", target: "is_up",
                first: #""up": \{"accuracy": 0\.9\d+, "balanced_accuracy": 0\.\d+\}"#),
            Kind(
                name: "grades_written", target: "grade",
                first: #""texts": \{"class": "(01|1|2)", "probability": [01]\.\d+\}, "whole": \{"class": [12], .*"#),
            Kind(name: "single", first: #""price": \{"value": -?\d+\.\d+\}"#),
            Kind(name: "times", target: "at", first: #""seen": \{"r2": 0\.9\d+, "mae": \d\.\d+\}"#),
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
            Kind(name: "zip_words", target: "price", first: #""price": \{"value": -?\d\.\d+\}"#),
            Kind(name: "blanks", first: #""price": \{"value": -?\d+\.\d+\}"#),
            Kind(name: "codes", target: "price", first: #""codes": \{"value": 0\.48\d+\}"#),
            Kind(
                name: "logarithms", target: "up",
                first: #""kind": \{"class": false, "probability": 0\.53\d+\}, "size": \{"value": 1\.1\d+\}, .*"#),
            Kind(
                name: "searched", target: "price",
                first: #""leaves": \{"value": 2\.7\d+\}, "trees": \{"value": 1\.1\d+\}"#),
            Kind(name: "reviews", first: #""mood": \{"class": "up", "probability": 0\.9\d+\}"#),
            Kind(name: "unsigned", first: #""price": \{"value": -0\.02\d+\}"#),
            Kind(name: "yes_or_no", target: "gone", first: #""left": \{"class": 0, "probability": 0\.6\d+\}"#),
            Kind(name: "parts", first: #""fourth": \{"value": 0\.001\d+\}"#),
            Kind(name: "transformer", first: #""square": \{"value": 0\.035\d+\}"#),
            Kind(name: "namesakes", first: #""cube": \{"value": 0\.0067\d+\}"#),
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
        #expect(try train(kind).contains("60 of 60 rows match expected.csv\n"))
        let file = model.appending(path: "expected.csv")
        let good = try String(contentsOf: file, encoding: .utf8)
        let lines = good.split(separator: "\n")
        // Rows in another order, and fewer: they are found by the index.
        try Data((lines.prefix(1) + lines.dropFirst(40).reversed()).joined(separator: "\n").utf8).write(to: file)
        #expect(try train(kind).contains("21 of 60 rows match expected.csv\n"))
        let cases =
            [
                (
                    good.replacing(/(c00[35]),(no|yes),/, with: { "\($0.1),\($0.2 == "no" ? "yes" : "no")," }),
                    #"""
                    churn differs from expected\.csv on 2 of 60 rows \(row 3: (no|yes) 0\.\d\d, expected (no|yes) \#
                    0\.\d\d\)\n
                    """#
                ),
                (
                    good.replacing(/(c007,\w+),0\.\d+/, with: { "\($0.1),0.123456" }),
                    #"""
                    churn differs from expected\.csv on 1 of 60 rows \(row 7: \w+ 0\.\d+, expected 0\.123456\)\n
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
                (
                    good.replacing("customer,churn,churn_probability", with: "customer,churn,Churn_Probability"),
                    #"""
                    expected\.csv:1, column 3: 'Churn_Probability' is no model's column, 'churn_probability' is: \#
                    write it so\n
                    """#
                ),
                (
                    good.replacing("customer,churn,churn_probability", with: "customer,Churn,churn_probability"),
                    #"expected\.csv:1, column 2: 'Churn' is no model's column, 'churn' is: write it so\n"#
                ),
                (
                    "churn\nno\nyes\n",
                    #"""
                    expected\.csv: has 2 rows, and the examples have 60: without a column 'customer' or row its rows \#
                    are matched by position, and there must be one for each\n
                    """#
                ),
                (
                    good.replacing(/(c008,\w+,0\.\d{6})/, with: { "\($0.1)09" }),
                    #"""
                    churn differs from expected\.csv on 1 of 60 rows \(row 8: \w+ 0\.\d{6,}, expected 0\.\d{7,}\)\n
                    """#
                ),
                (
                    "churn\n\"\"\n" + lines.dropFirst(2).map { "\($0.split(separator: ",")[1])\n" }.joined(),
                    #"churn differs from expected\.csv on 1 of 60 rows \(row 0: no 0\.\d\d, expected \)\n"#
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

    @Test("whose classes are none of the target's is built with a note")
    func strangeClasses() throws {
        try make("yes_or_no")
        #expect(
            try train(Kind(name: "yes_or_no", target: "gone", first: ".")).contains(
                """
                note: left answers 0, 1, and the target has no, yes: none of its answers is right; train it with the \
                classes of the target\n
                """))
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
        #expect(try train(kind).contains("39 of 39 rows match expected.csv\n"))
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

    var model: URL { directory / "model" }

    func make(_ kind: String) throws {
        try? FileManager.default.removeItem(at: model)
        _ = try python.see("make_models.py", kind, model.path)
    }

    func train(_ kind: Kind) throws -> String {
        let end = try trainingEnd(kind)
        if end.status != 0 { throw Failed(end.errors) }
        return end.output
    }

    func trainingEnd(_ kind: Kind) throws -> LocalProgram {
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
    var environment: [String: String] { ["TARGET": target, "INDEX": index] }
}
