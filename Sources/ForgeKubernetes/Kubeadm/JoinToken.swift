import ForgeCore
import ForgePlan

/// One short-lived bootstrap token for all workers that join at the same time; the last of them deletes it.
actor JoinToken {
    private let controlPlane: String
    private var users = 0
    private var ticket: Task<JoinCredentials, any Error>?

    init(controlPlane: String) { self.controlPlane = controlPlane }

    struct JoinCredentials: Sendable {
        /// A secret.
        let token: String
        /// Its public half.
        var id: String { String(token.prefix { $0 != "." }) }
        /// `sha256:…` of the cluster CA's public key.
        let caHash: String
    }

    /// Lends the token; it is made when the first one asks, and deleted when the last one is done, however that ended.
    func withToken(through machine: Machine, _ body: @Sendable (JoinCredentials) async throws -> Void) async throws {
        users += 1
        do {
            let task = ticket ?? Task { [controlPlane] in try await Self.make(on: machine.peer(controlPlane)) }
            ticket = task
            try await body(task.value)
        } catch {
            try? await release(machine)
            throw error
        }
        try await release(machine)
    }

    private func release(_ machine: Machine) async throws {
        users -= 1
        guard users == 0, let old = ticket else { return }
        ticket = nil
        if let ticket = try? await old.value { try await Self.delete(ticket, on: machine.peer(controlPlane)) }
    }

    /// It lives 15 minutes: long enough for a slow image pull, short enough to be worthless when a run is killed.
    private static func make(on controlPlane: Machine) async throws -> JoinCredentials {
        let script = """
            set -e
            token=$(kubeadm token create --kubeconfig \(HostKubectl.adminConfig) --ttl 15m --description \
            "kubeforge join")
            hash=$(openssl x509 -pubkey -noout -in /etc/kubernetes/pki/ca.crt | openssl pkey -pubin -outform der | \
            sha256sum)
            printf '%s\\n' "$token" "$hash"
            """
        let output = try await controlPlane.runUnlogged(Command.script(script).asRoot())
        let lines = output.text.split(separator: "\n")
        guard lines.count == 2, let hash = lines[1].split(separator: " ").first else {
            throw Problem(
                what: "\(controlPlane.host.name): no join token could be made",
                why: Output(standardError: output.standardError).lastLine,
                fix: "`sudo kubeadm token create` on \(controlPlane.host.name)")
        }
        return JoinCredentials(token: String(lines[0]), caHash: "sha256:\(hash)")
    }

    private static func delete(_ ticket: JoinCredentials, on controlPlane: Machine) async throws {
        try await controlPlane.run(
            Command("kubeadm", "token", "delete", "--kubeconfig", Word(HostKubectl.adminConfig), Word(ticket.id))
                .asRoot())
    }
}
