import ForgeCore
import ForgePlan

/// Each machine's name means its address, on every machine and after a reboot: /etc/hosts has them in a block of its
/// own, and so has the template that cloud-init renders it from. The lines of others stay.
struct HostsFile: Step {
    let hosts: [Host]

    init(_ hosts: [Host]) { self.hosts = hosts }

    var title: String { "/etc/hosts lists every host" }

    var questions: [Question] {
        [
            .contents(Self.path), .file(Self.path), .contents(Self.template), .file(Self.template),
            .contents(Self.cloudPath),
            .command(namesLook),
        ]
    }

    func differences(given answers: Answers) -> [Difference] {
        let file = Self.isTooMuch(Self.path, answers) ?? differences(answers.editable(Self.path))
        let cloud = cloudDifferences(answers)
        return file + (file.isEmpty ? nameDifferences(answers) : []) + cloud + (cloud.isEmpty ? cause(answers) : [])
    }

    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        let cut = [Self.path, Self.template].compactMap { Self.isTooMuch($0, answers) }.joined()
        guard cut.isEmpty else { throw EditableFiles.requirement.finding(Array(cut), on: machine.host) }
        let now = answers.editable(Self.path) ?? ""
        if block.wanted(now) != now { try await write(block.wanted(now), to: Self.path, machine) }
        if let template = answers.editable(Self.template), templateBlock.wanted(template) != template {
            try await write(templateBlock.wanted(template), to: Self.template, machine)
        }
        if !cloudDifferences(answers).isEmpty { try await machine.write(RemoteFile(Self.cloudPath, Self.cloudText)) }
        let wrong = nameDifferences(try await machine.ask([.command(namesLook)]))
        guard wrong.isEmpty else { throw try await stillWrong(wrong, machine) }
    }

    /// What getent found is in the file, which something has changed again, or elsewhere.
    private func stillWrong(_ wrong: [Difference], _ machine: Machine) async throws -> Problem {
        let answers = try await machine.ask([.contents(Self.path), .file(Self.path)])
        let lines = block.numberedClaims(in: answers.editable(Self.path) ?? "")
        let host = machine.host.name
        let elsewhere =
            """
            `files` must come first in the line `hosts:` of /etc/nsswitch.conf: `getent ahostsv4 \(hosts[0].name)` on \
            \(host)
            """
        return Problem(
            what: "\(host): /etc/hosts lists every host, but their names still resolve to something else",
            why: (wrong.map(\.text)
                + lines.map { "line \($0.number) of /etc/hosts is `\($0.line)`: something adds it again" }).joined(
                    separator: "\n"),
            fix: lines.first.map {
                """
                take \($0.names.joined(separator: " and ")) out of line \($0.number) of /etc/hosts on \(host), and see \
                to it that nothing writes it there again
                """
            } ?? elsewhere)
    }

    static let path = "/etc/hosts"
    /// What cloud-init makes /etc/hosts from at every boot where `manage_etc_hosts` is true, as in Debian's images.
    static let template = "/etc/cloud/templates/hosts.debian.tmpl"
    private static let cloudPath = "/etc/cloud/cloud.cfg.d/99-kubeforge-hosts.cfg"
    private static let cloudText = "manage_etc_hosts: false\n"

    private var block: HostsBlock { HostsBlock(hosts) }
    private var templateBlock: HostsBlock { HostsBlock(hosts, isTemplate: true) }

    private func differences(_ text: String?) -> [Difference] {
        let now = text ?? ""
        if block.wanted(now) == now { return [] }
        let missing = hosts.filter { !now.contains(HostsBlock.line(for: $0)) }.map(\.name)
        if !missing.isEmpty { return [Difference("missing: \(missing.joined(separator: ", "))")] }
        let claims = block.claims(in: now)
        return claims.isEmpty
            ? ["kubeforge's block is out of date"] : claims.map { "another address for a host: \($0)" }
    }
}

extension HostsFile {
    /// Vendor data and user data go before cloud.cfg.d, so both are needed: the setting, and the block in the template.
    private func cloudDifferences(_ answers: Answers) -> [Difference] {
        if let cut = Self.isTooMuch(Self.template, answers) { return cut }
        guard let template = answers.editable(Self.template) else { return [] }
        let setting: [Difference] =
            answers.text(Self.cloudPath) == Self.cloudText
            ? [] : ["cloud-init may rewrite /etc/hosts at the next boot"]
        return setting
            + (templateBlock.wanted(template) == template ? [] : ["\(Self.template) does not list every host"])
    }

