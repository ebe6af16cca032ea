import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeKubernetes

@Suite("cloud-init")
struct CloudInitTests {
    /// What the look says of a machine whose /run/cloud-init has these files, and whose cloud-init prints this.
    private func look(_ files: [String], status: String?, shell: String = "dash") async throws -> String {
        try await TemporaryDirectory.during { directory in
            for file in files { try directory.write(file, "") }
            if let status { try directory.write("cloud-init", "#!/bin/sh\necho '\(status)'\n", mode: 0o755) }
            return try await LocalProgram.run(
                "env",
                ["PATH=\(directory.path):/usr/bin:/bin", "/bin/\(shell)", "-c", CloudInitIsDone.look(directory.path)])
        }
    }

    @Test("is at work between its start and its result", arguments: ["dash", "bash"])
    func states(shell: String) async throws {
        #expect(try await look([], status: nil, shell: shell) == "")
        #expect(try await look(["enabled"], status: nil, shell: shell) == "")
        #expect(try await look(["disabled"], status: "status: disabled", shell: shell) == "")
        #expect(try await look(["enabled"], status: "status: running", shell: shell) == "running\n")
        #expect(try await look(["enabled"], status: "status: not run", shell: shell) == "not run\n")
        #expect(try await look(["enabled"], status: "status: not started", shell: shell) == "not started\n")
        #expect(try await look(["enabled"], status: "status: error", shell: shell) == "")
        #expect(try await look(["enabled", "result.json"], status: "status: running", shell: shell) == "")
        #expect(CloudInitIsDone().texts(command: "running") == ["cloud-init: running"])
        #expect(CloudInitIsDone().texts(command: "") == [])
    }

    @Test("is waited for, with errors that it recovered from or not", arguments: [0, 2, 1])
    func waits(code: Int) async throws {
        let looks = Mutex(0)
        let transport = ScriptedTransport { command in
            guard command.isLook else { return Output(exit: .code(code)) }
            let number = looks.withLock { number in
                number += 1
                return number
            }
            return Output(number < 3 ? "0 7\nrunning\n" : "0 0\n\n")
        }
        let news = Told()
        let machine = Machine(
            host: Example.node, transport: transport,
            onNews: { if case .detail(let detail) = $0 { news.add(detail.text) } })
        try await CloudInitIsDone(every: .zero).apply(to: machine)
        let commands = await transport.commands
        #expect(commands.count == 4)
        // No command waits: Ctrl-C ends the waiting between two looks.
        #expect(commands.last?.line == "sh -c 'cloud-init status > /dev/null'")
        #expect(commands.last?.isAsRoot == true)
        let failure = "cloud-init ended with an error: `cloud-init status --long` tells more"
        #expect(news.all == (code == 1 ? [failure] : []))
    }

    @Test("that does not come to its end is told, with what it says")
    func endless() async {
        let (machine, _) = Example.machine(answering: "0 7\nrunning\n")
        let problem = await #expect(throws: Problem.self) {
            try await CloudInitIsDone(within: .zero).apply(to: machine)
        }
        #expect(problem?.what == "kubnode: cloud-init is still running after 0 s")
        #expect(problem?.why == "cloud-init: running")
    }

    @Test("is waited for before anything is changed")
    func first() throws {
        let stage = try #require(try Example.plan(Example.cluster("1.36.2")).stages.dropFirst().first)
        #expect(stage.work.allSatisfy { $0.steps.first is CloudInitIsDone })
    }
}
