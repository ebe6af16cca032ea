import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

@Suite("The rows that go into the cluster")
struct InputIsUploadedTests {
    private func send(_ text: String, upload: Output, status: String? = nil) async throws -> (FakeCluster, Problem?) {
        try await TemporaryFolder.during { folder in
            let path = try folder.write("rows.csv", text)
            let cluster = FakeCluster([FakeCluster.State(status: status)], upload: upload)
            let step = InputIsUploaded(
                Example.batchRun(.file(path: path, size: text.utf8.count)), within: .zero, every: .zero)
            do {
                try await step.apply(to: cluster.machine)
                return (cluster, nil)
            } catch let problem as Problem { return (cluster, problem) }
        }
    }

    @Test("are told with their number and size")
    func told() async throws {
        let text = "Line,a\n0,1\n"
        let status = #"{"input":{"rows":1,"sha256":"\#(SHA256.hex(text))"},"error":null,"shards":2,"done":[]}"#
        let (cluster, problem) = try await send(text, upload: Output("{}\n200"), status: status)
        #expect(problem == nil)
        #expect(cluster.told.withLock { $0 } == ["1 row, 11 bytes sent"])
    }

    @Test("are refused with the file's own name")
    func refused() async throws {
        let body = #"{"error":"input:7, column 2 (# Letter): must be a class from 0 to 25, is '99'"}"#
        let (_, problem) = try await send("Line,a\n", upload: Output(body + "\n400"))
        #expect(
            problem?.description == """
                kubmaster: rows.csv is not taken
                  why  rows.csv:7, column 2 (# Letter): must be a class from 0 to 25, is '99'
                  fix  correct the file; its columns must be those of the rows that the models know
                """)
    }

    @Test("must arrive as they were sent")
    func changed() async throws {
        let status = #"{"input":{"rows":1,"sha256":"11"},"error":null,"shards":2,"done":[]}"#
        let (_, problem) = try await send("Line,a\n0,1\n", upload: Output("{}\n200"), status: status)
        #expect(problem?.what == "kubmaster: rows.csv was corrupted in transfer")
    }

    @Test("that cannot be fetched are the coordinator's own words")
    func notFetched() async throws {
        let error = "http://data.example/rows.csv: answers 404 Not Found"
        let cluster = FakeCluster([.init(status: #"{"input":null,"error":"\#(error)","shards":2,"done":[]}"#)])
        let step = InputIsUploaded(
            Example.batchRun(.url("http://data.example/rows.csv?key=1")), within: .zero, every: .zero)
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: cluster.machine) }
        #expect(problem?.what == "kubmaster: http://data.example/rows.csv is not taken")
        #expect(problem?.why == error)
    }
}
