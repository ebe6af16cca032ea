/// How a machine reaches what lies outside: through a proxy, all but some places.
package struct Proxy: Sendable, Hashable {
    /// For http:// addresses; nil: they are reached directly.
    package var http: String?
    /// For https:// addresses.
    package var https: String?
    /// Host names, `.domain` suffixes, addresses and networks that are reached without it.
    package var exceptions: [String]

    package init(http: String? = nil, https: String? = nil, exceptions: [String] = []) {
        self.http = http
        self.https = https
        self.exceptions = exceptions
    }

    /// As programs read it, sorted by name: curl reads only lower case for http, Docker and containerd either, and others upper case.
    package var environment: [(name: String, value: String)] {
        let values: [(String, String?)] = [
            ("HTTP_PROXY", http), ("HTTPS_PROXY", https), ("NO_PROXY", exceptions.isEmpty ? nil : exceptions.joined(separator: ",")),
        ]
        let given = values.compactMap { name, value in value.map { (name: name, value: $0) } }
        return given + given.map { (name: $0.name.lowercased(), value: $0.value) }
    }
}

extension Command {
    /// The command with the proxy in its environment; the same command without one.
    package func through(_ proxy: Proxy?) -> Command {
        guard let proxy else { return self }
        var copy = self
        copy.words = ["env"] + proxy.environment.map { Word("\($0.name)=\($0.value)") } + words
        return copy
    }

    /// An apt-get that goes through the proxy. As options, which win over the machine's own configuration; apt looks for exceptions
    /// in the environment alone.
    package func aptThrough(_ proxy: Proxy?) -> Command {
        guard let proxy, let place = words.firstIndex(of: "apt-get") else { return self }
        let options = ([("http", proxy.http), ("https", proxy.https)] as [(String, String?)]).compactMap { scheme, url in
            url.map { Word("Acquire::\(scheme)::Proxy=\($0)") }
        }
        var copy = self
        copy.words.insert(contentsOf: options.flatMap { ["-o", $0] }, at: place + 1)
        return copy.through(Proxy(exceptions: proxy.exceptions))
    }
}
