import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("A new model directory")
struct NewModelDirectoryTests {
    private func make(_ order: NewModelDirectory.Order, _ directory: TemporaryDirectory) throws(Problem)
        -> NewModelDirectory
    {
        try NewModelDirectory(order) { $0.hasPrefix("/") ? $0 : directory.path($0) }
    }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    @Test("may be there already where it is empty, and is no file that has its name")
    func inTheWay() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("models/churn.joblib", "a model")
            try directory.write("rows.csv", "a,b\n1,2\n")
            let order = NewModelDirectory.Order(model: "models/churn.joblib", rows: "rows.csv")
            try FileManager.default.createDirectory(
                atPath: directory.path("churn"), withIntermediateDirectories: false)
            try make(order, directory).write()
            #expect(try names(directory.path("churn")) == ["churn.joblib", "test.csv"])
            var other = order
            other.output = "taken"
            try directory.write("taken", "")
            let problem = #expect(throws: Problem.self) { try make(other, directory) }
            #expect(problem?.what == "taken exists already, and nothing in it is overwritten")
        }
    }

    @Test("is looked at with the files that it has and those that it gets")
    func preview() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("own/churn.joblib", "a model")
            try directory.write("rows.csv", "a,b\n1,2\n")
            let own = try make(.init(model: "own", rows: "rows.csv"), directory)
            let (place, seen) = try await own.preview { ($0, try names($0)) }
            #expect(seen == ["churn.joblib", "test.csv"])
            #expect(place != directory.path("own"))
            #expect(!FileManager.default.fileExists(atPath: place))
            #expect(try names(directory.path("own")) == ["churn.joblib"])
            #expect(own.named("\(place)/test.csv:2: no", in: place) == "\(directory.path("rows.csv")):2: no")
            // What lacks nothing is looked at where it is.
            let whole = try make(.init(model: "own/"), directory)
            let there = try await whole.preview { $0 }
            #expect(there == directory.path("own"))
            #expect(try make(.init(model: "/"), directory).path == "/")
        }
    }

    @Test("that is there takes neither a name nor another place, and its own rows stay")
    func there() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("own/churn.joblib", "a model")
            try directory.write("rows.csv", "a,b\n1,2\n")
            for order in [
                NewModelDirectory.Order(model: "own", rows: "rows.csv", name: "churn"),
                NewModelDirectory.Order(model: "own", rows: "rows.csv", output: "other"),
            ] {
                let problem = #expect(throws: Problem.self) { try make(order, directory) }
                #expect(
                    problem?.what
                        == "--name and --directory are for the file of a model, and --model own is a directory")
            }
            // Of both, the one that the service would take is named.
            for name in ["test.parquet", "test.csv"] {
                try directory.write("own/\(name)", "mine")
                let problem = #expect(throws: Problem.self) {
                    try make(.init(model: "own", rows: "rows.csv"), directory)
                }
                #expect(problem?.what == "own has a \(name) already, and it is not overwritten")
            }
        }
    }
}
