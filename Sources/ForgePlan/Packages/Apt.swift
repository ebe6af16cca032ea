import ForgeCore

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
    ///
    /// `version`: a prefix such as `1.36.2-`, which the packages get though they are held, or newer. Without one, what
    /// somebody holds stays as it is.
    package static func install(_ names: [String], version: String? = nil) -> Command {
        var words: [Word] = [
            "-y", "-o", "Dpkg::Options::=--force-confold", "--no-install-recommends", "--no-remove",
        ]
        if version != nil { words += ["--allow-downgrades", "--allow-change-held-packages"] }
        let packages = names.map { name in Word(version.map { "\(name)=\($0)*" } ?? name) }
        return Command(environment + options + words + ["install", "--"] + packages).asRoot().within(.seconds(1800))
    }

    /// Finishes what dpkg has unpacked or noted and not set up. Configuration files that somebody changed stay as they
    /// are.
    static var configure: Command {
        Command(
            Array(environment.dropLast()) + ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"]
        ).asRoot().within(.seconds(1800))
    }

    /// Names the packages that dpkg was unpacking when it ended: `reinstreq kubectl=1.20.2-1.1`, a line for each.
    static var halfInstalled: Command {
        Command("dpkg-query", "-W", "-f", "${db:Status-Eflag} ${binary:Package}=${Version}\\n")
    }

    /// The packages that `halfInstalled` prints, as apt is told them.
    static func halfInstalled(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, words[0] == "reinstreq",
                words[1].wholeMatch(of: /[a-z0-9][a-z0-9+.:-]*=[A-Za-z0-9.+~:-]+/) != nil
            else { return nil }
            return String(words[1])
        }
    }

    /// Unpacks packages again at the version that they have. apt takes a package that dpkg was unpacking for installed,
    /// and `--fix-broken` passes it over.
    static func reinstall(_ packages: [String]) -> Command {
        let words: [Word] = [
            "-y", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold", "--no-remove",
            "--allow-change-held-packages", "--reinstall", "install", "--",
        ]
        return Command(environment + options + words + packages.map { Word($0) }).asRoot().within(.seconds(1800))
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
        let signs = [
            "dpkg was interrupted", "--fix-broken install", "needs to be reinstalled",
            "dependency problems - leaving unconfigured",
        ]
        return !output.isSuccess && signs.contains { (output.errorText + output.text).contains($0) }
    }

    /// What a person does when an interrupted installation cannot be finished.
    static func repairFix(_ output: Output, on host: Host) -> String {
        let known = fix(output, on: host)
        return known == byHand(host)
            ? """
            an earlier installation was interrupted, and cannot be finished: `sudo dpkg --configure -a` and `sudo \
            apt-get -f install` on \(host.name) tell which package; repair or remove it, and run again
            """ : known
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

    /// What a person does about apt's complaint.
    static func fix(_ output: Output, on host: Host) -> String {
        let text = output.errorText
        if text.contains("remove is disabled") {
            let names = names(below: "will be REMOVED", output.text).joined(separator: " ")
            return
                """
                apt would have to remove \(names), and kubeforge removes nothing: check on \(host.name) whether it is \
                needed, remove it by hand (`sudo apt-get remove \(names)`), and run again
                """
        }
        if text.contains("held broken packages") {
            let needs = names(below: "have unmet dependencies", output.text).joined(separator: " ")
            return
                """
                what is to be installed needs another version of what is there\(needs.isEmpty ? "" : " (\(needs))"), \
                and somebody holds that, or the repositories do not have it: `apt-mark showhold` on \(host.name) lists \
                what is held; allow a change with `sudo apt-mark unhold PACKAGE`, and run again
                """
        }
        if let fix = signatureFix(text, host) ?? fileFix(text, host) { return fix }
        if text.contains("was not found") || text.contains("Unable to locate") {
            return
                """
                see with `apt-cache policy` on \(host.name) which versions its repositories have, and correct the \
                inventory or the mirror
                """
        }
        if text.contains("No space left") || text.contains("enough free space") {
            return "make room on \(host.name): `df -h`, `apt-get clean`"
        }
        if text.contains("Unable to fetch") || text.contains("Could not connect") || text.contains("Temporary failure")
        {
            return
                """
                \(host.name) cannot reach its package mirror: check its network and DNS, or name a proxy (proxy:) or a \
                mirror (mirrors: apt:) in the inventory
                """
        }
        return byHand(host)
    }

    /// The lines that apt and dpkg mark as errors, each once; nil where there are none. What dpkg says of a package
    /// continues on the line below.
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
                """
                correct \(path) on \(host.name), or move it away: apt does nothing while it cannot read that file; \
                then run again
                """
        }
        let conflict = #/^E: Conflicting values set for option Signed-By regarding source (\S+)/#
        if let url = text.firstMatch(of: conflict.anchorsMatchLineEndings())?.1 {
            let place =
                "grep -rnF \(url.trimming { $0 == "/" }.shellQuoted) /etc/apt/sources.list /etc/apt/sources.list.d"
            return
                """
                two sources name one repository with different keys: `\(place)` on \(host.name) shows them; remove \
                one, and run again
                """
        }
        return nil
    }

    /// The names below a line of apt's, such as "The following packages will be REMOVED:".
    private static func names(below heading: String, _ text: String) -> [String] {
        let lines = text.split(separator: "\n").drop { !$0.contains(heading) }.dropFirst()
        return lines.prefix { $0.hasPrefix(" ") }.flatMap { $0.split(separator: " ") }.map(String.init)
    }

    /// What a person does about a signature that apt does not accept; nil when its complaint is another one.
    static func signatureFix(_ text: String, _ host: Host) -> String? {
        if text.contains("EXPKEYSIG") {
            return
                """
                the key that signs the repository has expired: `gpg --show-keys /etc/apt/keyrings/*.asc` on \
                \(host.name) tells which; remove that file, and run again to fetch it; if its publisher has no \
                newer one, use a newer version or a mirror (mirrors: apt:)
                """
        }
        // apt 3 says every fault of a signature in the name of sqv:
        // `Missing key …, which is needed to verify signature`.
        if ["Missing key", "NO_PUBKEY", "BADSIG"].contains(where: text.contains) {
            return "the repository is not signed by the key that the inventory names: check mirrors: apt: … key:"
        }
        if text.contains("Signature Packet v3") || text.contains("is not considered secure since") {
            return
                """
                apt of \(host.name) no longer accepts this repository's old signature: for Kubernetes, use 1.32 or \
                newer; else name a mirror with a signature of its own (mirrors: apt:), or use Debian 12
                """
        }
        return nil
    }
}
