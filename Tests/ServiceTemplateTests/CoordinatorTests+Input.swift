import ForgeTestSupport
import Foundation
import Testing

/// What it takes as an input, and how it cuts that into slices.
extension CoordinatorTests {
    @Test("cuts rows into successive slices, each with the header")
    func slices() async throws {
        try await coordinator(["--shards", "2"]) { coordinator async throws in
            #expect(try await coordinator.get("/input/0") == .init(409, error("there is no input yet")))
            #expect(try await coordinator.put("/input", Self.five).status == 200)
            #expect(try await coordinator.get("/input/0") == .init(200, "Line,x,y\n0,10,1\n2,1,10\n"))
            #expect(try await coordinator.get("/input/1") == .init(200, "Line,x,y\n4,10,1\n6,1,10\n8,10,1\n"))
        }
    }

    @Test("has empty slices when there are fewer rows than shards, and they count when they are brought")
    func emptySlices() async throws {
        try await coordinator(["--shards", "3"]) { coordinator async throws in
            _ = try await coordinator.put("/input", "Line,x,y\n0,10,1")
            #expect(try await coordinator.get("/input/0") == .init(200, "Line,x,y\n"))
            for shard in 0..<2 { #expect(try await coordinator.put("/results/\(shard)", Self.header).status == 200) }
            #expect(try inference(["--coordinator", coordinator.address, "--shard", "2"]).status == 0)
            #expect(try await coordinator.get("/predictions.csv") == .init(200, Self.header + "0,0,A,0,A\n"))
            #expect(try await coordinator.get("/scores.json") == .init(200, Self.noScore))
        }
    }

    @Test("refuses an input with the place of its fault, tells it in the status, and takes a better one")
    func badInput() async throws {
        try await coordinator(["--shards", "2"]) { coordinator async throws in
            let reason = "input:3: has 2 columns, the header 3"
            #expect(try await coordinator.put("/input", "Line,x,y\n0,1,2\n1,1\n") == .init(400, error(reason)))
            let status =
                #"{"input": null, "error": "\#(reason)", "shards": 2, "done": [], "files": {}, \#(Self.noParquet)"#
            // A shard would wait for five minutes for what the status does not tell.
            try #require(await coordinator.get("/status") == .init(200, status))
            let end = try inference(["--coordinator", coordinator.address, "--shard", "0"])
            #expect(end.errors.hasSuffix("/input/0: answers 409: {\"error\": \"\(reason)\"}\n"), "\(end.errors)")
            let better = try await coordinator.put("/input", Self.five)
            let digest = try ServiceFiles.sha256(Data(Self.five.utf8))
            let taken =
                #"""
                {"input": {"rows": 5, "sha256": "\#(digest)", "received": "\#(digest)"}, "error": null, "shards": 2, \#
                "done": [], "files": {}, \#(Self.noParquet)
                """#
            #expect(better == .init(200, taken))
            #expect(try await coordinator.put("/input", Self.five) == .init(200, taken))
            #expect(
                try await coordinator.put("/input", "Line,x,y\n0,1,2\n")
                    == .init(409, error("there already is a different input: 5 rows, sha256 \(digest)")))
        }
    }

    @Test("refuses a fault in any row before a pod works, with its line")
    func faultInRow() async throws {
        try await coordinator(["--shards", "2"]) { coordinator async throws in
            #expect(
                try await coordinator.put("/input", "Line,x,y\n0,1,2\n1,1,2\n2,1,2\n3,1,x\n")
                    == .init(400, error("input:5, column 3 (y): must be a finite number, is 'x'")))
            let reason = """
                input:2, column 2 (x): is '1.107', and the file has decimal commas, too: write 1107 if the point \
                separates thousands, 1,107 if it is a decimal point
                """
            #expect(
                try await coordinator.put("/input", "Line;x;y\n0;1.107;2\n1;900;2\n2;1;2\n3;1;0,5\n")
                    == .init(400, error(reason)))
            // The first slice does not show that the second has another decimal point.
            #expect(try await coordinator.put("/input", "Line;x;y\n0;1.107;0,5\n1;1.5;2\n").status == 200)
            #expect(try inference(["--coordinator", coordinator.address, "--shard", "0"]).status == 0)
        }
    }

    @Test("tells the digest of what came, and of the rows in it, which were packed")
    func packed() async throws {
        let rows = Data("Line,x,y\n0,10,1\n1,1,10\n".utf8)
        let script = "import gzip, sys; sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read()))"
        let packed = try FinishedProgram.run([python.executable, "-c", script], input: Array(rows)).output
        try await coordinator(["--shards", "1"]) { coordinator async throws in
            let answer = try await coordinator.ask("PUT", "/input", Data(packed))
            let digests =
                #"""
                "rows": 2, "sha256": "\#(try ServiceFiles.sha256(rows))", "received": \#
                "\#(try ServiceFiles.sha256(Data(packed)))"
                """#
            #expect(answer.status == 200 && answer.text.contains(digests), "\(answer.text)")
        }
    }

    @Test("numbers rows that no column names through all slices, and keeps columns that it is told to keep")
    func keeps() async throws {
        try await coordinator(["--shards", "2", "--keep", "who, comment"]) { coordinator async throws in
            let rows = "who,y,x,comment\nann,1,10,\"a, b\"\nbob,10,1,\ncid,1,10,no\n"
            #expect(try await coordinator.put("/input", rows).status == 200)
            for shard in 0..<2 {
                let end = try inference(["--coordinator", coordinator.address, "--shard", "\(shard)"])
                #expect(end.status == 0, "\(end.errors)")
            }
            #expect(
                try await coordinator.get("/predictions.csv")
                    == .init(
                        200,
                        """
                        row,lda_number,lda_letter,mlp_number,mlp_letter,who,comment
                        0,0,A,0,A,ann,"a, b"
                        1,1,B,1,B,bob,
                        2,0,A,0,A,cid,no

                        """))
        }
    }

    @Test("keeps all columns of an input through its shards, whatever their names are, and however many there are")
    func keepsAll() async throws {
        let names = (0..<5000).map { "a column with a long name, number \($0)" }
        let header = "Line,x,y,all," + names.map { "\"\($0)\"" }.joined(separator: ",")
        let row = Array(repeating: "1", count: 5000).joined(separator: ",")
        try await coordinator(["--shards", "2", "--keep", "all"]) { coordinator async throws in
            #expect(try await coordinator.put("/input", "\(header)\n7,10,1,a,\(row)\n8,1,10,b,\(row)\n").status == 200)
            for shard in 0..<2 {
                let end = try inference(["--coordinator", coordinator.address, "--shard", "\(shard)"])
                #expect(end.status == 0, "\(end.errors)")
            }
            let table = try await coordinator.get("/predictions.csv").text.split(separator: "\n")
            #expect(table[0] == "row,lda_number,lda_letter,mlp_number,mlp_letter," + header)
            #expect(table.dropFirst() == ["7,0,A,0,A,7,10,1,a,\(row)", "8,1,B,1,B,8,1,10,b,\(row)"])
        }
    }
}
