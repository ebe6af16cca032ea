import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeCLI

@Suite("A verb of the lab that takes root")
struct RootRightsTests {
    @Test("starts itself again with sudo, keeping the variables that it depends on, and shows no value")
    func command() {
        var surroundings = surroundings
        surroundings.environment = [
            "HOME": "/home/ada", "PATH": "/usr/bin", "KUBEFORGE_CACHE": "/big disk", "https_proxy": "http://proxy:3128",
            "SECRET": "x",
            "PIP_CERT": "/etc/ca.pem",
        ]
        let words = RootRights(surroundings: surroundings, effectiveUser: 1000).command(
            sudo: "/usr/bin/sudo", kubeforge: "/usr/local/bin/kubeforge", arguments: ["lab", "up", "my lab.yaml"])
        #expect(
            words == [
                "/usr/bin/sudo", "--preserve-env=KUBEFORGE_CACHE,PIP_CERT,https_proxy,KUBEFORGE_OPERATOR_HOME", "--",
                "/usr/local/bin/kubeforge", "lab", "up", "my lab.yaml",
            ])
    }

    @Test("goes on where it has root already")
    func root() async throws {
        try await RootRights(surroundings: surroundings, effectiveUser: 0).demand(["kubeforge"])
    }

    @Test("says at once that sudo refuses, or asks where nobody can answer")
    func refused() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("sudo", "#!/bin/sh\necho 'sudo: a password is required' >&2; exit 1\n", mode: 0o755)
            var surroundings = surroundings
            surroundings.environment = ["PATH": directory.path]
            let rights = RootRights(surroundings: surroundings, effectiveUser: 1000, hasTerminal: false)
            let problem = await #expect(throws: Problem.self) { try await rights.demand(["kubeforge", "lab", "up"]) }
            #expect(
                problem?.what
                    == """
                    the lab requires root: it creates mounts, network namespaces and control groups, and this is \
                    user 1000
                    """
            )
            #expect(problem?.why == "sudo: a password is required")
            #expect(problem?.fix?.contains("as root") == true)
        }
    }

    private var surroundings: ProcessEnvironment {
        ProcessEnvironment(
            environment: [:], directory: "/", home: "/home/ada", output: .descriptor(1), progress: .descriptor(2),
            now: { Date() },
            processID: 1)
    }
}
