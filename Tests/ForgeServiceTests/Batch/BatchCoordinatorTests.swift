import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

/// What is run on the control plane is run here, with a kubectl and a curl of the test's.
@Suite("What a coordinator is asked")
struct BatchCoordinatorTests {
    private let coordinator = BatchCoordinator(Example.batchRun())

    /// `status`: what the coordinator says of itself, as a line of shell.
    private func run(_ script: String, status: String, table: String = "exit 22") async throws -> LocalProgram {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "kubectl",
                """
                #!/bin/sh
                case " $* " in *' get secret '*) printf c2VjcmV0;; *' get pod '*) printf 10.244.1.9;; esac
                """, mode: 0o755)
            try directory.write(
                "curl",
                """
                #!/bin/sh
                while [ $# -gt 0 ]; do
                  case $1 in --output) exec >"$2";; --config) [ "$2" != - ] || config=$(cat);; esac; last=$1; shift
                done
                case $last in
                http://10.244.1.9:8081/status) \(status);;
                http://10.244.1.9:8081/predictions.csv) \(table);;
                *) echo "$config"; echo "$last";;
                esac
                """, mode: 0o755)
            try directory.write("mktemp", "#!/bin/sh\necho \(directory.path("new"))\n", mode: 0o755)
            let run = try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH; \(script)")
            #expect(!FileManager.default.fileExists(atPath: directory.path("new")), "nothing is left")
            return run
        }
    }

    @Test("is the digest of a file as it tells it; nothing as long as it has none")
    func told() async throws {
        let look = coordinator.digest(of: "predictions.csv")
        func status(_ files: String) -> String {
            let json = #"{"shards": 2, "done": [1], "files": {\#(files)}, "parquet": false}"#
            return "echo \(json.shellQuoted)"
        }
        let both = try await run(look, status: status(#""predictions.csv": "0a1b", "scores.json": "2c3d""#))
        #expect(both.output.trimming(while: \.isNewline) == "0a1b")
        #expect(both.exitCode == 0)
        let none = try await run(look, status: status(""), table: "echo 'row,lda'")
        #expect(none.output == "")
        #expect(none.exitCode == 0)
    }

    @Test("is counted from the file itself of a release that does not tell its digest")
    func counted() async throws {
        let look = coordinator.digest(of: "predictions.csv")
        let status = "echo '{\"shards\": 2, \"done\": [0, 1]}'"
        let there = try await run(look, status: status, table: "echo 'row,lda'")
        #expect(there.output == "\(SHA256.hex("row,lda\n"))  -\n")
        #expect(there.exitCode == 0)
        let missing = try await run(look, status: status)
        #expect(missing.output == "")
        #expect(missing.exitCode == 22)
    }

    @Test("is nothing where it does not answer")
    func silent() async throws {
        let run = try await run(
            coordinator.digest(of: "predictions.csv"), status: "exit 7", table: "echo 'row,lda'")
        #expect(run.output == "")
        #expect(run.exitCode == 7)
    }

    @Test("for a file goes with the token on curl's standard input, and no file of the host's has it")
    func request() async throws {
        let command = coordinator.request(["-sSf"], "http://10.244.1.9:8081/scores.json")
        #expect(!command.line.contains("mktemp"))
        let run = try await run(command.words[2].text, status: "exit 7")
        #expect(run.output == "header = \"Authorization: Bearer secret\"\nhttp://10.244.1.9:8081/scores.json\n")
        #expect(run.exitCode == 0)
    }

    @Test("is let in by a token of 64 hexadecimal digits, another one for each run")
    func token() {
        var tokens: Set<String> = []
        for _ in 0..<50 {
            let run = Example.batchRun()
            let text = BatchCoordinator(run).secret(run).inputText
            let token = text.firstMatch(of: /token: "([0-9a-f]{64})"/)?.1
            #expect(token != nil, "\(text)")
            if let token { tokens.insert(String(token)) }
        }
        #expect(tokens.count == 50)
    }

    @Test("needs the address of its pod, or its pod is gone")
    func address() async throws {
        func address(_ state: CommandState) async throws -> String {
            let host = ScriptedTransport { _ in Output(answering: state) }
            return try await coordinator.address(on: Machine(host: Example.master, transport: host))
        }
        #expect(try await address(CommandState(text: "10.244.1.9")) == "http://10.244.1.9:8081")
        for state in [CommandState(text: ""), CommandState(exitCode: 1, text: "10.244.1.9")] {
            let problem = await #expect(throws: Problem.self) { try await address(state) }
            #expect(problem?.what == "kubmaster: the pod inference-batch-20261121-151732-coordinator is gone")
        }
    }
}
