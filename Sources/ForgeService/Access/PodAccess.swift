import ForgeInventory
import ForgeTemplates

/// What a pod of the service needs to let in those who may ask it, in the way that the inventory wants.
struct PodAccess: Sendable {
    private let service: Service
    /// The name of the Secret; nil where there is none.
    private let secret: String?

    init(_ service: Service, secret: String?) {
        self.service = service
        self.secret = secret
    }

    private static let folder = "/etc/access"

    /// What the server reads.
    var variables: [(name: String, value: String)] {
        let all: [(String, String?)] = [
            ("EXAMPLES", service.examples == .private ? service.examples.rawValue : nil),
            ("LOG", service.requestLog == .requests ? service.requestLog.rawValue : nil),
            ("TOKENS_FILE", service.tokensPath.map { _ in "\(Self.folder)/tokens" }),
            ("TLS_CERTIFICATE_FILE", service.tls.map { _ in "\(Self.folder)/tls.crt" }),
            ("TLS_KEY_FILE", service.tls.map { _ in "\(Self.folder)/tls.key" }),
            ("CORS_ORIGINS", service.cors.isEmpty ? nil : service.cors.joined(separator: ",")),
            // One, as the image has it, is not worth a line.
            ("OMP_NUM_THREADS", service.resources.threads > 1 ? "\(service.resources.threads)" : nil),
        ]
        return all.compactMap { name, value in value.map { (name, $0) } }
    }

    /// Behind the end of a line of a Deployment's container; empty where there is nothing to say.
    var env: String {
        if variables.isEmpty { return "" }
        return "\n          env:"
            + variables.map { "\n            - name: \($0.name)\n              value: \($0.value.yamlQuoted)" }.joined()
    }

    var mounts: String {
        guard secret != nil else { return "" }
        return "\n            - name: access\n              mountPath: \(Self.folder)\n              readOnly: true"
    }

    /// Everybody in the pod is one user, who is not root: root owns these files.
    var volumes: String {
        guard let secret else { return "" }
        return "\n        - name: access\n          secret:\n            secretName: \(secret.yamlQuoted)"
            + "\n            defaultMode: 0444"
    }

    /// Of a probe.
    var scheme: String { service.tls == nil ? "" : "\n              scheme: HTTPS" }
}
