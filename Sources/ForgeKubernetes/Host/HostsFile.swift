import ForgeCore
import ForgePlan

/// /etc/hosts knows every machine of the inventory, in a block of its own; the lines of others stay.
struct HostsFile: Step {
    let hosts: [Host]

    var title: String { "/etc/hosts knows all machines" }

    var questions: [Question] { [.contents(path)] }

    func differences(given answers: Answers) -> [Difference] {
        let now = answers.text(path) ?? ""
        if wanted(now) == now { return [] }
        let missing = hosts.filter { !now.contains(line(for: $0)) }.map(\.name)
        return [missing.isEmpty ? "its block is not as it shall be" : Difference("missing: \(missing.joined(separator: ", "))")]
    }

    func apply(to machine: Machine) async throws {
        let now = try await machine.ask(questions).text(path) ?? ""
        try await machine.write(RemoteFile(path, wanted(now)))
    }

    private let path = "/etc/hosts"
    private let begin = "# BEGIN kubeforge"
    private let end = "# END kubeforge"

    init(_ hosts: [Host]) { self.hosts = hosts }

    private func line(for host: Host) -> String { "\(host.address) \(host.name)" }

    /// The file with our block at its end, and without the lines of others that give a machine's name another address:
    /// Debian's installer writes `127.0.1.1 NAME`, and a node must not resolve to a loopback address.
    func wanted(_ now: String) -> String {
        let names = Set(hosts.map(\.name))
        var isOurs = false
        var kept: [Substring] = []
        for line in now.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == begin { isOurs = true }
            if !isOurs && !isClaim(on: names, line) { kept.append(line) }
            if line == end { isOurs = false }
        }
        while kept.last?.isEmpty == true { kept.removeLast() }
        return (kept.map(String.init) + [begin] + hosts.map(line) + [end, ""]).joined(separator: "\n")
    }

    private func isClaim(on names: Set<String>, _ line: Substring) -> Bool {
        let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
        return words.first?.hasPrefix("127.0.1.") == true && words.dropFirst().contains { names.contains($0) }
    }
}
