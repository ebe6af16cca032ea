import ForgeCore

/// apt packages are installed, at a version if one is given, and held if asked.
package struct Packages: Step {
    /// As apt names them, without versions.
    package let names: [String]
    /// A prefix such as `1.36.2-`: the revision after it is the repository's business.
    package let version: String?
    /// Held packages stay at their version when the machine's owner upgrades all others.
    package let isHeld: Bool
    /// Lists the packages unless a better one was given.
    package let title: String
    private let proxy: Proxy?
    private let locks: AptLocks

    package init(
        _ names: [String], version: String? = nil, isHeld: Bool = false, title: String? = nil, proxy: Proxy? = nil,
        locks: AptLocks = AptLocks()
    ) {
        self.proxy = proxy
        self.names = names
        self.version = version
        self.isHeld = isHeld
        self.locks = locks
        self.title = title ?? "\(names.joined(separator: ", ")) \(names.count == 1 ? "is" : "are") installed"
    }

    package var questions: [Question] { names.map(Question.package) }

    /// One for each package, the gravest: missing, then of another version, then not held.
    package func differences(given answers: Answers) -> [Difference] {
        names.flatMap { differences(of: $0, answers.package($0)) }
    }

    private func differences(of name: String, _ state: PackageState) -> [Difference] {
        guard let installed = state.installed else { return ["\(name) is not installed"] }
        if let version, !installed.hasPrefix(version) { return [Difference(name, from: installed, to: version + "*")] }
        return isHeld && !state.isHeld ? ["\(name) is not held"] : []
    }

    /// Indices of a fresh machine are empty or old: when apt does not find a package, they are fetched anew and it is
    /// asked once more.
    /// An update that fails is told only if the packages cannot be had without it: the fault may be another
    /// repository's.
    package func apply(to machine: Machine) async throws {
        let install = Apt.install(names.map { name in version.map { "\(name)=\($0)*" } ?? name }).aptThrough(proxy)
        var result = try await (command: install, output: machine.attempt(install, waitingFor: locks))
        if Apt.wantsRepair(result.output) {
            try await repair(machine)
            result.output = try await machine.attempt(install, waitingFor: locks)
        }
        if Apt.wantsUpdate(result.output) {
            let refresh = Apt.update.aptThrough(proxy)
            let update = try await machine.attempt(refresh, waitingFor: locks)
            result.output = try await machine.attempt(install, waitingFor: locks)
            if !result.output.isSuccess, !update.isSuccess { result = (refresh, update) }
        }
        guard result.output.isSuccess else {
            throw Problem(
                apt: result.command, on: machine.host, result.output, fix: Apt.fix(result.output, on: machine.host))
        }
        if isHeld { try await hold(machine) }
    }

    /// Finishes what a machine that was reset, or an apt that was killed, left half done: apt refuses everything
    /// before. Once: what does not heal then is told.
    private func repair(_ machine: Machine) async throws {
        for command in [Apt.configure, Apt.fixBroken.aptThrough(proxy)] {
            let output = try await machine.attempt(command, waitingFor: locks)
            guard output.isSuccess else {
                throw Problem(apt: command, on: machine.host, output, fix: Apt.repairFix(output, on: machine.host))
            }
        }
        machine.tell("an installation that had been interrupted was finished")
    }

    private func hold(_ machine: Machine) async throws {
        let command = Command([Word("apt-mark"), "hold", "--"] + names.map { Word($0) }).asRoot()
        let output = try await machine.attempt(command, waitingFor: locks)
        guard output.isSuccess else {
            throw Problem(apt: command, on: machine.host, output, fix: Apt.fix(output, on: machine.host))
        }
    }
}

extension Problem {
    /// A call of apt or dpkg that ended badly, with all that it calls an error: the last one often says no more than
    /// that there was one.
    init(apt command: Command, on host: Host, _ output: Output, fix: String) {
        self.init(failed: command, on: host, output, fix: fix)
        why = Apt.errors(output) ?? why
    }
}

