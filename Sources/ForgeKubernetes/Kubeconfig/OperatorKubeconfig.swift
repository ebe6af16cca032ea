import ForgeCore
import ForgePlan

/// The operator's kubectl knows the cluster, under its name.
struct OperatorKubeconfig: Step {
    let cluster: String
    /// A file on the operator's machine.
    let path: String
    /// `https://…:6443`, as the nodes reach the API server.
    let server: String
    /// The same, as the operator reaches it.
    let outerServer: String

    init(cluster: String, path: String, host: Host) {
        self.cluster = cluster
        self.path = path
        server = "https://\(host.address):6443"
        outerServer = "https://\(host.publicAddress):6443"
    }

    var title: String { "kubectl on this computer knows \(cluster)" }

    var questions: [Question] { [.contents(HostKubectl.adminConfig)] }

    func differences(given answers: Answers) -> [Difference] {
        guard let admin = answers.text(HostKubectl.adminConfig) else {
            return ["there is no administrator's configuration yet"]
        }
        do throws(Problem) {
            return try merged(admin, into: file.text()).differences.map { Difference("\(path): \($0)") }
        } catch {
            return [Difference([error.what, error.why].compactMap { $0 }.joined(separator: ": "))]
        }
    }

    func apply(to machine: Machine) async throws {
        guard let admin = try await machine.ask(questions).text(HostKubectl.adminConfig) else {
            throw Problem(what: "\(machine.host.name): \(HostKubectl.adminConfig) is missing")
        }
        try await file.change { existing throws(Problem) in try merged(admin, into: existing).text }
    }

    var file: SharedFile { SharedFile(path, orElse: "set KUBECONFIG to another file") }

    func merged(_ admin: String, into existing: String?) throws(Problem) -> Kubeconfig {
        let taken = try AdminConfig(
            admin, server: server, source: "\(HostKubectl.adminConfig) of \(cluster)'s control plane")
        return try Kubeconfig(
            merging: KubeconfigEntries(name: cluster, admin: taken, server: outerServer, otherServers: [server]),
            into: existing)
    }
}

/// What `OperatorKubeconfig` would refuse, found before anything is changed.
struct OperatorKubeconfigFits: PreflightCheck {
    let step: OperatorKubeconfig

    var title: String { "the kubeconfig of this computer can take \(step.cluster)" }

    var questions: [Question] { step.questions }

    /// What, why and fix: the cause decides all three.
    func differences(given answers: Answers) -> [Difference] {
        guard let problem = problem(answers) else { return [] }
        return [problem.what, problem.why, problem.fix].map { Difference($0 ?? "") }
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        let parts = differences.map { $0.text.isEmpty ? nil : $0.text } + [nil, nil, nil]
        return Problem(what: parts[0] ?? title, why: parts[1], fix: parts[2])
    }

    private func problem(_ answers: Answers) -> Problem? {
        if let obstacle = step.file.obstacle() { return obstacle }
        do throws(Problem) {
            let existing = try step.file.text()
            if let admin = answers.text(HostKubectl.adminConfig) {
                _ = try step.merged(admin, into: existing)
            } else if let existing, let foreign = step.unmade.foreign(in: try KubeconfigText.root(existing)) {
                throw foreign
            }
            return nil
        } catch {
            return error
        }
    }
}

extension OperatorKubeconfig {
    /// A cluster that is still to be made has no authority yet: only its address can say that an entry is its own.
    fileprivate var unmade: KubeconfigOwnership {
        KubeconfigOwnership(name: cluster, user: "\(cluster)-admin", authority: nil, servers: [outerServer, server])
    }
}
