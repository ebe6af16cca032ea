import ForgeCore

/// The sources that a machine's apt reads, of both forms, each with the place where it stands.
package struct AptSources: Sendable, Hashable {
    /// In the order of the files and lines; a stanza with two addresses or two suites gives one source for each.
    package private(set) var all: [Source] = []

    /// One address and suite that apt takes packages from; `deb-src` and disabled ones are none.
    package struct Source: Sendable, Hashable {
        /// The file that names it: `/etc/apt/sources.list.d/docker.list`.
        package var path: String
        /// The number of the stanza's first line in a `.sources` file; counted from 1.
        package var line: Int
        /// Without a slash at its end.
        package var address: String
        /// `bookworm`, or a path such as `/` for a repository without suites.
        package var suite: String
        /// A path; nil when there is none, and apt then accepts every key that the machine trusts.
        package var signedBy: String?

        package init(path: String, line: Int, address: String, suite: String, signedBy: String?) {
            self.path = path
            self.line = line
            self.address = address
            self.suite = suite
            self.signedBy = signedBy
        }

        /// `PATH:LINE`, as editors take it.
        package var place: String { "\(path):\(line)" }
    }

    /// Prints every line of every file with its path and number.
    package static let look =
        "grep -Hn '' /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null"

    /// `text`: `PATH:LINE:TEXT`, as `look` prints it.
    package init(_ text: String) {
        var stanza: [Line] = []
        for line in text.linesToRead.compactMap(Line.init) {
            if line.path != stanza.last?.path || line.text.allSatisfy(\.isWhitespace) {
                all += Self.sources(of: stanza)
                stanza = []
            }
            if line.path.hasSuffix(".sources") {
                if !line.text.hasPrefix("#"), !line.text.allSatisfy(\.isWhitespace) { stanza.append(line) }
            } else {
                all += Self.source(of: line)
            }
        }
        all += Self.sources(of: stanza)
    }

    private struct Line {
        var path: String
        var number: Int
        var text: String

        init?(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, let number = Int(parts[1]) else { return nil }
            (self.path, self.number, self.text) = (String(parts[0]), number, String(parts[2]))
        }
    }

    /// `deb [signed-by=KEY arch=amd64] ADDRESS SUITE COMPONENT…`
    private static func source(of line: Line) -> [Source] {
        var words = line.text.prefix { $0 != "#" }.replacing("[", with: " [ ").replacing("]", with: " ] ").split(
            whereSeparator: \.isWhitespace)[...]
        guard words.popFirst() == "deb" else { return [] }
        var options: ArraySlice<Substring> = []
        if words.first == "[", let end = words.firstIndex(of: "]") {
            options = words[words.startIndex..<end].dropFirst()
            words = words[(end + 1)...]
        }
        guard words.count >= 2 else { return [] }
        let key = options.first { $0.lowercased().hasPrefix("signed-by=") }.map {
            String($0.dropFirst("signed-by=".count))
        }
        return [source(line, String(words.removeFirst()), String(words.removeFirst()), key)]
    }

    /// `Types: deb`, `URIs: …`, `Suites: …`, `Signed-By: …` and more; a line that begins with a space continues the
    /// one before.
    private static func sources(of stanza: [Line]) -> [Source] {
        var fields: [String: String] = [:]
        var last = ""
        for line in stanza {
            if line.text.first?.isWhitespace == true {
                fields[last, default: ""] += "\n" + line.text
            } else if let colon = line.text.firstIndex(of: ":") {
                last = line.text[..<colon].lowercased()
                fields[last] = String(line.text[line.text.index(after: colon)...])
            }
        }
        func words(_ name: String) -> [String] {
            fields[name, default: ""].split(whereSeparator: \.isWhitespace).map(String.init)
        }
        guard words("types").contains("deb"), !off.contains(words("enabled").first?.lowercased() ?? "") else {
            return []
        }
        let key = words("signed-by").first.map { $0.hasPrefix("-----BEGIN") ? "a key in the file" : $0 }
        return words("uris").flatMap { address in words("suites").map { source(stanza[0], address, $0, key) } }
    }

    /// What apt takes for no.
    private static let off: Set = ["no", "false", "without", "off", "disable", "0"]

    private static func source(_ line: Line, _ address: String, _ suite: String, _ key: String?) -> Source {
        var address = address
        while address.hasSuffix("/") { address.removeLast() }
        return Source(path: line.path, line: line.number, address: address, suite: suite, signedBy: key)
    }
}
