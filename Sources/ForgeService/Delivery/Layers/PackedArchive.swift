import ForgeCore

/// An archive with some of an image's layers, packed. On every machine that has it for a while it lies at the same path; nothing of it stays.
struct PackedArchive: Sendable, Hashable {
    /// 64 hexadecimal digits: what came is compared with what was sent before any runtime reads it.
    let sha256: String
    /// Bytes.
    let size: Int

    /// The folder of all that is on its way. It exists only meanwhile.
    static let folder = "/var/lib/kubeforge/passing"

    var path: String { "\(Self.folder)/\(sha256).tar.zst" }

    /// From what the machine that packed it prints: `<sha256> <bytes>`.
    init(printed text: String, by host: String) throws(Problem) {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 2, words[0].utf8.count == 64, let size = Int(words[1]) else {
            throw Problem(what: "\(host): packing the image's layers printed no sha256 and size", why: text.isEmpty ? nil : text)
        }
        self.init(sha256: words[0], size: size)
    }

    init(sha256: String, size: Int) { (self.sha256, self.size) = (sha256, size) }
}

extension PackedArchive {
    /// Waits for one connection, from this address only, and tells on standard error where: `… listening on AF=2 10.0.0.12:40001`.
    /// The machine that lacks the archive is the one that listens: nothing leaves a machine but to a port that is known to be
    /// kubeforge's, and what comes in is checked. Whoever removes the file ends the waiting, too.
    func receive(at own: IPv4Address, from source: IPv4Address) -> Command {
        let range = "TCP-LISTEN:0,bind=\(own),range=\(source)/32,accept-timeout=60"
        return arrive(
            """
            socat -u -d -d -T 30 \(range) "OPEN:$new,wronly" & receiver=$!
            { while [ -e "$new" ]; do sleep 1; done; kill "$receiver"; } >/dev/null 2>&1 & watcher=$!
            trap 'kill "$watcher" 2>/dev/null; rm -f -- "$new"' EXIT
            wait "$receiver"
            """)
    }

    /// The port out of a line that `receive` prints.
    static func port(in line: String) -> Int? {
        line.firstMatch(of: /listening on AF=2 \S+:([0-9]+)$/).flatMap { Int($0.1) }
    }

    /// Sends it to a machine that listens.
    func send(from own: IPv4Address, to receiver: IPv4Address, port: Int) -> Command {
        let target = "TCP:\(receiver):\(port),bind=\(own),connect-timeout=5"
        return Command("socat", "-u", "-T", "30", "OPEN:\(path),rdonly", Word(target)).asRoot().within(.seconds(3600))
    }

    /// Takes it from standard input.
    var takeIn: Command { arrive("cat > \"$new\"") }

    /// Prints it.
    var read: Command { Command("cat", "--", Word(path)).asRoot().within(.seconds(3600)) }

    /// Has it read by a program on the same machine.
    func load(into program: Command) -> Command {
        Command("bash", "-o", "pipefail", "-c", Word("zstd -dcq -- \(path) | \(program.line)")).asRoot().within(program.timeLimit)
    }

    /// The folder goes with its last file.
    var remove: Command {
        Command("sh", "-c", Word("rm -f -- \(path); rmdir -- \(Self.folder) 2>/dev/null || :")).asRoot()
    }

    /// What a run left behind that was killed.
    static let removeAll = Command("rm", "-rf", "--", Word(folder)).asRoot()

    /// Prints the names of what lies there.
    static let look = Command("ls", "-A", "--", Word(folder)).line + " 2>/dev/null || :"

    /// A file that is not what was sent never gets the archive's name.
    private func arrive(_ receive: String) -> Command {
        let script = """
            set -eu; umask 077; mkdir -p -- \(Self.folder)
            new=$(mktemp -- \(Self.folder)/new.XXXXXX); trap 'rm -f -- "$new"' EXIT
            \(receive)
            sum=$(sha256sum < "$new")
            [ "${sum%% *}" = \(sha256) ] || { echo "what came is not what was sent: $(wc -c < "$new") of \(size) bytes" >&2; exit 1; }
            mv -fT -- "$new" \(path)
            """
        return Command("bash", "-c", Word(script)).asRoot().within(.seconds(3600))
    }
}
