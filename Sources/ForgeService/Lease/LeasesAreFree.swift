import ForgeCore
import ForgeInventory
import ForgePlan

/// No run holds the cluster or one of its services.
package struct LeasesAreFree: Step {
    private let namespaces: [String]

    package init(_ services: [Service]) { namespaces = (["kube-system"] + services.map(\.namespace)).uniqued() }

    package var title: String { "no run holds the cluster" }

    package var questions: [Question] { [.command(look)] }

    /// A cluster that is not there, or does not answer, is held by nobody that could be told.
    package func differences(given answers: Answers) -> [Difference] {
        let (now, held) = held(answers.command(look).text)
        return held.map { lease in
            let who = lease.holder.map { $0.sentence } ?? "an unknown run"
            let age = lease.age(at: now).map { ", renewed \(max(0, $0)) s ago" } ?? ""
            return Difference("Lease \(lease.metadata.namespace ?? "")/\(lease.metadata.name) is held by \(who)\(age)")
        }
    }

    /// Deletes the Leases whoever holds them; a run that is alive notices, and changes nothing more.
    package func apply(to machine: Machine) async throws {
        let (_, held) = held(try await machine.ask(questions).command(look).text)
        for lease in held {
            let kubectl = Kubectl(namespace: lease.metadata.namespace ?? "kube-system")
            try await machine.run(kubectl.command("delete", "lease", "--ignore-not-found", Word(lease.metadata.name)))
        }
    }

    private func held(_ text: String) -> (now: Int, leases: [LeaseObject]) {
        let lines = text.split(separator: "\n").map(String.init)
        let leases = lines.dropFirst().flatMap { LeaseObject.list($0) ?? [] }
        return (
            lines.first.flatMap { Int($0, in: .times) } ?? 0,
            leases.filter { $0.spec?.holderIdentity?.isEmpty == false }
        )
    }

    /// The clock that renews Leases, and a list for each namespace on a line of its own.
    private var look: String {
        let gets = namespaces.map { name in
            Kubectl(namespace: name).line(
                "get", "leases", "--selector", Word(LeasePlace.label), "--output", "json", "--request-timeout=10s")
        }
        return "date -u +%s; [ -f /etc/kubernetes/admin.conf ] || exit 0; "
            + gets.map { "{ \($0) 2>/dev/null || :; } | tr -d '\\n'; echo" }.joined(separator: "; ")
    }
}
