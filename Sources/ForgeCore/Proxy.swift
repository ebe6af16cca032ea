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

    /// `NAME=value` in upper and in lower case: curl reads http_proxy in lower case alone, others all of them in upper
    /// case.
    package var assignments: [String] {
        let values: [(String, String?)] = [
            ("HTTP_PROXY", http), ("HTTPS_PROXY", https),
            ("NO_PROXY", exceptions.isEmpty ? nil : exceptions.joined(separator: ",")),
        ]
        let given = values.compactMap { name, value in value.map { (name, $0) } }
        return given.map { "\($0)=\($1)" } + given.map { "\($0.lowercased())=\($1)" }
    }
}

extension Command {
    /// The command with the proxy in its environment; the same command without one.
    package func through(_ proxy: Proxy?) -> Command {
        guard let proxy else { return self }
        var copy = self
        copy.words = ["env"] + proxy.assignments.map { Word($0) } + words
        return copy
    }

    /// An apt-get that goes through the proxy. As options, which win over the machine's own configuration; apt looks
    /// for exceptions in the environment alone.
    package func aptThrough(_ proxy: Proxy?) -> Command {
        guard let proxy, let place = words.firstIndex(of: "apt-get") else { return self }
        let options = ([("http", proxy.http), ("https", proxy.https)] as [(String, String?)]).compactMap {
            scheme, url in
            url.map { Word("Acquire::\(scheme)::Proxy=\($0)") }
        }
        var copy = self
        copy.words.insert(contentsOf: options.flatMap { ["-o", $0] }, at: place + 1)
        return copy.through(Proxy(exceptions: proxy.exceptions))
    }
}
