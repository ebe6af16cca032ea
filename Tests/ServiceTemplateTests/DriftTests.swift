import Foundation
import Testing

@Suite("Drift")
struct DriftTests {
    let directory: TemporaryDirectory
    let python: Python
    let training: Training

    init() async throws {
        python = try await Python.shared.value
        training = try await Training.generated.value
        directory = try TemporaryDirectory()
    }

    @Test("is none in rows like the training's, and is told by column where values moved")
    func told() throws {
        let same = try run(training.data.appending(path: "test.csv").path)
        #expect(same.hasPrefix("1300 rows, against 2"))
        #expect(same.contains("  stable\n") && !same.contains("drifted\n"))
        let text = try String(contentsOf: training.data.appending(path: "test.csv"), encoding: .utf8)
        let moved = text.split(separator: "\n").enumerated().map { place, line in
            var cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            if place > 0 { cells[3] = "9\(cells[3])" }
            return cells.joined(separator: ",")
        }
        try directory.write("moved.csv", moved.joined(separator: "\n"))
        let told = try run((directory / "moved.csv").path).split(separator: "\n").filter { $0.hasSuffix("  drifted") }
        #expect(told.count == 1 && told[0].hasPrefix("Cz/alpha "))
    }

    @Test("of words, gaps and new words is counted, and of few rows nothing is said")
    func words() throws {
        let script = """
            import drift
            bins = {"values": ["pro", "free"], "shares": [0.5, 0.5, 0, 0]}
            for values in (["pro", "free"], ["pro", "pro", "pro", "free"], ["pro", "free", "new", None]):
                tally = drift.Tally(bins)
                for value in values: tally.add(value)
                print(tally.counts, round(drift.psi(bins["shares"], tally.shares()), 4))
            print(drift._edges([3, 1, 2, 2, 2, 2, 2, 2, 2, 9]), drift._edges([]))
            """
        #expect(
            try python.run("-c", script) == """
                [1, 1, 0, 0] 0.0
                [3, 1, 0, 0] 0.2747
                [1, 1, 1, 1] 4.257
                {'edges': [2, 2.0000000000000004, 3, 9]} {'edges': []}

                """)
        let lines = try String(contentsOf: training.data.appending(path: "test.csv"), encoding: .utf8).split(
            separator: "\n")
        try directory.write("few.csv", lines.prefix(11).joined(separator: "\n"))
        #expect(try run((directory / "few.csv").path) == "10 rows are too few to compare: at least 100 are needed\n")
    }

    @Test("of flags, counts and columns with one value is told when they change, by each way of counting")
    func repeated() async throws {
        let script = """
            import drift, numpy
            for before, after in (([0.0] * 95 + [1.0] * 5, [1.0] * 100), ([3.0] * 100, [7.0] * 100),
                                  ([-2.5] * 100, [-2.4] * 100), ([0.0] * 60 + [1.0] * 25 + [2.0] * 15, [1.0] * 100)):
                bins, shares = drift._edges(before), []
                for values in (before, before, after, after):
                    tally = drift.Tally(bins)
                    if len(shares) % 2: tally.add_all(numpy.array(values))
                    else: [tally.add(value) for value in values]
                    shares.append(tally.shares())
                print(shares[0] == shares[1], shares[2] == shares[3], drift.psi(shares[0], shares[2]) > 5)
            """
        #expect(
            try await Python.everyKind.value.answer(script, [])
                == String(repeating: "True True True\n", count: 4))
    }

    @Test("is refused of rows with a number that is another where its point separates thousands")
    func thousands() async throws {
        let metadata = try await Training.small.value.models.appending(path: "metadata.json").path
        let rows = (directory / "rows.csv").path
        try directory.write("rows.csv", "x;y\n0,5;900\n1,5;1.107\n")
        let end = try python.end(of: "drift.py", rows, "--metadata", metadata)
        #expect(
            end.errors == """
                \(rows):3, column 2 (y): is '1.107', and the file has decimal commas, too: write 1107 if the point \
                separates thousands, 1,107 if it is a decimal point

                """)
    }

    @Test("of a Parquet file is that of the same rows as CSV, and needs pyarrow here")
    func parquet() async throws {
        let other = try await Python.everyKind.value
        let test = training.data.appending(path: "test.csv").path
        let script = "import pandas, sys; pandas.read_csv(sys.argv[1]).to_parquet(sys.argv[2])"
        _ = try other.answer(script, [test, (directory / "rows.parquet").path])
        let packed = ["drift.py", (directory / "rows.parquet").path, "--metadata", metadata]
        #expect(
            try LocalProgram.succeeded([other.executable] + packed, in: ServiceFiles.sources)
                == run(test))
        let end = try LocalProgram.run([python.executable] + packed, in: ServiceFiles.sources)
        #expect(
            end.errors == """
                \((directory / "rows.parquet").path): is Parquet, which needs pyarrow: activate a virtual environment \
                that has it, or save the file as CSV

                """)
    }

    private var metadata: String { training.models.appending(path: "metadata.json").path }

    private func run(_ file: String) throws -> String {
        try python.run("drift.py", file, "--metadata", metadata)
    }
}
