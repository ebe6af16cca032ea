import ForgeCore

/// The proxy that the machines and the cluster reach the internet through.
struct ProxySection {
    static let keys = ["http", "https", "noProxy"]

    func read(_ field: Field) -> Proxy? {
        guard let section = MappingReader(field, keys: Self.keys) else { return nil }
        let http = section["http"]?.read(WebAddress.url)
        let https = section["https"]?.read(WebAddress.url)
        if section["http"] == nil, section["https"] == nil {
            field.fail(
                ValidationError("names no proxy", fix: "add a line such as `https: http://proxy.example.org:3128`"))
        }
        let exceptions = section["noProxy"]?.elements()?.compactMap { $0.read(Self.exception) }
        return Proxy(http: http, https: https, exceptions: exceptions ?? [])
    }

    /// A host, `.domain`, an address or a network.
    private static func exception(_ text: String) throws(ValidationError) -> String {
        let name = text.hasPrefix("*.") ? String(text.dropFirst()) : text
        if IPv4Network(name) != nil { return name }
        guard !name.contains(":"), WebAddress.isHost(name.hasPrefix(".") ? String(name.dropFirst()) : name) else {
            throw ValidationError(
                "needs a host, a domain such as .example.org, an address or a network such as 10.0.0.0/8")
        }
        return name
    }
}
