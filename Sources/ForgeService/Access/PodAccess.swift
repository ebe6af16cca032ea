import ForgeInventory
import ForgeTemplates

/// What a pod of the service needs to let in those who may ask it, in the way that the inventory wants.
struct PodAccess: Sendable {
    private let service: Service
    /// The name of the Secret; nil where there is none.
    private let secret: String?
    /// The release as `/metrics` shows it: `inference:0123456789abcdef`.
    private let release: String

    init(_ service: Service, release: String, secret: String?) {
        self.service = service
        self.release = release
        self.secret = secret
    }

    private static let directory = "/etc/access"

    /// What the server reads, and where it finds it.
    var parts: PodParts {
        PodParts(
            variables: wanted.compactMap { name, value in value.map { .init(name: name, value: $0) } }
                + plain.variables,
            mounts: secret == nil ? [] : [.init(volume: "access", path: Self.directory)],
            volumes: secret.map { [.secret("access", $0)] } ?? [])
    }

    /// The same where the inventory wants nothing.
    var plain: PodParts { PodParts(variables: [.init(name: "RELEASE", value: release)]) }

    /// What the server reads, because the inventory wants it.
    private var wanted: [(String, String?)] {
        [
            ("EXAMPLES", service.examples == .private ? service.examples.rawValue : nil),
            ("LOG", service.requestLog == .requests ? service.requestLog.rawValue : nil),
            ("TOKENS_FILE", service.tokensPath.map { _ in "\(Self.directory)/tokens" }),
            ("TLS_CERTIFICATE_FILE", service.tls.map { _ in "\(Self.directory)/tls.crt" }),
            ("TLS_KEY_FILE", service.tls.map { _ in "\(Self.directory)/tls.key" }),
            ("CORS_ORIGINS", service.cors.isEmpty ? nil : service.cors.joined(separator: ",")),
            // One, as the image has it, is not worth a line.
            ("OMP_NUM_THREADS", service.resources.threads > 1 ? "\(service.resources.threads)" : nil),
        ]
    }

    /// `http` or `https`
    var protocolName: String { service.tls == nil ? "http" : "https" }

    /// The scheme of a probe, as a line of YAML.
    var scheme: String { service.tls == nil ? "" : "\n              scheme: HTTPS" }
}
