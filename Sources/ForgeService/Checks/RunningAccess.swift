import ForgeCore
import ForgeInventory
import ForgePlan
import Foundation

/// With what the running release lets others in: after a rollback these are the tokens and the certificate of then, and
/// not those that the inventory names now. Its Secret is named by its content, which tells.
struct RunningAccess: Sendable {
    let credentials: ServiceCredentials
    /// What is worth saying of it; nil where the inventory's are the ones.
    let note: String?

    init(_ credentials: ServiceCredentials, note: String? = nil) {
        self.credentials = credentials
        self.note = note
    }

    /// Reads the operator's files, and only where those are others, the release's Secret. Nothing of it is ever shown.
    static func of(
        _ running: RunningRelease, _ cluster: Cluster, on host: ForgeCore.Host, over transport: any Transport
    ) async throws -> RunningAccess {
        guard let name = running.accessSecret else { return RunningAccess(.none) }
        if let own = try? AccessSecret(cluster), own.name == name {
            return RunningAccess(try ServiceCredentials(cluster))
        }
        let output = try await transport.run(read(name, in: cluster.service.namespace))
        guard output.isSuccess, let credentials = credentials(output.text) else {
            throw Problem(
                what: """
                    \(host.name): the running release cannot be asked: the Secret \(name) with its tokens is not there
                    """,
                why: output.errorText.split(whereSeparator: \.isNewline).last.map(String.init),
                fix: "`kubeforge deploy` brings a release with those of the inventory")
        }
        return RunningAccess(
            credentials,
            note: """
                the release that runs has tokens or a certificate of its own (Secret \(name)), not those of the \
                inventory, and is asked with them; `kubeforge deploy` brings the inventory's
                """)
    }

    /// Two words of base64, or `-` for what is not there: the tokens, and the certificate. Never the key.
    static func read(_ name: String, in namespace: String) -> Command {
        let secret = Kubectl(namespace: namespace).line(
            "get", "secret", Word(name), "--output",
            #"jsonpath={.data.tokens}{"-"}{"\n"}{.data.tls\.crt}{"-"}{"\n"}"#)
        return Command("sh", "-c", Word(secret)).asRoot().leavingHost()
    }

    static func credentials(_ text: String) -> ServiceCredentials? {
        let parts = text.split(separator: "\n").map { $0.dropLast() }
        guard parts.count == 2 else { return nil }
        let files = parts.map { Data(base64Encoded: String($0)).map { [UInt8]($0) } ?? [] }
        let token = String(decoding: files[0], as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
        return ServiceCredentials(token: token, certificate: CertificateFile(pem: files[1]))
    }
}

extension CertificateFile {
    /// Whether clients believe it today.
    func check(at time: Int) -> CheckReport {
        CheckReport(
            name: "certificate", isPassed: (begins...max(begins, ends)).contains(time),
            expected: "valid on \(UTCDate.text(time))",
            got: time < begins ? "valid from \(UTCDate.text(begins))" : "valid until \(UTCDate.text(ends))",
            milliseconds: 0)
    }
}
