import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("A machine that reaches the service")
struct ServiceIsReachedTests {
    private func step(hasTLS: Bool = false) -> WaitUntil {
        ServiceIsReached.step(
            "inference", namespace: "mlops", hasTLS: hasTLS, from: "kubmaster", within: .zero, every: .zero)
    }

    /// What the step finds on a machine with these programs, and what its curl was asked for.
    private func found(kubectl: String, curl: String, hasTLS: Bool = false) async throws -> (
        told: [String], asked: String
    ) {
        try await TemporaryDirectory.during { directory in
            try directory.write("kubectl", "#!/bin/sh\n\(kubectl)\n", mode: 0o755)
            try directory.write(
                "curl", "#!/bin/sh\nfor url do :; done\necho \"$url\" >> '\(directory.path("asked"))'\n\(curl)\n",
                mode: 0o755)
            let step = step(hasTLS: hasTLS)
            let answers = try await LocalTransport(programs: directory.path).ask(step.questions, of: Example.master)
            let asked = (try? String(contentsOfFile: directory.path("asked"), encoding: .utf8)) ?? ""
            return (step.differences(given: answers).map(\.text), asked)
        }
    }

    @Test("asks at the service's address, and at each pod, in both families of addresses")
    func addresses() async throws {
        let places = "echo '10.99.38.26 80 8080 10.244.1.5 fd00::6'"
        for (scheme, answer) in [("http", "exit 0"), ("http", "exit 52"), ("https", "exit 60")] {
            let found = try await found(kubectl: places, curl: answer, hasTLS: scheme == "https")
            #expect(found.told == [])
            let addresses = ["10.99.38.26:80", "10.244.1.5:8080", "[fd00::6]:8080"]
            #expect(found.asked == addresses.map { "\(scheme)://\($0)/healthz\n" }.joined())
        }
    }

    @Test("is waited for while packets vanish, or nothing listens")
    func unreached() async throws {
        let places = "echo '10.99.38.26 80 8080 10.244.1.5'"
        for code in [7, 28] {
            let pods = "case $url in *8080*) echo 'curl: no' >&2; exit \(code);; esac"
            let found = try await found(kubectl: places, curl: pods, hasTLS: true)
            #expect(found.told == ["10.244.1.5:8080: curl: no"])
        }
        for nothing in ["echo '10.99.38.26 80'", "exit 0"] {
            #expect(try await found(kubectl: nothing, curl: "exit 0").told == ["no pod is ready"])
        }
    }

    @Test("in vain is told with the address, and where to look")
    func inVain() async throws {
        let host = ScriptedTransport { _ in
            Output(
                answering: CommandState(
                    exitCode: 99, text: "a greeting\n10.244.1.5:8080: curl: (28) Connection timed out\n"))
        }
        let problem = await #expect(throws: Problem.self) {
            try await step().apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(
            problem?.description == """
                kubmaster: timed out after 0 s waiting until kubmaster reaches inference
                  why  10.244.1.5:8080: curl: (28) Connection timed out
                  fix  see whether kube-proxy and the pod network run on kubmaster: `kubectl get pods \
                --all-namespaces --output wide`; then deploy again
                """)
    }
}
