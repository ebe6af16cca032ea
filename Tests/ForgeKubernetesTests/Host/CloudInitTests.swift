import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("cloud-init")
struct CloudInitTests {
    /// What the look says of a machine whose /run/cloud-init has these files, and whose cloud-init prints this.
    private func look(_ files: [String], status: String?, shell: String = "dash") async throws -> String {
        try await TemporaryFolder.during { folder in
            for file in files { try folder.write(file, "") }
            if let status { try folder.write("cloud-init", "#!/bin/sh\necho '\(status)'\n", mode: 0o755) }
            return try await LocalProgram.run(
                "env", ["PATH=\(folder.path):/usr/bin:/bin", "/bin/\(shell)", "-c", CloudInitIsDone.look(folder.path)])
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
        let (machine, transport) = Example.machine { _ in Output(exit: .code(code)) }
        try await CloudInitIsDone().apply(to: machine)
        let command = try #require(await transport.commands.first)
        #expect(command.line == "sh -c 'cloud-init status --wait > /dev/null'")
        #expect(command.timeLimit == .seconds(600))
        #expect(command.isAsRoot)
    }

    @Test("that does not come to its end is told")
    func endless() async {
        let (machine, _) = Example.machine { _ in Output(exit: .code(124)) }
        let problem = await #expect(throws: Problem.self) {
            try await CloudInitIsDone(within: .seconds(5)).apply(to: machine)
        }
        #expect(problem?.what == "kubnode: cloud-init is still at work after 5 s")
    }

    @Test("is waited for before anything is changed")
    func first() throws {
        let stage = try #require(try Example.plan(Example.cluster("1.36.2")).stages.dropFirst().first)
        #expect(stage.work.allSatisfy { $0.steps.first is CloudInitIsDone })
    }
}
