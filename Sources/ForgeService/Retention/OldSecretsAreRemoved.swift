import ForgeCore
import ForgeInventory
import ForgePlan

/// No Secret of the model store, of who asks the service or of a registry is left that no pod needs and no release that
/// can be restored.
struct OldSecretsAreRemoved: Step {
    private let service: Service
    private let next: [String]
    private let kubectl: Kubectl

    /// `next`: those of the next pods and of the next training. One that has just begun may have its Secret, and no pod
    /// yet that names it.
    init(_ service: Service, but next: [String]) {
        self.service = service
        self.next = next
        kubectl = Kubectl(namespace: service.namespace)
    }

    var title: String { "only Secrets that a release names are kept" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else { return ["could not determine which Secrets are in use; nothing is removed"] }
        return names(answer).map { "no longer needed: Secret \($0)" }
    }

    /// Looks again before it removes.
    func apply(to machine: Machine) async throws {
        let answer = try await machine.ask(questions).command(look)
        let old = answer.exitCode == 0 ? names(answer) : []
        if old.isEmpty { return }
        try await machine.run(kubectl.command(["delete", "secret", "--ignore-not-found", "--"] + old.map { Word($0) }))
    }

    private func names(_ answer: CommandState) -> [String] {
        answer.text.split(whereSeparator: \.isNewline).map(String.init)
    }

    /// Prints the names of those that nothing names.
    private var look: String {
        let all = kubectl.line(
            "get", "secrets", "--selector",
            "app.kubernetes.io/name=\(service.name),app.kubernetes.io/managed-by=kubeforge", "--output",
            #"jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}"#)
        let used = kubectl.line(
            "get", "deployments,replicasets,pods,jobs,cronjobs", "--output",
            #"jsonpath={range .items[*]}{..secretName}{" "}{..imagePullSecrets[*].name}{" "}{end}"#)
        let ours =
            "(\(StoreSecret.name(service))|\(AccessSecret.name(service))|\(PullSecret.name(service)))(-[0-9a-f]{8})?"
        return """
            set -e; all=$(\(all)); used=$(\(used))
            for name in $(echo "$all" | grep -xE \(ours.shellQuoted)); do
            case " \(next.joined(separator: " ")) $used " in *" $name "*) ;; *) echo "$name";; esac
            done
            """
    }
}
