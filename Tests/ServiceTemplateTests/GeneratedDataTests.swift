import Foundation
import Testing

@Suite("The generator of data")
struct GeneratedDataTests {
    let directory: TemporaryDirectory
    let python: Python
    private static let script = ServiceFiles.example.appending(path: "generate_data.py").path

    init() async throws {
        python = try await Python.shared.value
        directory = try TemporaryDirectory()
    }

    @Test("writes the shape of the study: 26 letters with 50 rows each, 32 electrodes in 5 bands")
    func shape() async throws {
        let data = try await Training.generated.value.data
        for name in ["train.csv", "test.csv"] {
            let table = try Table(data.appending(path: name))
            #expect(table.features.count == 160)
            #expect(
                table.features.prefix(6) == ["Cz/theta", "Cz/alpha", "Cz/betaL", "Cz/betaH", "Cz/gamma", "Fz/theta"])
            #expect(table.letters == (0..<1300).map { $0 / 50 })
            #expect(table.rows.allSatisfy { $0.count == 160 && $0.allSatisfy { (Double($0) ?? 0) > 0 } })
        }
    }

    @Test("writes the very header of the study's files")
    func header() async throws {
        let data = try await Training.generated.value.data
        for name in ["train.csv", "test.csv"] {
            #expect(try ServiceFiles.sha256(Data(header(of: data.appending(path: name)).utf8)) == Self.header)
        }
    }

    @Test(
        "knows that header as the study's files have it", .enabled(if: ServiceFiles.eeg != nil, ServiceFiles.withoutEEG)
    )
    func ownHeader() throws {
        for name in ["train.csv", "test.csv"] {
            let file = try #require(ServiceFiles.eeg).appending(path: name)
            #expect(try ServiceFiles.sha256(Data(header(of: file).utf8)) == Self.header)
        }
    }

    /// sha256 of the first line of both files, without its end.
    private static let header = "249ee927be3366cbcbb888c9324c5801bde1e7c3b33cd723280b70d23466c367"

    @Test("writes the same bytes each time, and different rows for training and test")
    func repeatable() async throws {
        let data = try await Training.generated.value.data
        _ = try python.run(Self.script, directory.url.path)
        for name in ["train.csv", "test.csv"] {
            #expect(try Data(contentsOf: directory / name) == Data(contentsOf: data.appending(path: name)))
        }
        let (train, test) = (try Table(directory / "train.csv"), try Table(directory / "test.csv"))
        #expect(Set(train.rows).isDisjoint(with: test.rows))
    }

    @Test("leaves a person's own data alone")
    func ownData() throws {
        try SmallData.write(to: directory.url)
        _ = try python.run(Self.script, "--if-absent", directory.url.path)
        #expect(try directory.text("train.csv") == SmallData.train)
        #expect(try directory.text("test.csv") == SmallData.test)
    }

    @Test("refuses to invent one half", arguments: [("train.csv", "test.csv"), ("test.csv", "train.csv")])
    func half(given: String, missing: String) throws {
        try directory.write(given, SmallData.train)
        let end = try python.end(of: Self.script, "--if-absent", directory.url.path)
        #expect(end.status == 1)
        #expect(
            end.errors
                == """
                \(directory.url.path)/\(missing) is missing: give both train.csv and test.csv, or neither to have \
                them generated\n
                """
        )
    }

    private func header(of file: URL) throws -> Substring {
        try #require(try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline).first)
    }
}
