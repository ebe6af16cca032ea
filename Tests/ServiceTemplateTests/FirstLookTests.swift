import Foundation
import Testing

/// first_look.py as `kubeforge` runs it: by whatever Python there is, out of standard input.
@Suite("What first_look.py says of a directory")
struct FirstLookTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("is names, types, which cells may be missing, and what the target is")
    func columns() async throws {
        let rows = """
            customer;age;plan;zip;active;spend;churned
            c1;41;pro;01234;True;30,5;yes
            c2;17;NA;00001;False;;no
            c3;55;"free; now";99999;True;7;yes
            """
        try directory.write("test.csv", rows)
        try directory.write("leaves.txt", "tree\nversion=v4\n")
        try directory.write("expected.csv", "churn\n")
        #expect(
            try await said("--target", "churned", "--index", "customer") == """
                {"test": 3, "features": 5, "columns": [\
                {"name": "age", "type": "integer", "optional": false, "example": 41}, \
                {"name": "plan", "type": "text", "optional": true, "example": "pro"}, \
                {"name": "zip", "type": "text", "optional": false, "example": "01234"}, \
                {"name": "active", "type": "boolean", "optional": false, "example": true}, \
                {"name": "spend", "type": "number", "optional": true, "example": 30.5}], \
                "target": "churned", "index": "customer", "task": "classification", "classes": 2, \
                "data": {"test": {"sha256": "\(ServiceFiles.sha256(Data(rows.utf8)))", "rows": 3}}, \
                "notes": ["test.csv has leading zeros in 'zip', which is text here; pandas.read_csv reads numbers, \
                unless dtype={'zip': str} says otherwise"], \
                "models": [{"name": "leaves", "file": "leaves.txt", "format": "lightgbm", "library": "lightgbm", \
                "version": null}], \
                "trains": false, "expected": true, "requirements": false, "bytes": \(rows.utf8.count + 16 + 6)}

                """)
    }

    @Test(
        """
        is what is worth knowing: no target, columns that never change, classes that are rare, a test that is the \
        training
        """
    )
    func notes() async throws {
        try directory.write("train.py", "")
        try directory.write("train.csv", "a,b,kind\n1,7,x\n2,7,x\n3,7,y\n")
        try directory.write("test.csv", "a,b,kind\n1,7,x\n2,7,x\n3,7,y\n")
        #expect(
            try await said("--target", "kind").contains(
                #"""
                "notes": ["test.csv has the rows of train.csv: scores tell how well models remember, not how well \#
                they do on new rows", "train.csv has 1 feature with the same value in every row: b", "train.csv has 1 \#
                row of class y"]
                """#))
        try FileManager.default.removeItem(at: directory / "test.csv")
        let none = try await said()
        #expect(none.contains("test.csv is missing: the rows of train.csv are the examples, and scores tell how well"))
        #expect(
            none.contains(
                "no column is the target (service: target:): nothing is scored. The columns are 'a', 'b', 'kind'"))
        #expect(none.contains(#""trains": true"#))
    }

    @Test("tells of features that are the same, of rows of nothing but zeros, and of a test that is one row")
    func accidents() async throws {
        try directory.write("train.py", "")
        try directory.write("train.csv", "a,b,c,kind\n0.5,0.5,1,x\n0,0,0.0,x\n2,2,7,y\n0,0,-0,y\n")
        try directory.write("test.csv", "a,b,c,kind\n1,2,3,x\n")
        #expect(
            try await said("--target", "kind").contains(
                #"""
                "notes": ["train.csv has features that are the same in every row: a = b", "train.csv has 2 rows in \#
                which every feature is 0", "test.csv has 1 row: its score is all or nothing", "train.csv has 2 \#
                rows of class x"]
                """#))
    }

    @Test(
        "tells of numbers that are others where a sign separates thousands",
        arguments: [
            ("a;b\n1.107;2\n900;3\n", "2, column 1 (a): '1.107' is read as 1.107: write 1107 if the point separates"),
            ("a;b\n2;1,107\n3;900\n", "2, column 2 (b): '1,107' is read as 1.107: write 1107 if the comma separates"),
            ("a;b\n0.5;1,107\n1.5;9\n", "2, column 2 (b): '1,107' is read as 1.107: write 1107 if the comma separates"),
            ("a;b\n1.107;2\n9000;3\n", nil), ("a;b\n1.107;2\n900;3.5\n", nil), ("a;b\n1,107;0,5\n900;3\n", nil),
            ("a,b\n1.107,2\n900,3\n", nil),
        ] as [(String, String?)])
    func thousands(rows: String, note: String?) async throws {
        try directory.write("leaves.txt", "tree\n")
        try directory.write("test.csv", rows)
        let said = try await said()
        #expect(said.contains("thousands") == (note != nil), "\(said)")
        #expect(note.map { said.contains("\(directory.url.path)/test.csv:\($0) thousands\"") } ?? true, "\(said)")
    }

    @Test(
        "is a refusal, when it cannot be served",
        arguments: [
            (["test.csv": "a\n1\n"], [], "holds no model: it needs a file .joblib, .pkl, .skops, .onnx, "),
            (["leaves.txt": "tree\n"], [], "has no test.csv or test.parquet: models need example rows"),
            (
                ["leaves.txt": "tree\n", "leaves.json": #"{"learner": {}}"#, "test.csv": "a\n1\n"], [],
                "leaves.txt: two models are named 'leaves': rename one"
            ),
            (["l eaves.txt": "tree\n", "test.csv": "a\n1\n"], [], "'l eaves' would be the model's name in answers"),
            (
                ["x.skops": "text", "test.csv": "a\n1\n"], [],
                "x.skops: is not a skops file (a ZIP archive with a schema.json): save the model again with "
            ),
            (
                ["x.joblib": "x\u{5E}\u{7}", "test.csv": "a\n1\n"], [],
                "x.joblib: is compressed, and damaged or cut off: save or copy it again"
            ),
            (
                ["leaves.txt": "tree\n", "golden_rows.py": "", "test.csv": "a\n1\n"], [],
                "golden_rows.py: the build has a module of this name: rename it"
            ),
            (
                ["leaves.txt": "tree\n", "requirements.txt": "numpy\n-e .\n", "test.csv": "a\n1\n"], [],
                "requirements.txt:2: --editable needs sources, and the image has no compiler"
            ),
            (
                ["leaves.txt": "tree\n", "test.csv": "a\n1\n"], ["--target", "b"],
                "test.csv:1: has no column 'b', which target: names; it has 'a'"
            ),
            (
                ["leaves.txt": "tree\n", "test.csv": "sep=;\na;b\n1;2\n"], [],
                "test.csv:1: is not the header, but tells Excel the separator ('sep=;'): remove this line"
            ),
            (
                ["leaves.txt": "tree\n", "test.csv": "a;b\n0,5;1.107\n1,5;900\n"], [],
                """
                test.csv:2, column 2 (b): is '1.107', and the file has decimal commas, too: write 1107 if the point \
                separates thousands, 1,107 if it is a decimal point, or save the file as Parquet if the column is text
                """
            ),
            (
                ["leaves.txt": "tree\n", "test.csv": "a\n1\n"], ["--target", "a"],
                "test.csv:1: has no features: each of its columns is the index or the target"
            ),
        ] as [([String: String], [String], String)])
    func refused(files: [String: String], arguments: [String], reason: String) async throws {
        for (name, text) in files { try directory.write(name, text) }
        let said = try await said(arguments)
        #expect(said.hasPrefix(#"{"refused": "\#(directory.url.path)"#) && said.contains(reason), "\(said)")
    }

    @Test("knows every module beside which no other of the name would be found")
    func taken() async throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: ServiceFiles.golden.path)
        where file.hasSuffix(".py") && file != "__main__.py" {
            try directory.write("leaves.txt", "tree\n")
            try directory.write("test.csv", "a\n1\n")
            try directory.write(file, "")
            #expect(try await said().contains("\(file): the build has a module of this name"), "\(file)")
            try FileManager.default.removeItem(at: directory / file)
        }
    }

    @Test("is a note where only the build can tell")
    func parquet() async throws {
        try directory.write("leaves.txt", "tree\n")
        try directory.write("test.parquet", "PAR1")
        #expect(
            try await said().hasPrefix(
                #"""
                {"test": null, "features": null, "columns": [], "target": null, "index": null, "task": null, \#
                "classes": null, "data": {}, "notes": ["\#(directory.url.path)/test.parquet is Parquet: it is checked \#
                when the image is built"]
                """#
            ))
    }

    @Test("is about the header of rows for batch inference, too, where columns of them are to be kept")
    func rowsOfBatch() async throws {
        try directory.write("rows.csv", "a,\"b, c\",d\n1,2,3\n")
        func said(_ keep: String) async throws -> String {
            try await firstLook(["--rows", (directory / "rows.csv").path, "--keep=\(keep)", "--json"])
        }
        #expect(try await said("d, \"b, c\"") == #"{"columns": ["a", "b, c", "d"]}"# + "\n")
        #expect(try await said("all") == #"{"columns": ["a", "b, c", "d"]}"# + "\n")
        #expect(
            try await said("e").contains(
                "rows.csv:1: has no column 'e', which is to be kept; it has 'a', 'b, c', 'd'"))
    }

    @Test("reads 3.8's Python, which an operator may still have")
    func oldPython() async throws {
        let script = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 8)); print('fine')"
        let python = try await Python.shared.value
        for name in [
            "errors.py", "records.py", "cells.py", "header.py", "schema.py", "column_types.py", "example_rows.py",
            "example_notes.py", "model_directory.py", "requirements_file.py", "first_look.py", "parquet.py", "drift.py",
        ] {
            let path = ServiceFiles.sources.appending(path: name).path
            #expect(try python.answer(script, [path]) == "fine\n", "\(name)")
        }
    }

    private func said(_ arguments: String...) async throws -> String { try await said(arguments) }

    private func said(_ arguments: [String]) async throws -> String {
        try await firstLook(["--directory", directory.url.path] + arguments + ["--json"])
    }
}
