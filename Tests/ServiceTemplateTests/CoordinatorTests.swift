import Foundation
import Testing

@Suite("The coordinator", .serialized)
struct CoordinatorTests {
    let directory: TemporaryDirectory
    let training: Training
    let python: Python

    init() async throws {
        python = try await Python.shared.value
        training = try await Training.small.value
        directory = try TemporaryDirectory()
    }

    static let header = "row,lda_number,lda_letter,mlp_number,mlp_letter\n"
    /// The end of a status; pyarrow is no package of the service's own.
    static let noParquet = #""parquet": false}"# + "\n"
    static let noScore = #"{"rows": 1, "score": null, "scores": null, "drift": {}}"# + "\n"
    static let five = "Line,x,y\n0,10,1\n2,1,10\n4,10,1\n6,1,10\n8,10,1\n"

    @Test("hands out slices, and merges what inference brings back, as one pod would have written it")
    func wholeWay() async throws {
        _ = try inference(["--results", (directory / "alone").path])
        try await coordinator(["--shards", "4", "--own"]) { coordinator async throws in
            for shard in [2, 0, 3, 1] {
                let end = try inference(
                    ["--coordinator", coordinator.address], environment: ["JOB_COMPLETION_INDEX": "\(shard)"])
                #expect(end.status == 0, "\(end.errors)")
                #expect(
                    end.output.hasSuffix(" rows predicted\nshard \(shard): predictions are with the coordinator\n"),
                    "\(end.output)")
            }
            for name in ["predictions.csv", "scores.json"] {
                let alone = try directory.text("alone/\(name)")
                #expect(try await coordinator.get("/\(name)") == .init(200, alone))
            }
        }
    }

    @Test("counts a shard once that is brought twice; what came first stays")
    func twice() async throws {
        try await coordinator(["--shards", "2"]) { coordinator async throws in
            _ = try await coordinator.put("/input", "Line,x,y\n0,10,1\n1,10,1\n")
            // What a shard brought is final; who brings the same once more has done no harm.
            #expect(try await coordinator.put("/results/1", Self.header + "1,1,B,0,A\n").status == 200)
            #expect(
                try await coordinator.put("/results/1", Self.header + "1,0,A,0,A\n")
                    == .init(409, error("shard 1 already has different results")))
            let second = try await coordinator.put("/results/1", Self.header + "1,1,B,0,A\n")
            #expect(
                second.status == 200 && second.text.contains(#""shards": 2, "done": [1], "files": {}, "#),
                "\(second.text)")
            let missing = error("results are missing for shards 0")
            #expect(try await coordinator.get("/predictions.csv") == .init(409, missing))
            #expect(try await coordinator.get("/scores.json") == .init(409, missing))
            _ = try await coordinator.put("/results/0", Self.header + "0,2,C,2,C\n")
            let table = try await coordinator.get("/predictions.csv")
            #expect(table == .init(200, Self.header + "0,2,C,2,C\n1,1,B,0,A\n"))
            // Their digests are told when they were counted, which no request waits for.
            let scores = try await coordinator.get("/scores.json")
            let digests =
                #"""
                "files": {"predictions.csv": "\#(try ServiceFiles.sha256(Data(table.text.utf8)))", "scores.json": \#
                "\#(try ServiceFiles.sha256(Data(scores.text.utf8)))"}
                """#
            var status = ""
            while !status.contains(#""scores.json": ""#) { status = try await coordinator.get("/status").text }
            #expect(status.contains(digests), "\(status)")
        }
    }

    static let badResults = [
        ("", "line 1 must be row,lda_number,lda_letter,mlp_number,mlp_letter"),
        (header, "line 2 must be about row 0, is about ''"),
        (header + "0,0,A,0,A\n", "line 3 must be about row 2, is about ''"),
        (header + "2,0,A,0,A\n0,0,A,0,A\n", "line 2 must be about row 0, is about '2'"),
        (header + "0,0,A,0,A\n2,0,A\n", "line 3 must have 5 columns, with what models can answer"),
        (header + "0,0,A,0,A\n2,A,A,0,A\n", "line 3 must have 5 columns, with what models can answer"),
        (header + "0,0,A,0,A\n2,0,A,0,A\n4,0,A,0,A\n", "line 4 is one too many: the shard has 2 rows"),
    ]

    @Test("refuses results that are not of exactly its rows")
    func badResults() async throws {
        try await coordinator(["--shards", "2"]) { coordinator async throws in
            _ = try await coordinator.put("/input", Self.five)
            for (body, reason) in Self.badResults {
                #expect(try await coordinator.put("/results/0", body) == .init(400, error(reason)))
            }
            let status = try await coordinator.get("/status").text
            #expect(status.hasSuffix(#""done": [], "files": {}, \#(Self.noParquet)"#))
        }
    }

    static let unknown = [
        ("GET", "/", 404), ("GET", "/input", 405), ("GET", "/input/2", 404), ("GET", "/input/-1", 404),
        ("GET", "/input/1x", 404),
        ("PUT", "/input/0", 405), ("DELETE", "/results/0", 405), ("POST", "/predictions.csv", 405),
        ("PATCH", "/x", 404),
        ("GET", "/healthz", 200),
    ]

    @Test("has an answer for what it does not know")
    func unknown() async throws {
        try await coordinator(["--shards", "2"]) { coordinator async throws in
            for (method, path, status) in Self.unknown {
                #expect(try await coordinator.ask(method, path).status == status, "\(method) \(path)")
            }
        }
    }

    @Test("lets nobody in without the token of its run, who then gets and leaves nothing; a shard shows it")
    func token() async throws {
        let token = directory / "token"
        try directory.write("token", "s3cret\n")
        try await coordinator(["--shards", "1"], environment: ["COORDINATOR_TOKEN_FILE": token.path]) {
            coordinator async throws in
            #expect(try await coordinator.get("/healthz").status == 200)
            for (method, path) in [
                ("GET", "/status"), ("PUT", "/input"), ("GET", "/input/0"), ("PUT", "/results/0"), ("GET", "/x"),
            ] {
                for shown in [nil, "Bearer other", "Bearer ", "s3cret", "Bearer s3cret2"] {
                    let body = method == "PUT" ? Data(Self.five.utf8) : nil
                    #expect(try await coordinator.ask(method, path, body, shown).status == 401, "\(method) \(path)")
                }
            }
            #expect(try await coordinator.ask("PUT", "/input", Data(Self.five.utf8), "Bearer s3cret").status == 200)
            let stranger = try inference(["--coordinator", coordinator.address, "--shard", "0"])
            #expect(stranger.status == 1 && stranger.errors.contains("answers 401"), "\(stranger.errors)")
            let shard = try inference(
                ["--coordinator", coordinator.address, "--shard", "0"],
                environment: ["COORDINATOR_TOKEN_FILE": token.path])
            #expect(shard.status == 0, "\(shard.errors)")
        }
    }

    @Test("keeps what it has when it is started again")
    func startedAgain() async throws {
        try await coordinator(["--shards", "2"]) { coordinator async throws in
            _ = try await coordinator.put("/input", "Line,x,y\n0,10,1\n1,10,1\n")
            _ = try await coordinator.put("/results/0", Self.header + "0,0,A,0,A\n")
        }
        try await coordinator(["--shards", "2"]) { coordinator async throws in
            _ = try await coordinator.put("/results/1", Self.header + "1,0,A,0,A\n")
            #expect(try await coordinator.get("/predictions.csv") == .init(200, Self.header + "0,0,A,0,A\n1,0,A,0,A\n"))
        }
    }

    @Test("takes a body in chunks, and leaves nothing of one that breaks off")
    func bodies() async throws {
        try await coordinator(["--shards", "1"]) { coordinator async throws in
            let script = """
                import socket, sys
                port = int(sys.argv[1])
                def ask(text, more=b"", shut=False):
                    with socket.create_connection(("127.0.0.1", port), 10) as peer:
                        peer.sendall(text.encode() + more)
                        if shut: peer.shutdown(socket.SHUT_WR)
                        answer = b""
                        while piece := peer.recv(65536): answer += piece
                        print(answer.split(b"\\r\\n")[0].decode(), \
                answer.split(b"\\r\\n\\r\\n")[-1].decode()[:70].strip())
                head = "PUT /input HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n"
                ask(head + "Content-Length: 100\\r\\n\\r\\nLine,x,y\\n", shut=True)
                ask(head + "Transfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n")
                ask(head + "Content-Length: many\\r\\n\\r\\n")
                ask(head + "Transfer-Encoding: \
                chunked\\r\\n\\r\\n9\\r\\nLine,x,y\\n\\r\\n6\\r\\n0,1,2\\n\\r\\n0\\r\\n\\r\\n")
                """
            let port = try #require(coordinator.address.split(separator: ":").last)
            #expect(
                try python.run("-c", script, String(port)) == """
                    HTTP/1.1 400 Bad Request {"error": "the body ends 91 bytes too early"}
                    HTTP/1.1 400 Bad Request {"error": "the body's chunked encoding is invalid"}
                    HTTP/1.1 400 Bad Request {"error": "the body must have a Content-Length, or be chunked"}
                    HTTP/1.1 200 OK {"input": {"rows": 1, "sha256": \
                    "\(try ServiceFiles.sha256(Data("Line,x,y\n0,1,2\n".utf8)).prefix(37))

                    """)
            #expect(try FileManager.default.contentsOfDirectory(atPath: coordinator.directory.path) == ["input.csv"])
        }
    }

    func coordinator(
        _ arguments: [String], environment: [String: String] = [:], _ body: (RunningCoordinator) async throws -> Void
    ) async throws {
        try await RunningCoordinator.during(
            arguments, models: training.models, data: training.data, in: directory / "batch", environment: environment,
            body)
    }

    func error(_ reason: String) -> String { #"{"error": "\#(reason)"}"# + "\n" }

    func inference(_ arguments: [String], environment: [String: String] = [:]) throws -> LocalProgram {
        try python.inference(arguments, over: training, environment: environment)
    }
}