    /// `manage_etc_hosts: localhost` in user data, which goes before our setting, adds the line at each boot
    /// (cloud-init, `Distro.update_etc_hosts`): it is taken out again, and where it comes from is said.
    private func returned(_ answers: Answers) -> [Difference] {
        guard answers.editable(Self.template) != nil, let now = answers.editable(Self.path),
            block.claims(in: now).contains(where: { $0.hasPrefix("127.0.1.1") })
        else { return [] }
        return [
            "cloud-init adds it at each boot where its user data say `manage_etc_hosts: localhost`: remove it there"
        ]
    }

    /// Why the file is not as the last provision left it, where that can be told: one reason at most.
    private func cause(_ answers: Answers) -> [Difference] {
        let lost = lost(answers)
        return lost.isEmpty ? returned(answers) : lost
    }

    /// kubeforge wrote the file, which it never does without its block, and the block is gone. Not by cloud-init: it
    /// renders the template, which has the block, or only adds a line.
    private func lost(_ answers: Answers) -> [Difference] {
        guard let now = answers.editable(Self.path), !block.isThere(in: now),
            let written = answers.file(Self.path)?.written, !written.isEmpty
        else { return [] }
        return [
            """
            kubeforge's block was there after the last provision: something rewrites the file, perhaps at boot; \
            `\(Self.search)` may find it
            """
        ]
    }

    /// Where a host's own habits are: units, cron jobs, hooks of its network, and scripts.
    private static let search =
        """
        sudo grep -rls \(path) /etc/systemd /etc/cron* /var/spool/cron /etc/rc.local /etc/network /etc/dhcp \
        /etc/NetworkManager /usr/local
        """

    private func write(_ text: String, to path: String, _ machine: Machine) async throws {
        try await machine.write(RemoteFile(path, bytes: [UInt8](edited: text)))
    }

    /// What would be lost if it were written back as it was read; nil where it can be.
    private static func isTooMuch(_ path: String, _ answers: Answers) -> [Difference]? {
        let cut = EditableFiles.faults(of: path, answers)
        return cut.isEmpty ? nil : cut
    }

    /// The effect: what a program that looks a name up gets. Without our block there is nothing to see, and name
    /// servers would be asked.
    private var namesLook: String {
        """
        grep -qxF -e '# BEGIN kubeforge' \(Self.path) && getent ahostsv4 \(hosts.map(\.name).joined(separator: " ")) | \
        grep STREAM
        """
    }

    private func nameDifferences(_ answers: Answers) -> [Difference] {
        let found = Self.addresses(answers.command(namesLook).text, of: hosts.map(\.name))
        return hosts.compactMap { host in
            let addresses = found[host.name, default: []]
            if addresses == ["\(host.address)"] { return nil }
            return Difference(
                "\(host.name) means", from: addresses.isEmpty ? "nothing" : addresses.joined(separator: ", "),
                to: "\(host.address)")
        }
    }

    /// For each name that was asked for a line `10.77.0.11  STREAM kubmaster`, in this order, and one without a name
    /// for each further address. The name is the first one of its line of /etc/hosts, often `kubmaster.example.com`, so
    /// when every name was found it is the order that counts.
    static func addresses(_ text: String, of names: [String]) -> [String: [String]] {
        var records: [(name: String, addresses: [String])] = []
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let address = words.first else { continue }
            if words.count > 2 { records.append((words[2], [])) }
            guard let last = records.indices.last, !records[last].addresses.contains(address) else { continue }
            records[last].addresses.append(address)
        }
        let keys = records.count == names.count ? names : records.map(\.name)
        return Dictionary(zip(keys, records.map(\.addresses))) { first, _ in first }
    }
}

/// Files of others that kubeforge adds lines to, or takes some out of: told before anything is changed, it can write
/// back all that it read.
enum EditableFiles {
    static let requirement = Requirement(
        "the files that kubeforge edits can be read in full",
        asking: (paths + SwapSetting.allCases.map(\.path)).flatMap { [.contents($0), .file($0)] },
        fix:
            """
            make it a text file of at most 1 MiB (a long list of blocked names can move to a name server), and run again
            """
    ) { answers in
        let settings = SwapSetting.allCases.filter { $0.isOn(answers.text($0.path) ?? "") }.map(\.path)
        return (paths + settings).flatMap { faults(of: $0, answers) }
    }

    private static let paths = [HostsFile.path, HostsFile.template, SwapOff.fstab]

    static func faults(of path: String, _ answers: Answers) -> [Difference] {
        guard let bytes = answers.contents(path), answers.editable(path) == nil, let state = answers.file(path) else {
            return []
        }
        if state.kind == .symlink { return ["\(path) is a symbolic link: it would be replaced by a file"] }
        if state.size > bytes.count, bytes.count == 1 << 20 {
            return ["\(path) has \(state.size) bytes, and kubeforge reads 1 MiB"]
        }
        return ["\(path) has NUL bytes, or changes while it is read"]
    }
}
