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
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("rows.csv", text)
            let cluster = FakeCluster([FakeCluster.State(status: status)], upload: upload)
            let step = InputIsUploaded(
                Example.batchRun(.file(path: path, size: text.utf8.count)), within: .zero, every: .zero)
            do {
                try await step.apply(to: cluster.machine)
                return (cluster, nil)
            } catch let problem as Problem { return (cluster, problem) }
        }
    }

    @Test("are told with their number and size, whichever code says that they were taken", arguments: [200, 201, 204])
    func told(code: Int) async throws {
        let text = "Line,a\n0,1\n"
        let status = #"{"input":{"rows":1,"sha256":"\#(SHA256.hex(text))"},"error":null,"shards":2,"done":[]}"#
        let (cluster, problem) = try await send(text, upload: Output("{}\n\(code)"), status: status)
        #expect(problem == nil)
        #expect(cluster.told.withLock { $0 } == ["1 row, 11 bytes sent"])
    }

    @Test("are there when the coordinator says so")
    func differences() {
        let step = InputIsUploaded(Example.batchRun())
        let none = #"{"input":null,"error":null,"shards":2,"done":[]}"#
        #expect(step.differences(whenLookEnds: 0, none) == ["they are not there yet"])
        #expect(step.differences(whenLookEnds: 7) == ["they are not there yet"])
        let some = none.replacing(#""input":null"#, with: #""input":{"rows":5,"sha256":"00"}"#)
        #expect(step.differences(whenLookEnds: 0, some) == [])
    }

    @Test("come over the standard input of the host's curl, and what lets them in comes in a file that is removed")
    func sent() async throws {
        let (cluster, _) = try await send("Line,a\n0,1\n", upload: Output("{}\n200"))
        let upload = try #require(cluster.uploads.withLock { $0 }.first)
        #expect(upload.timeLimit == .seconds(21_600))
        try await TemporaryDirectory.during { directory in
            let login = directory.path("login")
            try directory.write("kubectl", "#!/bin/sh\nprintf c2VjcmV0\n", mode: 0o755)
            try directory.write("mktemp", "#!/bin/sh\n: >\(login); echo \(login)\n", mode: 0o755)
            try directory.write(
                "curl",
                #"""
                #!/bin/sh
                while [ $# -gt 0 ]; do case $1 in --config) config=$2;; esac; last=$1; shift; done
                { cat "$config"; echo "$last"; cat; } >"$0.said"
                """#, mode: 0o755)
            let script = "PATH=\(directory.path):$PATH; \(upload.words[2].text)"
            let run = try LocalProgram("sh", "-c", script, input: Array("Line,a\n0,1\n".utf8))
            #expect(run.exitCode == 0, "\(run.output)")
            #expect(
                try directory.text("curl.said") == """
                    header = "Authorization: Bearer secret"
                    http://10.244.1.9:8081/input
                    Line,a
                    0,1

                    """)
            #expect(!FileManager.default.fileExists(atPath: login))
        }
    }

    @Test("are refused with the file's own name")
    func refused() async throws {
        let body = #"{"error":"input:7, column 2 (# Letter): must be a class from 0 to 25, is '99'"}"#
        let (_, problem) = try await send("Line,a\n", upload: Output(body + "\n400"))
        #expect(
            problem?.description == """
                kubmaster: rows.csv was rejected
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

    @Test("that were packed are compared by what came, not by the rows in it")
    func packed() async throws {
        let text = "PAR1…PAR1"
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("rows.parquet", text)
            func end(_ input: String) async throws -> Problem? {
                let status = #"""
                    {"input":{"rows":1,"sha256":"11"\#(input)},"error":null,"shards":2,"done":[],"parquet":true}
                    """#
                let run = Example.batchRun(.file(path: path, size: text.utf8.count, form: .parquet))
                let cluster = FakeCluster([.init(status: status)])
                do {
                    try await InputIsUploaded(run, within: .zero, every: .zero).apply(to: cluster.machine)
                    return nil
                } catch let problem as Problem { return problem }
            }
            #expect(try await end(#","received":"\#(SHA256.hex(text))""#) == nil)
            #expect(try await end("") == nil, "a release from before it told")
            #expect(try await end(#","received":"22""#)?.what == "kubmaster: rows.parquet was corrupted in transfer")
        }
    }

    @Test("are not sent to an image that could not read them, and none is asked for Parquet that cannot write it")
    func withoutParquet() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("rows.parquet", "PAR1…PAR1")
            func end(_ input: BatchInput, _ output: BatchOutput, _ parquet: String) async throws -> Problem? {
                let status = #"{"input":null,"error":null,"shards":2,"done":[]\#(parquet)}"#
                let cluster = FakeCluster([.init(status: status)], upload: .failed(1, "it must not be sent"))
                let step = InputIsUploaded(Example.batchRun(input, output: output), within: .zero, every: .zero)
                return await #expect(throws: Problem.self) { try await step.apply(to: cluster.machine) }
            }
            let file = BatchInput.file(path: path, size: 9, form: .parquet)
            #expect(
                try await end(file, BatchOutput(), #","parquet":false"#)?.description == """
                    kubmaster: rows.parquet cannot be read
                      why  it is Parquet, which needs pyarrow, and the deployed image has none
                      fix  add pyarrow to requirements.txt of the model directory and deploy; or use CSV
                    """)
            let wanted = BatchOutput(isParquet: true)
            #expect(
                try await end(.own, wanted, #","parquet":false"#)?.what
                    == "kubmaster: predictions.parquet cannot be written")
            #expect(try await end(.own, wanted, "")?.why == "the deployed release is too old for this")
            #expect(try await end(.own, BatchOutput(), #","parquet":false"#)?.what.contains("did not come") == true)
        }
    }

    @Test("are waited for, and told when they are there; when they are late, who is to blame")
    func waitedFor() async throws {
        let fetching = #"{"input":null,"error":null,"shards":2,"done":[]}"#
        let cluster = FakeCluster([.init(status: nil), .init(status: fetching), .init()])
        try await InputIsUploaded(Example.batchRun(), within: .seconds(100), every: .zero).apply(to: cluster.machine)
        #expect(cluster.told.withLock { $0 } == ["5 rows"])
        func late(_ status: String?) async -> Problem? {
            let step = InputIsUploaded(Example.batchRun(), within: .zero, every: .zero)
            return await #expect(throws: Problem.self) {
                try await step.apply(to: FakeCluster([.init(status: status)]).machine)
            }
        }
        let pod = "the pod inference-batch-20261121-151732-coordinator"
        #expect(await late(nil)?.why == "\(pod) does not answer")
        #expect(await late(fetching)?.why == "\(pod) is still fetching them")
        #expect(
            await late(fetching)?.what
                == "kubmaster: the rows of the image's own test data did not come within 0 s")
    }

    @Test("that cannot be fetched are the coordinator's own words")
    func notFetched() async throws {
        let error = "http://data.example/rows.csv: answers 404 Not Found"
        let cluster = FakeCluster([.init(status: #"{"input":null,"error":"\#(error)","shards":2,"done":[]}"#)])
        let step = InputIsUploaded(
            Example.batchRun(.url("http://data.example/rows.csv?key=1")), within: .zero, every: .zero)
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: cluster.machine) }
        #expect(problem?.what == "kubmaster: http://data.example/rows.csv was rejected")
        #expect(problem?.why == error)
    }
}
