import Foundation

/// A model directory, and what train.py made of it: data/ is the example's with its train.csv and test.csv, and beside
/// them what the service reads; models/ has {lda,mlp}.joblib, golden.json and metadata.json.
struct Training {
    let directory: URL
    let golden: Golden
    let test: Table

    var data: URL { directory.appending(path: "data") }
    var models: URL { directory.appending(path: "models") }

    static let generated = Task {
        try await Training("generated", of: []) { _ in }
    }

    static let eeg = Task {
        guard let source = ServiceFiles.eeg else { throw Failed("\(ServiceFiles.withoutEEG)") }
        let files = ["train.csv", "test.csv"].map { source.appending(path: $0) }
        return try await Training("eeg", of: files.map { try Data(contentsOf: $0) }) { directory in
            for file in files {
                try FileManager.default.copyItem(at: file, to: directory.appending(path: file.lastPathComponent))
            }
        }
    }

    /// Three classes that two features tell apart, too few rows to take time.
    static let small = Task {
        try await Training("small", of: [Data(SmallData.train.utf8), Data(SmallData.test.utf8)]) { directory in
            try SmallData.write(to: directory)
        }
    }

    private init(_ name: String, of ingredients: [Data], write: (URL) throws -> Void) async throws {
        let python = try await Python.shared.value
        let asking = try FileManager.default.contentsOfDirectory(atPath: ServiceFiles.golden.path).sorted()
        let names =
            [
                "requirements.txt", "errors.py", "records.py", "cells.py", "header.py", "schema.py", "column_types.py",
                "example_rows.py", "example_notes.py", "model_directory.py", "drift.py", "parquet.py",
                "metadata.py", "train.py",
            ]
            + asking.filter { $0.hasSuffix(".py") }.map { "golden/\($0)" }
        let sources = try names.map(ServiceFiles.source)
        let example = try ServiceFiles.exampleFiles.map {
            try Data(contentsOf: ServiceFiles.example.appending(path: $0))
        }
        directory = try ServiceFiles.cached("models-\(name)", of: sources + example + ingredients) { directory in
            let data = directory.appending(path: "data")
            try ServiceFiles.copyExample(to: data)
            try write(data)
            _ = try python.train(data, models: directory.appending(path: "models"))
        }
        golden = try Golden(directory.appending(path: "models/golden.json"))
        test = try Table(directory.appending(path: "data/test.csv"))
    }

    /// Describes a directory of models anew that a test changed on purpose.
    static func describe(_ models: URL) async throws {
        let script = """
            import json, metadata, pathlib, sys
            directory = pathlib.Path(sys.argv[1])
            # What another test took away is not missed.
            about = json.loads((directory / "metadata.json").read_bytes())
            metadata.write(directory, {key: about[key] for key in ("schema", "labels", "models", "bins")})
            """
        _ = try await Python.shared.value.run("-c", script, models.path)
    }
}

/// What train.py says the pipelines answer.
struct Golden: Decodable, Equatable {
    struct Class: Decodable, Equatable {
        let number: Int
        let letter: String
        var json: String { #"{"number":\#(number),"letter":"\#(letter)"}"# }
    }

    struct Row: Decodable, Equatable {
        let line: Int
        let truth: Class
        let lda: Class
        let mlp: Class
        /// Both models' part of an answer.
        var json: String { #""lda":\#(lda.json),"mlp":\#(mlp.json)"# }
    }

    let models: [String]
    let tasks: [String: String]
    let features: [String]
    let score: [String: Double]
    let rows: [Row]

    init(_ file: URL) throws { self = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file)) }
}

/// A CSV file as text: names of features, class and features of each row as they are written.
struct Table {
    let features: [String]
    let letters: [Int]
    let rows: [[String]]

    init(_ file: URL) throws {
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        features = Array(lines[0].dropFirst(2))
        letters = lines.dropFirst().compactMap { Int($0[1]) }
        rows = lines.dropFirst().map { Array($0.dropFirst(2)) }
    }

    /// The body that asks for these rows.
    func request(_ places: Range<Int>) -> String {
        let asked = rows[places].map { "[" + $0.joined(separator: ",") + "]" }
        return #"{"rows":["# + asked.joined(separator: ",") + "]}"
    }
}
