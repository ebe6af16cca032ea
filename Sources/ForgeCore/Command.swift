/// A program with its arguments, as a value: pure code builds it, a `Transport` runs it, a test reads its `line`.
package struct Command: Sendable, Hashable {
    /// The program first, then its arguments; none of them is a secret, since `ps` shows them to everybody.
    package var words: [Word]
    /// Its standard input; none means that it reads the end of the file at once.
    package var input: Input = .none
    /// Run by root: through `sudo -n` where the login user is somebody else.
    package var isAsRoot = false
    /// The last resort against a command that hangs; it is killed on the host, not only forgotten here.
    package var timeLimit: Duration = .seconds(900)
    /// Where its standard output goes; standard error is always captured.
    package var output: Destination = .captured
    /// The most bytes that a file of the operator's takes of it; what sends more has failed.
    package var fileLimit = 16 << 30
    /// The right to change the host, where the command needs it; only what root runs can have it.
    package var lock: MachineLock?
    /// Whether it may change the host it runs on; what only talks to others needs no lock.
    package var changesHost = true
    /// Whether it sees the proxy of the login's environment; a script of questions does, and clears it itself.
    package var seesLoginProxy = false

    package init(_ words: [Word]) { self.words = words }

    package init(_ words: Word...) { self.words = words }

    /// A POSIX shell script that comes over standard input, so that neither its length nor its content meets an
    /// argument list.
    package static func script(_ text: String) -> Command {
        var command = Command("sh", "-s")
        command.input = .bytes(Array("{\n\(text)\nexit\n}\n".utf8))
        return command
    }

    /// What a command reads.
    package enum Input: Sendable, Hashable {
        case none
        case bytes([UInt8])
        /// Bytes as in `bytes`, but never shown.
        case secret([UInt8])
        /// A file on the operator's machine, streamed.
        case file(String)
    }

    /// Where its standard output goes.
    package enum Destination: Sendable, Hashable {
        /// Into `Output.standardOutput`, bounded by `Output.captureLimit` bytes.
        case captured
        /// Into a file on the operator's machine, streamed.
        case file(String)
    }
}

extension Command {
    /// The command, run by root.
    package func asRoot() -> Command { with { $0.isAsRoot = true } }

    /// The command with that standard input, in place of any other.
    package func reading(_ input: Input) -> Command { with { $0.input = input } }

    /// The command with the text on its standard input, which logs may show; see `Input.secret`.
    package func reading(_ text: String) -> Command { reading(.bytes(Array(text.utf8))) }

    /// The command with another time limit, counted from its own start on the host.
    package func within(_ limit: Duration) -> Command { with { $0.timeLimit = limit } }

    /// The command, under the machine's lock.
    package func under(_ lock: MachineLock?) -> Command { with { $0.lock = lock } }

    /// The command, as one that changes nothing of the host it runs on.
    package func leavingHost() -> Command { with { $0.changesHost = false } }

    /// The command with its standard output in a file of the operator's; more than `limit` bytes make it fail.
    package func writing(toFile path: String, atMost limit: Int = 16 << 30) -> Command {
        with { ($0.output, $0.fileLimit) = (.file(path), limit) }
    }

    /// The command as one line of shell, every word quoted that needs it, to be shown as it is: secrets are no words;
    /// they come over standard input.
    package var line: String { words.map(\.shown).joined(separator: " ") }

    /// The line, cut where a message has shown enough of it.
    package var summary: String {
        let first = line.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? ""
        return first.count < line.count || first.count > 200 ? String(first.prefix(200)) + " …" : first
    }

    /// Where every command and every question runs: in the language whose words are read here, with the same programs,
    /// with kubectl's own defaults (~/.kube/kuberc may have others), and with the Docker of the host itself, which
    /// `docker context use` of root's, too, cannot replace then.
    package static let environment = [
        "LC_ALL=C", "TZ=UTC", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "KUBERC=off",
        "DOCKER_HOST=unix:///var/run/docker.sock",
    ]

