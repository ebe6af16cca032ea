import Foundation
import Testing

/// The service in full, which takes longer than `make test` has time for: `make test-service`. Tests of this file stand
/// on the one before.
@Suite(
    "The service on its cluster", .serialized, .enabled(if: TestLab.isWanted, "KUBEFORGE_WITHOUT_LAB is set"),
    .lab(
        "kubeforge-service", "10.76.0", ["kubmaster": "debian-12", "kubnode": "ubuntu-24.04-stand-in"],
        after: "provision", "deploy"))
struct ServiceTests {
    let lab: TestLab

    init() throws { lab = try #require(TestLab.current.get()) }

    @Test("loses no request while a new release comes")
    func loseNothing() async throws {
        let before = try await running()
        let overlay = try Overlay.comment("A release like the one before.").make(in: lab.directory)
        let statuses = try await Watch(lab: lab).statuses {
            let run = try await lab.kubeforge("deploy", lab.inventory.path, "--templates", overlay)
            #expect(run.exitCode == 0, "\(run.everything)")
        }
        #expect(statuses.count > 100)
        #expect(statuses.filter { $0 != "200" } == [])
        #expect(try await running() != before)
    }

    @Test("keeps answering when a release has a fault, and says which", arguments: Fault.all)
    func survive(fault: Fault) async throws {
        let before = try await running()
        let overlay = try fault.overlay.make(in: lab.directory)
        let statuses = try await Watch(lab: lab).statuses {
            let run = try await lab.kubeforge("deploy", lab.inventory.path, "--templates", overlay, "--timeout", "45s")
            #expect(run.exitCode == 1, "\(run.everything)")
            for sentence in fault.says { #expect(run.errors.contains(sentence), "\(run.everything)") }
            #expect(run.errors.contains("keeps serving"), "\(run.errors)")
        }
        #expect(statuses.filter { $0 != "200" } == [])
        #expect(try await running() == before)
        #expect(try await candidates() == "")
    }

    @Test("keeps answering when the namespace's quota has no room for a first pod, and says so")
    func quota() async throws {
        let before = try await running()
        _ = try await lab.ssh("kubmaster", "kubectl -n mlops create quota few --hard=pods=2")
        let overlay = try Overlay.comment("One more.").make(in: lab.directory)
        let run = try await lab.kubeforge("deploy", lab.inventory.path, "--templates", overlay, "--timeout", "20s")
        _ = try await lab.ssh("kubmaster", "kubectl -n mlops delete quota few")
        #expect(run.exitCode == 1, "\(run.everything)")
        #expect(run.errors.contains("exceeded quota: few"), "\(run.errors)")
        #expect(try await running() == before)
    }

    @Test("comes back whole when a rollout fails after its first pod was right")
    func restore() async throws {
        let before = try await running()
        let overlay = try Overlay(
            file: "service/api.py",
            change: (
                "def create_app(",
                """
                import os\n\nif 'candidate' not in os.uname().nodename:\n    raise SystemExit('only the first pod \
                starts')\n\n\ndef create_app(
                """
            )
        ).make(in: lab.directory)
        let statuses = try await Watch(lab: lab).statuses {
            let run = try await lab.kubeforge("deploy", lab.inventory.path, "--templates", overlay)
            #expect(run.exitCode == 1, "\(run.everything)")
            #expect(run.errors.contains("rolled back: \(before) is serving on all pods"), "\(run.errors)")
            #expect(run.errors.contains("only the first pod starts"), "\(run.errors)")
        }
        #expect(statuses.filter { $0 != "200" } == [])
        #expect(try await running() == before)
        #expect(try await lab.kubeforge("smoke-test", lab.inventory.path).exitCode == 0)
    }

    @Test("sends of a new release what is new, and keeps the last six")
    func delivery() async throws {
        let overlay = try Overlay.comment("Another comment.").make(in: lab.directory)
        let bytes = try await sentByRegistry {
            let run = try await lab.kubeforge("deploy", lab.inventory.path, "--templates", overlay, "--output", "json")
            #expect(run.exitCode == 0, "\(run.everything)")
            let events = try run.events()
            let hosts = try #require(events.last?.hosts)
            #expect(hosts.count == 2 && hosts.values.allSatisfy { $0.bytesSent < 1_000_000 }, "\(run.output)")
            let pushed = events.first { $0.event == "step" && $0.title?.hasSuffix(" is in its registry") == true }
            #expect(pushed?.differences?.last?.wholeMatch(of: /1 of \d+ layers were new to it/) != nil, "\(run.output)")
        }
        #expect(bytes > 1000 && bytes < 1_000_000, "\(bytes)")
        // Releases with faults came this far, too.
        let images = try await lab.ssh(
            "kubmaster", "sudo docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -c '^inference:'")
        // The one that runs, and the five that Kubernetes can bring back.
        #expect(images.output == "6\n")
        #expect(try await published().count == 6)
    }

    @Test("goes back to the release before, and tells what ran when")
    func rollback() async throws {
        let before = try await running()
        let known = try await releases()
        let back = try await lab.kubeforge("rollback", "--inventory", lab.inventory.path)
        #expect(back.exitCode == 0, "\(back.everything)")
        #expect(try await running() != before)
        #expect(try await lab.kubeforge("smoke-test", lab.inventory.path).exitCode == 0)
        let now = try await releases()
        #expect(now.count == known.count + 1)
        #expect(now.first?.state == "runs")
    }

    @Test("with one's own data says what the models say elsewhere", arguments: OwnData.Known.all)
    func ownData(data: OwnData.Known) async throws {
        var own = lab.inventory
        own.service = try data.service(lab.directory.appending(path: "own"))
        try own.write()
        let run = try await lab.kubeforge("deploy", lab.inventory.path)
        #expect(run.exitCode == 0, "\(run.everything)")
        let address = lab.inventory.address(of: "kubnode")
        let prediction = try await lab.curl("http://\(address):30080/prediction/23")
        #expect(prediction.output.contains(data.prediction), "\(prediction.everything)")
        let score = try await lab.curl("http://\(address):30080/score")
        #expect(score.output.contains(#""lda":\#(data.score)"#), "\(score.everything)")
        let check = try await lab.kubeforge("smoke-test", lab.inventory.path)
        #expect(check.exitCode == 0, "\(check.everything)")
    }

    private func releases() async throws -> [Finished.Line] {
        let run = try await lab.kubeforge("releases", lab.inventory.path, "--output", "json")
        #expect(run.exitCode == 0, "\(run.everything)")
        return try run.events("release")
    }

    /// The image that the Deployment names.
    func running() async throws -> String {
        try await lab.ssh(
            "kubmaster",
            "kubectl -n mlops get deployment inference -o jsonpath='{.spec.template.spec.containers[0].image}'"
        ).output
    }

    private func candidates() async throws -> String {
        try await lab.ssh("kubmaster", "kubectl -n mlops get deployments -o name | grep candidate || true").output
    }
}
