import ForgeCore
import ForgePlan

/// A control plane that the inventory calls schedulable has none of kubeadm's taints. One that it no longer calls so
/// gets those back that kubeforge took away: the node's annotation names them. What somebody else removed stays away.
struct ControlPlaneTaints: Step {
    let host: Host

    var title: String { "\(host.name) is \(host.isSchedulable ? "" : "not made ")schedulable" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(look)
        guard state.exitCode == 0 else { return ["its taints are not known yet"] }
        let found = Found(state.text)
        if host.isSchedulable { return found.present.map { "it has the taint \($0)" } }
        if !found.missing.isEmpty {
            return found.missing.map { "it lacks the taint \($0), which kubeforge took away" }
        }
        return found.removed.isEmpty ? [] : ["its annotation \(Self.annotation) is out of date"]
    }

    func apply(to machine: Machine) async throws {
        let found = Found(try await machine.ask(questions).command(look).text)
        let taint: [Word] = ["taint", "--overwrite", "node", Word(host.name)]
        let annotate: [Word] = ["annotate", "--overwrite", "node", Word(host.name)]
        if host.isSchedulable {
            // The note first, and all taints at once: a run that was killed between them finds the same taints again.
            let names = found.present.joined(separator: ",")
            try await machine.run(HostKubectl.command(annotate + [Word("\(Self.annotation)=\(names)")]))
            try await machine.run(HostKubectl.command(taint + found.present.map { Word("\($0)-") }))
        } else {
            if !found.missing.isEmpty {
                try await machine.run(HostKubectl.command(taint + found.missing.map { Word("\($0):NoSchedule") }))
            }
            try await machine.run(HostKubectl.command(annotate + [Word("\(Self.annotation)-")]))
        }
    }

    /// kubeadm's taints as the API server tells them: those that the node has, and those that kubeforge took away.
    private struct Found {
        let present: [String]
        let removed: [String]

        var missing: [String] { removed.filter { !present.contains($0) } }

        init(_ text: String) {
            let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
            let (keys, noted) = (parts.first ?? "", parts.count > 1 ? parts[1] : "")
            present = ControlPlaneTaints.taints.filter(keys.split(separator: " ").map(String.init).contains)
            removed = ControlPlaneTaints.taints.filter(noted.split(separator: ",").map(String.init).contains)
        }
    }

    private static let taints = ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"]
    private static let annotation = "kubeforge.io/removed-taints"

    /// Where there is no cluster yet, nothing was taken away.
    private var look: String {
        let fields = "{.spec.taints[*].key};{.metadata.annotations.kubeforge\\.io/removed-taints}"
        let look = HostKubectl.asAdmin("get node \(host.name) -o 'jsonpath=\(fields)'")
        return host.isSchedulable ? look : "[ ! -f \(HostKubectl.adminConfig) ] || { \(look); }"
    }
}
