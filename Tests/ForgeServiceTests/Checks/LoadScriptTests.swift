import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

@Suite("The script of a load")
struct LoadScriptTests {
    private func script(_ port: UInt16, concurrency: Int = 3) -> LoadScript {
        LoadScript(
            address: "http://127.0.0.1:\(port)", rows: 3,
            load: Load(length: .milliseconds(200), concurrency: concurrency))
    }

    private func run(_ script: LoadScript) async throws -> LoadReport {
        let output = try await LocalTransport().run(script.command)
        #expect(output.errorText == "")
        return try #require(LoadSum.report(output.text, of: script, from: "here"), "\(output.text)")
    }

    @Test("asks for all rows in turn, and counts what is answered")
    func answered() async throws {
        let paths = Mutex<[String: Int]>([:])
        let report = try await LoopbackServer.running(
            .answers { path in
                paths.withLock { $0[path, default: 0] += 1 }
                return (200, "{}\n")
            }
        ) { try await run(script($0)) }
        let asked = paths.withLock { $0 }
        #expect(asked.keys.sorted() == ["/prediction/0", "/prediction/1", "/prediction/2"])
        // What was under way at the very end may have been answered, and not counted.
        #expect((report.answered...report.answered + 3).contains(asked.values.reduce(0, +)))
        #expect(report.failures == [])
        #expect(report.seconds >= 0.2)
        #expect(report.longest > 0 && report.percentile(50)! <= report.longest)
    }

    @Test("counts every answer but 200 as failed, by its status")
    func refused() async throws {
        let report = try await LoopbackServer.running(
            .answers { path in path.hasSuffix("1") ? (503, "busy") : path.hasSuffix("2") ? (404, "") : (200, "{}") }
        ) { try await run(script($0)) }
        #expect(report.answered > 0)
        #expect(Set(report.failures.map(\.kind)) == ["status 503", "status 404"])
    }

    @Test("counts connections that are refused, and ends all the same")
    func closed() async throws {
        let report = try await run(script(try LoopbackServer.freePort()))
        #expect(report.answered == 0)
        #expect(report.failures.map(\.kind) == ["could not connect"])
        #expect(report.failed >= 3, "at least one of each curl")
        let most = 3 * (Int(report.seconds * 10) + 1)
        #expect(report.failed <= most, "each curl waits for a tenth of a second before it asks again")
    }

    @Test("gives a curl a hundred requests, for the rows in turn or with what is posted")
    func hundred() throws {
        let urls = try #require(LoadScript.workers.firstMatch(of: #/urls\(\) \{\n(?:.*\n)*?\}\n/#)?.0)
        func asked(_ body: String) throws -> [String] {
            let settings = "own= address=http://h rows=3 body='\(body)' directory=/d"
            let run = try LocalProgram("sh", "-c", "\(settings)\n\(urls)\nurls 7")
            return run.output.split(separator: "\n").map(String.init).filter { $0.hasPrefix("url = ") }
        }
        let (rows, posted) = (try asked(""), try asked("{}"))
        #expect(rows.count == 100)
        #expect(Array(rows.prefix(3)) == [1, 2, 0].map { "url = \"http://h/prediction/\($0)\"" })
        #expect(posted == Array(repeating: "url = \"http://h/prediction\"", count: 100))
    }

    @Test("waits for the request of each curl that is under way at the end, and for no other")
    func underWay() async throws {
        try await TemporaryDirectory.during { directory in
            let curl = "#!/bin/sh\nsleep 0.4\necho '200 0.400000 .' >&2\nexec sleep 9\n"
            try directory.write("curl", curl, mode: 0o755)
            let script = script(1)
            let output = try await LocalTransport(programs: directory.path).run(script.command)
            let report = try #require(LoadSum.report(output.text, of: script, from: "here"), "\(output.text)")
            #expect(report.answered == 3)
            #expect(report.failures == [])
            #expect(report.seconds >= 0.4 && report.seconds < 8)
        }
    }

    @Test("counts an answer that is cut off after its 200 as failed")
    func cutOff() async throws {
        let report = try await LoopbackServer.running(
            .says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")
        ) { try await run(script($0)) }
        #expect(report.answered == 0)
        #expect(
            Set(report.failures.map(\.kind)).isSubset(of: ["answer cut off", "connection lost"]), "\(report.failures)")
    }

    @Test("leaves no file and no process behind")
    func cleansUp() async throws {
        let output = try await LoopbackServer.running(.answers { _ in (200, "{}") }) { port in
            var command = script(port).command
            command.input = .bytes(Array(command.inputText.replacing("rm -rf --", with: "rm -rfv -- /nowhere").utf8))
            return try await LocalTransport().run(command)
        }
        let directory = try #require(output.text.firstMatch(of: /removed directory '(\/tmp\/kubeforge\.[^']+)'/)?.1)
        let running = try LocalProgram("pgrep", "-f", String(directory))
        #expect(running.output == "", "each curl has its directory among its arguments")
    }

    @Test("sums times up so that percentiles are true to one per cent")
    func sums() async throws {
        // 1 ms to 10 s, in steps of a thousandth.
        let all = (0..<9000).map { 0.001 * pow(10, Double($0 % 9000) / 2250) }
        let lines = all.map { "200 \(String(format: "%.6f", $0)) .\n" }
        let output = try await TemporaryDirectory.during { directory in
            try directory.write("seen.0", lines.prefix(4000).joined() + "200 0.0")
            try directory.write("seen.1", lines.dropFirst(4000).joined() + "curl: (7) Failed to connect\n")
            try directory.write("seen.2", "200 5.000000 .\n000 0.1 .\ncurl: (28) Operation timed out\n200 10.0 .\n")
            return try await LocalTransport().run(
                .script("directory='\(directory.path)' began=100.5 ended=102.75\n" + LoadSum.script))
        }
        let report = try #require(LoadSum.report(output.text, of: script(1), from: "here"), "\(output.errorText)")
        #expect(report.seconds == 2.25)
        #expect(report.answered == 9001, "what was cut off by the end is no answer")
        #expect(report.failures == [.init(kind: "no answer in time", count: 1), .init(kind: "status 0", count: 1)])
        for share in [50, 95, 99] {
            let exact = (all + [5]).sorted()[(9001 * share + 99) / 100 - 1] * 1000
            let found = try #require(report.percentile(share))
            #expect(abs(found - exact) <= exact * 0.0105, "p\(share): \(found) for \(exact)")
        }
        #expect(output.standardOutput.count < 12_000)
    }

    @Test("says so where curl is missing")
    func noCurl() async throws {
        var command = script(1).command
        command.input = .bytes(Array(("PATH=/nowhere\n" + command.inputText).utf8))
        let output = try await LocalTransport().run(command)
        #expect(output.exit == .code(1))
        #expect(output.lastLine == "curl is not installed")
    }
}