    /// What makes the programs that run here ask another cluster or another daemon, or do something else than their
    /// words say. The login may have them as it may have a proxy.
    package static let strayVariables = [
        "KUBECONFIG", "KUBECTL_KUBERC", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_DEFAULT_PLATFORM", "BUILDX_BUILDER",
        "CONTAINERD_ADDRESS", "CONTAINERD_SNAPSHOTTER", "TAR_OPTIONS", "POSIXLY_CORRECT",
    ]

    /// What makes programs go through a proxy. The login may have them, from /etc/environment or by sudo's `env_keep`:
    /// kubeadm and kubectl would ask the API server through it, and no inventory says so.
    package static let proxyVariables = ["http", "https", "all", "no"].flatMap {
        ["\($0)_proxy", "\($0.uppercased())_PROXY"]
    }

    /// The variable in which a question finds the proxy that the login has; empty where it has none.
    package static let loginProxy = "KUBEFORGE_LOGIN_PROXY"

    /// The line that a host's shell gets. The environment, the time limit and sudo, whose words are read, too, are part
    /// of it.
    package func remoteLine(user: String) -> String {
        // Rounded up: to `timeout`, 0 means no limit at all.
        let seconds = timeLimit.components.seconds + (timeLimit.components.attoseconds > 0 ? 1 : 0)
        let sudo = isAsRoot && user != "root" ? ["env", "LC_ALL=C", "sudo", "-n", "--"] : []
        // Outside the time limit, which is for the command and not for its turn.
        let turn = isAsRoot ? lock?.words.map(\.quoted) ?? [] : []
        let cleared = (seesLoginProxy ? [] : Self.proxyVariables) + Self.strayVariables
        let unset = cleared.flatMap { ["-u", $0] }
        let start =
            sudo + ["env"] + unset + Self.environment + turn + ["timeout", "--kill-after=10", "\(max(1, seconds))"]
        let line = (start + words.map(\.quoted)).joined(separator: " ")
        return Self.isReadAlikeByAllShells(line) ? line : Self.wrapped(line)
    }

    /// The login shell may be none of POSIX: fish reads a backslash in single quotes otherwise, csh takes no newline
    /// and sees an event of its history in each `!`.
    private static func isReadAlikeByAllShells(_ line: String) -> Bool {
        !line.utf8.contains(where: "\\\n\r!".utf8.contains)
    }

    /// All that is left for the login shell are plain words, with the line in base64. The two shells become the command
    /// itself.
    private static func wrapped(_ line: String) -> String {
        let text = Base64.text(Array(("exec " + line).utf8))
        return "exec sh -c 'eval \"$(printf %s \"$0\" | base64 -d)\"' \(text)"
    }

    /// How long it may take at most, its turn included.
    package var longest: Duration { timeLimit + .seconds(isAsRoot ? lock?.patience ?? 0 : 0) }

    private func with(_ change: (inout Command) -> Void) -> Command {
        var copy = self
        change(&copy)
        return copy
    }
}

/// One argument of a command. Quoting happens here and nowhere else.
package struct Word: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// Exactly what the program gets, without quotes.
    package let text: String

    package init(_ text: String) { self.text = text }

    package init(stringLiteral text: String) { self.text = text }

    /// The word as a POSIX shell reads it back: exactly this text, as one argument.
    package var quoted: String {
        // zsh reads `=ls` as the path of ls.
        let isPlain = !text.isEmpty && text.first != "=" && text.utf8.allSatisfy(Self.isPlain)
        return isPlain
            ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// The word as messages and logs show it: quoted, so that the line can be pasted into a shell.
    package var shown: String { quoted }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./:=@%+,".utf8.contains(byte)
        }
    }
}

extension String {
    /// The string as one word of POSIX shell, for scripts that are put together as text.
    package var shellQuoted: String { Word(self).quoted }
}
