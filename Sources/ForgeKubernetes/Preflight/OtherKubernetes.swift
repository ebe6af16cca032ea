import ForgeCore
import ForgePlan

/// No other Kubernetes and no Docker from a snap is at work: their kubelets listen on the same ports, and a snap's
/// Docker has neither kubeforge's settings nor its paths.
struct OtherKubernetes: PreflightCheck {
    var title: String { "no other Kubernetes runs on it" }

    var questions: [Question] { Self.units.map { .unit($0.name) } }

    func differences(given answers: Answers) -> [Difference] {
        Self.units.filter { isAtWork(answers.unit($0.name)) }.map { "\($0.what) is installed (\($0.name))" }
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        let removals = Self.units.filter { unit in differences.contains { $0.text.contains(unit.name) } }.map {
            "`\($0.removal)`"
        }.uniqued()
        return Problem(
            what: "\(host.name): already has another Kubernetes or a snap's Docker; it was left untouched",
            why: differences.map(\.text).joined(separator: "\n"),
            fix:
                """
                if it is no longer wanted, with all that runs in it: \(removals.joined(separator: ", ")) on \
                \(host.name); else use another machine
                """
        )
    }

    /// One that is there, stopped and disabled is in nobody's way.
    private func isAtWork(_ state: UnitState) -> Bool {
        state.load != "not-found" && (state.active == "active" || state.active == "activating" || state.startsAtBoot)
    }

    private static let units: [(name: String, what: String, removal: String)] = [
        ("snap.docker.dockerd.service", "the snap docker", "sudo snap remove docker"),
        ("snap.microk8s.daemon-kubelite.service", "the snap microk8s", "sudo snap remove microk8s"),
        ("snap.k8s.kubelet.service", "the snap k8s", "sudo snap remove k8s"),
        ("k3s.service", "k3s", "/usr/local/bin/k3s-uninstall.sh"),
        ("k3s-agent.service", "k3s", "/usr/local/bin/k3s-agent-uninstall.sh"),
        ("rke2-server.service", "RKE2", "/usr/local/bin/rke2-uninstall.sh"),
        ("rke2-agent.service", "RKE2", "/usr/local/bin/rke2-uninstall.sh"),
        ("k0scontroller.service", "k0s", "sudo k0s stop && sudo k0s reset"),
        ("k0sworker.service", "k0s", "sudo k0s stop && sudo k0s reset"),
    ]
}