/// apt-get, as it must be called by a program.
package enum Apt {
    /// A fresh VM runs unattended-upgrades: waiting for dpkg's lock is the normal case; `AptLocks` waits for the
    /// others.
    private static let options: [Word] = ["-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    /// needrestart (Ubuntu's servers have it) would restart containerd and Docker by itself after an installation,
    /// under a build that runs beside it.
    private static let environment: [Word] = [
        "env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1", "LC_ALL=C", "apt-get",
    ]

    /// Fetches the indices of all of the machine's repositories, as root, for at most ten minutes.
    package static var update: Command { update([]) }

    /// With options of this one call: `["-o", "Dir::Etc::sourceparts=-"]`.
    static func update(_ more: [Word]) -> Command {
        Command(environment + options + more + ["update"]).asRoot().within(.seconds(600))
    }

    /// Configuration files that somebody changed stay as they are, and nothing is ever removed for what is installed.
    package static func install(_ packages: [String]) -> Command {
        let words: [Word] = [
            "-y", "-o", "Dpkg::Options::=--force-confold", "--no-install-recommends", "--no-remove",
            "--allow-downgrades",
            "--allow-change-held-packages", "install", "--",
        ]
        return Command(environment + options + words + packages.map { Word($0) }).asRoot().within(.seconds(1800))
    }

    /// Finishes what dpkg has unpacked or noted and not set up. Configuration files that somebody changed stay as they
    /// are.
    static var configure: Command {
        Command(
            Array(environment.dropLast()) + ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"]
        ).asRoot().within(.seconds(1800))
    }

    /// Fetches what is missing of packages that are there by halves; nothing is removed for it.
    static var fixBroken: Command {
        let words: [Word] = [
            "-y", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold", "--no-remove",
            "--fix-broken",
            "install",
        ]
        return Command(environment + options + words).asRoot().within(.seconds(1800))
    }

    /// Whether apt refuses to work before an interrupted installation is finished.
    static func wantsRepair(_ output: Output) -> Bool {
        let signs = ["dpkg was interrupted", "--fix-broken install", "needs to be reinstalled"]
        return !output.isSuccess && signs.contains { (output.errorText + output.text).contains($0) }
    }

    /// What a person does when an interrupted installation cannot be finished.
    static func repairFix(_ output: Output, on host: Host) -> String {
        let known = fix(output, on: host)
        return known == byHand(host)
            ? "an earlier installation was interrupted, and cannot be finished: `sudo dpkg --configure -a` and `sudo apt-get -f install` on "
                + "\(host.name) tell which package; repair or remove it, and run again" : known
    }

    private static func byHand(_ host: Host) -> String { "run it by hand on \(host.name) to see more" }

    /// Whether apt's complaint is one that fresh indices can cure.
    static func wantsUpdate(_ output: Output) -> Bool {
        let signs = [
            "Unable to locate package", "was not found", "has no installation candidate", "404  Not Found",
            "Unable to fetch",
            "unmet dependencies",
        ]
        return !output.isSuccess && signs.contains { output.errorText.contains($0) }
    }

    /// A line of shell that prints what apt would remove to install these, a name a line, and fails where it does not
    /// know them.
    package static func removalsLook(_ packages: [String]) -> String {
        let install = Command(
            ["apt-get", "-s", "-q", "-y", "--no-install-recommends", "install", "--"] + packages.map { Word($0) }
        ).line
        return
            "plan=$(LC_ALL=C \(install) 2>/dev/null) && printf '%s\\n' \"$plan\" | sed -n 's/^Remv \\([^ ]*\\).*/\\1/p'"
    }

    /// What a person does about apt's complaint.
    static func fix(_ output: Output, on host: Host) -> String {
        let text = output.errorText
        if text.contains("remove is disabled") {
            let names = removals(output.text).joined(separator: " ")
            return
                "apt would have to remove \(names), and kubeforge removes nothing: look on \(host.name) whether it is needed, "
                + "remove it by hand (`sudo apt-get remove \(names)`), and run again"
        }
        if let fix = signatureFix(text, host) ?? fileFix(text, host) { return fix }
        if text.contains("was not found") || text.contains("Unable to locate") {
            return
                "see with `apt-cache policy` on \(host.name) which versions its repositories have, and correct the inventory or the mirror"
        }
        if text.contains("No space left") || text.contains("enough free space") {
            return "make room on \(host.name): `df -h`, `apt-get clean`"
        }
        if text.contains("Unable to fetch") || text.contains("Could not connect") || text.contains("Temporary failure")
        {
            return
                "\(host.name) cannot reach its package mirror: check its network and DNS, or name a proxy (proxy:) or a mirror (mirrors: apt:) in the inventory"
        }
        return byHand(host)
    }

    /// The lines that apt and dpkg mark as errors, each once; nil where there are none. What dpkg says of a package goes
    /// on in the line below.
    static func errors(_ output: Output) -> String? {
        var found: [String] = []
        var goesOn = false
        for line in output.errorText.split(whereSeparator: \.isNewline) {
            let isDpkgs = line.hasPrefix("dpkg: error") || goesOn && line.first == " "
            goesOn = isDpkgs
            if isDpkgs || line.hasPrefix("E: ") { found.append(line.trimming(while: \.isWhitespace)) }
        }
        return found.isEmpty ? nil : found.uniqued().prefix(10).joined(separator: "\n")
    }

    /// What a person does about a file of apt's own that it cannot read; nil when its complaint is another one.
    static func fileFix(_ text: String, _ host: Host) -> String? {
        let file = #/^E: .*(?:list file|sources file|source list|preferences file|Syntax error) (\/[^\s,:]+)/#
        if let path = text.firstMatch(of: file.anchorsMatchLineEndings())?.1 {
            return
                "correct \(path) on \(host.name), or move it away: apt does nothing while it cannot read that file; then run again"
        }
        let conflict = #/^E: Conflicting values set for option Signed-By regarding source (\S+)/#
        if let url = text.firstMatch(of: conflict.anchorsMatchLineEndings())?.1 {
            let place =
                "grep -rnF \(url.trimming { $0 == "/" }.shellQuoted) /etc/apt/sources.list /etc/apt/sources.list.d"
            return
                "two sources name one repository with different keys: `\(place)` on \(host.name) shows them; remove one, and run again"
        }
        return nil
    }

    /// The names below apt's line "The following packages will be REMOVED:".
    private static func removals(_ text: String) -> [String] {
        let lines = text.split(separator: "\n").drop { !$0.contains("will be REMOVED") }.dropFirst()
        return lines.prefix { $0.hasPrefix(" ") }.flatMap { $0.split(separator: " ") }.map(String.init)
    }

    /// What a person does about a signature that apt does not accept; nil when its complaint is another one.
    static func signatureFix(_ text: String, _ host: Host) -> String? {
        if text.contains("EXPKEYSIG") {
            return
                "the key that signs the repository has expired: `gpg --show-keys /etc/apt/keyrings/*.asc` on \(host.name) tells which; "
                + "remove that file, and run again to fetch it anew; if its publisher has no newer one, use a newer version or a mirror (mirrors: apt:)"
        }
        // apt 3 says every fault of a signature in the name of sqv:
        // `Missing key …, which is needed to verify signature`.
        if ["Missing key", "NO_PUBKEY", "BADSIG"].contains(where: text.contains) {
            return "the repository is not signed by the key that the inventory names: check mirrors: apt: … key:"
        }
        if text.contains("Signature Packet v3") || text.contains("is not considered secure since") {
            return
                "apt of \(host.name) no longer accepts this repository's old signature: for Kubernetes, use 1.32 or newer; "
                + "else name a mirror with a signature of its own (mirrors: apt:), or use Debian 12"
        }
        return nil
    }
}
