import ForgeCore
import Foundation
import Synchronization

/// A host that a test plays. A command that the test has no output for is thrown, so that nothing unexpected passes;
/// so is one that needs a program which no package brings to a machine.
package actor ScriptedTransport: Transport {
    private let reply: @Sendable (Command) -> Output?
    /// Every command that was run, in order.
    package private(set) var commands: [Command] = []

    package init(_ reply: @escaping @Sendable (Command) -> Output?) { self.reply = reply }

    package var traffic: Traffic { Traffic(roundTrips: commands.count) }

    package func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        commands.append(command)
        if let complaint = KnownPrograms.complaint(about: command) {
            throw Problem(what: complaint, why: command.line + command.inputText)
        }
        guard let output = reply(command) else {
            throw Problem(what: "the test does not expect `\(command.line)`\n\(command.inputText)")
        }
        for (stream, text) in [(OutputLine.Stream.standardError, output.errorText), (.standardOutput, output.text)] {
            for line in text.split(whereSeparator: \.isNewline) {
                onLine(OutputLine(stream: stream, text: String(line)))
            }
        }
        return output
    }

    package func close() async {}
}

extension Command {
    /// What it reads, as text: a script, in most cases.
    package var inputText: String {
        switch input {
        case .none: ""
        case .bytes(let bytes), .secret(let bytes): String(decoding: bytes, as: UTF8.self)
        case .file(let path): "<file \(path)>"
        }
    }
}

extension Output {
    /// A program that ended well and printed this.
    package init(_ text: String) { self.init(standardOutput: Array(text.utf8)) }

    /// A program that failed.
    package static func failed(_ code: Int = 1, _ error: String) -> Output {
        Output(standardError: Array(error.utf8), exit: .code(code))
    }
}

/// Where the programs come from that kubeforge starts on a machine: "nothing but SSH and sudo" is true only of these.
package enum KnownPrograms {
    /// Of packages that every Debian and Ubuntu server has: Essential, Priority required or important, systemd and
    /// sudo.
    package static let base: [String: Set<String>] = [
        "apt": ["apt-cache", "apt-get", "apt-mark"],
        "bash, dash": ["bash", "dash", "sh"],
        "coreutils": [
            "base64", "basename", "cat", "chmod", "chown", "comm", "cp", "cut", "date", "df", "dirname", "du", "env",
            "expr", "head", "id",
            "install", "ln", "ls", "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nice", "nohup", "nproc", "od", "paste",
            "readlink",
            "realpath", "rm", "rmdir", "seq", "sha256sum", "sleep", "sort", "stat", "sync", "tail", "tee", "timeout",
            "touch", "tr",
            "truncate", "tty", "uname", "uniq", "wc",
        ],
        "diffutils": ["cmp", "diff"], "dpkg": ["dpkg", "dpkg-query"], "findutils": ["find", "xargs"], "grep": ["grep"],
        "gzip": ["gunzip", "gzip", "zcat"],
        "hostname": ["hostname"], "kmod": ["modprobe"], "libc-bin": ["getconf", "getent"], "mawk": ["awk"],
        "passwd": ["useradd"],
        "perl-base": ["perl"], "procps": ["pgrep", "pkill", "ps", "sysctl"], "sed": ["sed"], "sudo": ["sudo"],
        "systemd": [
            "hostnamectl", "journalctl", "systemctl", "systemd-detect-virt", "systemd-machine-id-setup", "systemd-run",
            "systemd-sysctl",
        ],
        "tar": ["tar"], "util-linux": ["findmnt", "flock", "ionice", "mount", "setsid", "swapoff", "swapon", "umount"],
    ]

    /// Of packages that kubeforge installs before it starts them: any one of them brings it.
    package static let installed: [String: [String]] = [
        "containerd": ["containerd.io", "containerd"], "ctr": ["containerd.io", "containerd"], "curl": ["curl"],
        "docker": ["docker-ce-cli", "docker.io", "docker-cli"], "gpg": ["gnupg"], "bridge": ["iproute2"],
        "ip": ["iproute2"],
        "ss": ["iproute2"], "ping": ["iputils-ping"],
        "kubeadm": ["kubeadm"], "kubectl": ["kubectl"], "openssl": ["openssl"], "socat": ["socat"],
    ]

    /// What kubeforge puts there itself.
    private static let own: Set = ["/usr/local/bin/cri-dockerd"]

    /// Asked for only where it is there: `command -v` or a test of its file stands before it, and its absence is an
    /// answer.
    private static let optional: Set = ["cloud-init", "snap", "ufw", "iptables"]

    private static let known = base.values.reduce(own.union(optional)) { $0.union($1) }.union(installed.keys)

    /// A sentence about programs of the command that nothing brings; nil when there are none.
    package static func complaint(about command: Command) -> String? {
        let unknown = command.programs.subtracting(known).sorted()
        guard !unknown.isEmpty else { return nil }
        return
            """
            nothing brings \(unknown.joined(separator: ", ")) to a machine: install a package that has it, do without \
            it, or, if every server has it, add it to KnownPrograms
            """
    }
}

/// A clock that a test moves. It stands still until then, and who sleeps by it sleeps until the task is cancelled.
package final class TestClock: Sendable {
    private let time = Mutex(ContinuousClock.Instant.now)

    package init() {}

    package var now: ContinuousClock.Instant { time.withLock { $0 } }

    package func advance(by step: Duration) { time.withLock { $0 += step } }

    /// Ends with the task: what a test wants done after a pause, it does itself.
    package func sleep(for pause: Duration) async throws {
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
