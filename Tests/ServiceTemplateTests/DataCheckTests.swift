import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@Suite("Before anything is built, deploy")
struct DataCheckTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try SmallData.write(to: directory.url)
    }

    @Test("takes data that can be trained on, and tells what is worth knowing")
    func good() async throws {
        #expect(try await notes() == [])
        try directory.write("test.csv", SmallData.train)
        #expect(
            try await notes() == [
                """
                test.csv has the rows of train.csv: scores tell how well models remember, not how well they do on new \
                rows
                """
            ])
    }

    @Test("refuses data with file, line, column, value and what it takes")
    func bad() async throws {
        try directory.write("test.csv", SmallData.test + "30,0,1,NA\n")
        let error = await #expect(throws: Problem.self) { try await notes() }
        #expect(error?.kind == .invalidInventory)
        #expect(
            error?.description == """
                models cannot be trained on these data
                  why  \(directory.url.path)/test.csv:32, column 4 (y): is missing ('NA'): fill it in, or leave the \
                row out
                  fix  correct the file, or name others: service: data: in inventory.yaml
                """)
    }

    @Test("says how much memory a pod needs, when it is more than it may use")
    func memory() throws {
        let check = try #require(try DataCheck(cluster: cluster(memory: 1 << 30), templates: Templates()))
        let said = Output(#"{"notes": [], "features": 1000, "train": 60, "test": 100000}"#)
        let error = #expect(throws: Problem.self) { try check.read(said) }
        #expect(error?.what == "a pod has too little memory for \(directory.url.path)/test.csv")
        #expect(error?.why == "its 100000 rows of 1000 features need about 1086 MiB, and a pod may use 1Gi")
        #expect(error?.fix == "service: resources: memory: 1536Mi in inventory.yaml, or fewer rows")
    }

    @Test("takes many test rows: the expected answers of a release are those to the first 2,000")
    func manyRows() async throws {
        let check = try #require(try DataCheck(cluster: cluster(), templates: Templates()))
        #expect(try check.read(Output(#"{"notes": [], "features": 1, "train": 60, "test": 400000}"#)) == [])
        let own = directory / "model"
        let rows = (0..<2100).map { "\($0),\($0 % 2),\([10, 1][$0 % 2]),\([1, 10][$0 % 2])\n" }
        try ServiceFiles.copyExample(
            to: own, train: SmallData.train, test: "Line,# Letter,x,y\n" + rows.joined())
        _ = try await Python.shared.value.train(own, models: directory / "models")
        let golden = try Golden(directory / "models/golden.json")
        #expect(golden.rows.count == 2000)
        #expect(golden.score == ["lda": 1, "mlp": 1])
        let kept = try String(contentsOf: own.appending(path: "rows.jsonl"), encoding: .utf8)
        #expect(kept.split(separator: "\n").count == 2000)
        #expect(kept.hasPrefix(#"{"row": 0, "truth": 0, "features": [10.0, 1.0]}"# + "\n"))
        let script = """
            for row in (1999, 2000, 2099, 2100, -1): print(get(f"/line/{row}").status, get(f"/prediction/{row}").text, \
            end="")
            """
        let service = try await ServiceScript(data: own, models: directory / "models", Python.shared.value)
        let said = try service.said(script).split(separator: "\n")
        let shown = "of the test set's 2100 rows the service has the first 2000, 0 to 1999"
        let none = "does not exist: the test set has rows 0 to 2099, and the service shows the first 2000"
        #expect(said[0].hasPrefix("200 "))
        #expect(
            said.dropFirst() == [
                #"404 {"error":"row 2000 is not shown: \#(shown)"}"#,
                #"""
                404 {"error":"row 2099 is not shown: \#(shown)"}
                """#,
                #"404 {"error":"row 2100 \#(none)"}"#, #"404 {"error":"row -1 \#(none)"}"#,
            ])
    }

    @Test("leaves it to the build where this computer has no Python, and says so")
    func withoutPython() throws {
        let told =
            """
            \(directory.url.path)/train.csv and \(directory.url.path)/test.csv are checked when the image is built: \
            this computer has no Python 3.8 or later
            """
        let check = try #require(try DataCheck(cluster: cluster(), templates: Templates()))
        for output in [nil, Output.failed(127, "python3: not found"), Output("no JSON")] {
            #expect(try check.read(output) == [told])
        }
    }

    private func notes() async throws -> [String] {
        try await #require(try DataCheck(cluster: cluster(), templates: Templates())).notes(on: LocalTransport())
    }

    private func cluster(memory: Int = 1 << 30) -> Cluster {
        var cluster = Example.cluster
        cluster.path = "inventory.yaml"
        cluster.service.trainingData = .init(train: (directory / "train.csv").path, test: (directory / "test.csv").path)
        cluster.service.resources.memory = memory
        return cluster
    }
}
