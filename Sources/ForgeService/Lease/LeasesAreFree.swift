import ForgeCore
import ForgeInventory
import ForgePlan

/// No run holds the cluster or one of its services.
package struct LeasesAreFree: Step {
    private let namespaces: [String]

    package init(_ services: [Service]) { namespaces = (["kube-system"] + services.map(\.namespace)).uniqued() }

    package var title: String { "no run holds the cluster" }

    package var questions: [Question] { [.command(look)] }

    /// A cluster that is not there is held by nobody.
    package func differences(given answers: Answers) -> [Difference] {
        let found = Found(answers.command(look), in: namespaces)
        if found.said.exitCode != 0 { return [Difference(Self.notKnown, silent: found.said)] }
        return found.held.map { lease in
            let who = lease.holder.map { $0.sentence } ?? "an unknown run"
            let age = lease.age(at: found.now).map { ", renewed \(max(0, $0)) s ago" } ?? ""
            return Difference("Lease \(lease.metadata.namespace ?? "")/\(lease.metadata.name) is held by \(who)\(age)")
        }
    }

    /// A cluster that does not answer can neither be asked nor changed; what the machines hold is another step's.
    package func refusal(of differences: [Difference], on host: Host) -> Problem? {
        guard let text = differences.first?.text, text.hasPrefix(Self.notKnown) else { return nil }
        return Problem(silent: host.name, String(text.dropFirst(Self.notKnown.count + 2)))
    }

    /// Deletes the Leases whoever holds them; a run that is alive notices, and changes nothing more.
    package func apply(to machine: Machine) async throws {
        for lease in Found(try await machine.ask(questions).command(look), in: namespaces).held {
            let kubectl = Kubectl(namespace: lease.metadata.namespace ?? "kube-system")
            try await machine.run(kubectl.command("delete", "lease", "--ignore-not-found", Word(lease.metadata.name)))
        }
    }

    private static let notKnown = "who holds the cluster is not known"

    /// What a look has found.
    private struct Found {
        /// By the clock that renews Leases.
        let now: Int
        let held: [LeaseObject]
        /// How kubectl ended, with its own words where it failed.
        let said: CommandState

        init(_ answer: CommandState, in namespaces: [String]) {
            let parts = answer.text.split(separator: "\n", maxSplits: 1).map(String.init)
            let rest = parts.count > 1 ? parts[1] : ""
            now = parts.first.flatMap { Int($0, in: .times) } ?? 0
            // Nothing at all is said where there is no cluster; what cannot be read has not said that nothing is held.
            let list = answer.exitCode == 0 ? rest.isEmpty ? [] : LeaseObject.list(rest) : nil
            let isUnread = answer.exitCode == 0 && list == nil
            said =
                isUnread
                ? CommandState(exitCode: 1, text: "kubectl's list of Leases cannot be read")
                : CommandState(exitCode: answer.exitCode, text: rest)
            let all = list ?? []
            // Those of another inventory's services in the same cluster are not this one's to end.
            held = all.filter {
                $0.spec?.holderIdentity?.isEmpty == false && namespaces.contains($0.metadata.namespace ?? "kube-system")
            }
        }
    }

    /// The clock that renews Leases, and the list of them. A machine that has never been a control plane has none.
    private var look: String {
        let list = Kubectl(namespace: "kube-system").look(
            "get", "leases", "--all-namespaces", "--selector", Word(LeasePlace.label), "--output", "json",
            "--request-timeout=10s")
        return "date -u +%s; [ -f /etc/kubernetes/admin.conf ] || exit 0; \(list)"
    }
}
