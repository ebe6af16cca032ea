import ForgeCore

/// An apt repository is known, and its signing key is the right one.
package struct AptRepository: Step {
    /// `docker`: the base name of its list and key files.
    package let name: String
    /// What follows the options in a one-line source: `https://… bookworm stable`.
    package let source: String
    /// The key, or where it is fetched and what its fingerprint must be.
    package let key: SigningKey
    /// The architecture as dpkg names it: `amd64`, `arm64`.
    package let architecture: String
    /// Where the publisher's own instructions put the key: a source that somebody added so is as good as ours.
    package let usualKeys: [String]
    private let proxy: Proxy?
    private let locks: AptLocks

    package init(
        _ name: String, source: String, key: SigningKey, architecture: String, usualKeys: [String] = [],
        proxy: Proxy? = nil,
        locks: AptLocks = AptLocks()
    ) {
        self.name = name
        self.source = source
        self.key = key
        self.architecture = architecture
        self.usualKeys = usualKeys
        self.proxy = proxy
        self.locks = locks
    }

    /// The key that must have signed it.
    package enum SigningKey: Sendable, Hashable {
        /// The key itself, ASCII-armoured.
        case text(String)
        /// Fetched by the host, trusted with this fingerprint only (40 upper-case hexadecimal digits).
        case url(String, fingerprint: String)
    }

    package var title: String { "packages come from \(source.split(separator: " ").first ?? "")" }

    /// A key that is fetched is known by its fingerprint, which needs gpg on the host; a key that is given, by its
    /// digest.
    package var questions: [Question] {
        let files = [listPath, keyPath].flatMap { [Question.file($0), .file(OriginalFile.copy(of: $0))] }
        return switch key {
        case .text: files + [.command(AptSources.look)]
        case .url: files + [.command(AptSources.look), .command(fingerprintLook)]
        }
    }

    /// None where somebody else's source names the repository with the right key, whatever its file is called.
    package func differences(given answers: Answers) -> [Difference] {
        isKnown(answers) ? [] : FileIs(list).differences(given: answers) + keyDifferences(answers)
    }

    /// The list of ours goes where somebody else's source names the same with the right key: apt would refuse both.
    package var isNamedOnce: CommandStep {
        CommandStep("apt has one source for \(source.split(separator: " ").first ?? "")", asking: questions) {
            answers in
            isOursInTheWay(answers)
                ? ["\(listPath) names it, too, with another key than the source that was here: apt reads nothing then"]
                : []
        } by: { machine in
            try await machine.remove(listPath)
        }
    }

    /// Ours beside somebody else's with the right key at another path, as when its publisher's instructions are
    /// followed after a provision.
    private func isOursInTheWay(_ answers: Answers) -> Bool {
        let (right, all) = (rightKeys(answers), sources(answers))
        return all.contains { $0.path == listPath && $0.signedBy == keyPath }
            && all.contains { $0.path != listPath && $0.signedBy != keyPath && $0.signedBy.map(right.contains) == true }
    }

    /// Whether somebody else's source names it with the right key. A second one of ours would make apt complain at
    /// every call.
    private func isKnown(_ answers: Answers) -> Bool {
        let right = rightKeys(answers)
        return sources(answers).contains { source in
            source.signedBy.map(right.contains) == true && (source.path != listPath || source.signedBy != keyPath)
        }
    }

    /// Paths that the right key lies at.
    private func rightKeys(_ answers: Answers) -> [String] {
        switch key {
        case .text: keyDifferences(answers).isEmpty ? [keyPath] : []
        case .url(_, let fingerprint): fingerprints(answers).filter { $0.value == fingerprint }.map(\.key)
        }
    }

    private func sources(_ answers: Answers) -> [AptSources.Source] {
        let words = source.split(separator: " ").map(String.init)
        let address = words[0].hasSuffix("/") ? String(words[0].dropLast()) : words[0]
        return AptSources(answers.command(AptSources.look).text).all.filter {
            $0.address == address && $0.suite == words[1]
        }
    }

    /// apt refuses to read any source once two of them name one repository with different keys, or one of them with
    /// none.
    package var conflicts: Requirement {
        Requirement(
            "no other apt source names \(source.split(separator: " ").first ?? "") with another key",
            asking: questions.filter { if case .command = $0 { true } else { false } } + [.command(AptSources.look)],
            fix: "remove the line, or the file; or give it the key \(keyPath) (signed-by= or Signed-By:), and run again"
        ) { answers in
            let right = isKnown(answers) ? rightKeys(answers) : []
            let others = sources(answers).filter { $0.path != listPath && $0.signedBy != keyPath }
            return others.filter { $0.signedBy.map(right.contains) != true }.map {
                """
                \($0.place) names it \($0.signedBy.map { "with \($0)" } ?? "without a key"), kubeforge with \
                \(keyPath): apt reads nothing then
                """
            }
        }
    }

    /// The key first, then the list under a temporary path, and its real one when apt could read the repository. Throws
    /// where the key's fingerprint is another, and where apt cannot use the repository.
    package func apply(to machine: Machine) async throws {
        switch key {
        case .text(let text): try await machine.write(RemoteFile(keyPath, text))
        case .url(let url, let fingerprint): try await fetchKey(from: url, fingerprint, machine)
        }
        try await machine.write(RemoteFile(candidatePath, bytes: list.content))
        let update = try await machine.attempt(updateThisList.aptThrough(proxy), waitingFor: locks)
        guard update.isSuccess else {
            let url = source.split(separator: " ").first ?? ""
            let fix =
                Apt.signatureFix(update.errorText, machine.host) ?? Apt.fileFix(update.errorText, machine.host)
                ?? "open \(url) from \(machine.host.name) with curl; is the mirror right in the inventory?"
            throw Problem(apt: updateThisList, on: machine.host, update, fix: fix)
        }
        try await machine.write(list)
    }

    /// The list gets its real name when apt has read it and what it leads to: one that apt cannot use would stop every
    /// call of apt.
    private var candidatePath: String { "/var/lib/kubeforge/apt/\(name).list" }
    private var listPath: String { "/etc/apt/sources.list.d/\(name).list" }
    private var keyPath: String { "/etc/apt/keyrings/\(name).asc" }
    private var list: RemoteFile { RemoteFile(listPath, "deb [arch=\(architecture) signed-by=\(keyPath)] \(source)\n") }

    private func keyDifferences(_ answers: Answers) -> [Difference] {
        switch key {
        case .text(let text): return FileIs(RemoteFile(keyPath, text)).differences(given: answers)
        case .url(_, let fingerprint):
            let found = fingerprints(answers)[keyPath] ?? ""
            if found == fingerprint { return [] }
            let theirs = answers.file(keyPath).flatMap { FileIs.theirs(keyPath, $0, answers) }
            return [Difference("signing key of \(name)", from: found.isEmpty ? "none" : found, to: fingerprint)]
                + (theirs.map { [$0] } ?? [])
        }
    }

    /// Prints a line for each of the files that is there: its path and the fingerprints of all primary keys in it,
    /// joined by `+`.
    var fingerprintLook: String {
        """
        \(Self.home())
        for key in \(([keyPath] + usualKeys).joined(separator: " ")); do
          [ ! -f "$key" ] || { f=$(fingerprints "$key"); [ -z "$f" ] || echo "$key $f"; }
        done
        """
    }

    private func fingerprints(_ answers: Answers) -> [String: String] {
        let pairs = answers.command(fingerprintLook).text.split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        return Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }) { first, _ in first }
    }

    /// A home of gpg's of its own, where nobody else can put anything, gone when the shell ends. `fingerprints FILE`
    /// counts every primary key: apt trusts all of them.
    static func home(in directory: String = "/run") -> String {
        """
        home=$(mktemp -d -p \(directory) kubeforge.XXXXXX) || exit
        trap 'rm -rf -- "$home"' EXIT; \(ShellFunction.endsBySignal)
        private() { LC_ALL=C gpg --homedir "$home" --batch --no-options --no-autostart --no-auto-check-trustdb --quiet \
        "$@" 2>/dev/null; }
        fingerprints() {
          private --no-keyring --show-keys --with-colons -- "$1" | {
            primary= all=
            while IFS=: read -r kind _ _ _ _ _ _ _ _ value _; do
              case $kind in pub|sec) primary=yes;; fpr) [ -z "$primary" ] || all="$all${all:++}$value"; primary=;; esac
            done
            printf %s "$all"
          }
        }
        """
    }

    /// Whatever else the address gives, only the pinned key gets into the file that apt trusts: it alone is taken out
    /// of a keyring that was empty before. Prints it, or what is wrong with it.
    static func fetch(homesIn directory: String = "/run") -> String {
        """
        set -eu; umask 077; url=$1 pin=$2
        \(home(in: directory))
        curl -qfsSL --proto =http,https --retry 3 --max-time 60 -o "$home/fetched" -- "$url"
        private --import -- "$home/fetched" || :
        private --armor --export -- "$pin" > "$home/key" || :
        if [ "$(fingerprints "$home/key")" != "$pin" ]; then
          found=$(fingerprints "$home/fetched"); echo "its fingerprint is ${found:-none}"; exit 0
        fi
        cat "$home/key"
        """
    }

    private func fetchKey(from url: String, _ fingerprint: String, _ machine: Machine) async throws {
        let fetch = Command("sh", "-c", Word(Self.fetch()), "sh", Word(url), Word(fingerprint))
        let found = try await machine.runUnlogged(
            fetch.through(proxy).asRoot(),
            fix:
                """
                open \(url) from \(machine.host.name) with curl; behind a firewall, name a mirror in the inventory \
                (mirrors: apt:)
                """
        ).text
        guard found.hasPrefix("-----BEGIN PGP PUBLIC KEY BLOCK-----\n") else {
            throw Problem(
                what: "\(machine.host.name): \(url) is not the key of the \(name) repository",
                why: "\(found.trimming(while: \.isWhitespace)), expected \(fingerprint)",
                fix:
                    """
                    if the repository changed its key, put the new fingerprint into the inventory (mirrors: apt: \
                    \(name): fingerprint:) after checking it with its publisher
                    """
            )
        }
        try await machine.write(RemoteFile(keyPath, found))
    }

    /// Only this repository's index: another one's outage is not our business.
    private var updateThisList: Command {
        Apt.update([
            "-o", "Dir::Etc::sourcelist=\(candidatePath)", "-o", "Dir::Etc::sourceparts=-", "-o",
            "APT::Get::List-Cleanup=0", "-o",
            "APT::Update::Error-Mode=any",
        ])
    }
}
