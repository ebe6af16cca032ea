import ForgeCore
import ForgePlan

/// The lines of kubeforge in a file that has the form of /etc/hosts.
struct HostsBlock {
    private let hosts: [Host]
    private let addresses: [String: IPv4Address]
    private let isTemplate: Bool
    private let begin = "# BEGIN kubeforge"
    private let end = "# END kubeforge"

    /// `isTemplate`: cloud-init's, where the name of the machine itself is a variable.
    init(_ hosts: [Host], isTemplate: Bool = false) {
        self.hosts = hosts
        self.isTemplate = isTemplate
        addresses = Dictionary(hosts.map { ($0.name.lowercased(), $0.address) }) { first, _ in first }
    }

    static func line(for host: Host) -> String { "\(host.address) \(host.name)" }

    /// The file with our block at its end, and without what others say of the machines' names: Debian's installer
    /// writes `127.0.1.1 NAME`, people leave old addresses behind, and the first line that names a machine wins.
    func wanted(_ now: String) -> String {
        var kept = others(now).compactMap(withoutClaims)
        while kept.last?.isEmpty == true { kept.removeLast() }
        return (kept + [begin] + hosts.map(Self.line) + [end, ""]).joined(separator: "\n")
    }

    /// Whether a block of ours begins in it, of whatever hosts.
    func isThere(in now: String) -> Bool { now.unixLines.contains(begin) }

    /// The lines of others that give a machine's name another address.
    func claims(in now: String) -> [String] { others(now).filter { withoutClaims($0) != $0 } }

    /// The same with their numbers in the file, from 1, and the names in question.
    func numberedClaims(in now: String) -> [(number: Int, line: String, names: [String])] {
        now.unixLines.enumerated().compactMap { index, line in
            guard let entry = Entry(line) else { return nil }
            let names = entry.names.filter { isClaim($0, entry.address) }
            return names.isEmpty ? nil : (index + 1, line, names)
        }
    }

    /// The file without our block: of one whose end somebody has cut off, only the lines that are exactly ours go.
    private func others(_ now: String) -> [String] {
        let ours = hosts.map(Self.line)
        var lines: [String] = []
        var block: [String]?
        for line in now.unixLines {
            if line == begin {
                lines += (block ?? []).filter { !ours.contains($0) }
                block = []
            } else if line == end {
                block = nil
            } else if block != nil {
                block?.append(line)
            } else {
                lines.append(line)
            }
        }
        return lines + (block ?? []).filter { !ours.contains($0) }
    }

    /// The line without the machines' names; nil when nothing but them was in it, or when it is the machine's own
    /// loopback entry.
    private func withoutClaims(_ line: String) -> String? {
        guard let entry = Entry(line) else { return line }
        let isOwn = entry.word.hasPrefix("127.0.1.")
        let theirs = entry.names.filter { !isClaim($0, entry.address) && !isVariable($0, entry) }
        if theirs.count == entry.names.count { return line }
        if theirs.isEmpty || isOwn { return nil }
        let comment = line.drop { $0 != "#" }
        return ([entry.word] + theirs + (comment.isEmpty ? [] : [String(comment)])).joined(separator: " ")
    }

    /// glibc compares names without regard to case.
    private func isClaim(_ name: String, _ address: IPv4Address) -> Bool {
        addresses[name.lowercased()].map { $0 != address } ?? false
    }

    /// In a loopback entry of cloud-init's template, a part of what becomes the name of the machine itself:
    /// `{{hostname}}`, also with spaces in it.
    private func isVariable(_ word: String, _ entry: Entry) -> Bool {
        let names = ["hostname", "fqdn"]
        guard isTemplate, entry.address.bits >> 24 == 127,
            entry.names.contains(where: { name in names.contains(where: name.contains) })
        else { return false }
        return (["{{", "}}"] + names).contains(where: word.contains)
    }

    /// A line that gives names an IPv4 address, in glibc's eyes.
    private struct Entry {
        /// The address as the line has it.
        let word: String
        let address: IPv4Address
        let names: [String]

        init?(_ line: String) {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: " \t\r".contains).map(String.init)
            guard let word = words.first, let address = IPv4Address(lookedUp: word) else { return nil }
            (self.word, self.address, names) = (word, address, Array(words.dropFirst()))
        }
    }
}
