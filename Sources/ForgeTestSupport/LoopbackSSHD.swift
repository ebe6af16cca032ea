import ForgeCore
import Foundation

/// A real sshd on 127.0.0.1, with host keys, a configuration and a directory of its own, for as long as a test needs
/// it.
package struct LoopbackSSHD: Sendable {
    /// Everything of this sshd lies in here; tests put their files beside.
    package let directory: TemporaryDirectory
    package let port: UInt16
    /// A private key that every user of this computer may log in with.
    package let keyPath: String
    /// Holds all host keys of this sshd.
    package let knownHostsPath: String
    private let processID: Int32

    /// Which of its host keys a host shows.
    package enum KeyType: String, Sendable, CaseIterable {
        case ed25519, ecdsa, rsa
    }

    /// Runs the body beside an sshd; `lines` come first in its configuration, where the first word counts.
    /// PAM knows it by its `name`, if it has one. An sshd that is not installed is a failure: a suite that skips itself
    /// says nothing about the code.
    package static func running<Result: Sendable>(
        _ lines: [String] = [], hostKeys: [KeyType] = [.ed25519], named name: String? = nil,
        _ body: (LoopbackSSHD) async throws -> Result
    ) async throws -> Result {
        let real = "/usr/sbin/sshd"
        guard FileManager.default.isExecutableFile(atPath: real) else {
            throw Problem(
                what: "these tests need sshd", why: "\(real) is not there", fix: "apt-get install openssh-server")
        }
        return try await TemporaryDirectory.during { directory in
            let program = name.map(directory.path) ?? real
            if name != nil { try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: real) }
            for type in hostKeys { try await makeKey(directory.path("host_\(type.rawValue)"), type) }
            try await makeKey(directory.path("key"), .ed25519)
            try FileManager.default.copyItem(
                atPath: directory.path("key.pub"), toPath: directory.path("authorized_keys"))
            // Where sshd puts its helper process; the package makes it only when the service starts.
            if getuid() == 0 {
                try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
            }
            while true {
                if let result = try await attempt(program, lines, hostKeys, in: directory, body) { return result }
            }
        }
    }

    /// This sshd as the inventory would name it; the login user is the one who runs the tests.
    package func host(
        _ name: String = "kubmaster", user: String = NSUserName(), keyPath: String?? = nil,
        knownHostsPath: String? = nil
    ) -> ForgeCore.Host {
        let access = ForgeCore.Host.Access(
            user: user, port: port, keyPath: keyPath ?? self.keyPath,
            knownHostsPath: knownHostsPath ?? self.knownHostsPath)
        return ForgeCore.Host(
            name: name, address: IPv4Address("127.0.0.1")!, role: .controlPlane, isSchedulable: false, access: access)
    }

    /// Kills what serves its connections, and the commands that run in them: a host that dies. A command whose
    /// connection has ended already is nobody's child any more; it is known by a variable that it was started with.
    package func endConnections() {
        // Parents first: a connection whose command dies would tell of it.
        while case let left = Self.descendants(of: processID) + marked, !left.isEmpty {
            for process in left { kill(process, SIGKILL) }
            // What is killed takes a moment to be gone, and may have started something new before.
            usleep(2000)
        }
    }

    /// The commands that it has started, however long ago, with all that they have started themselves.
    private var marked: [Int32] {
        let mark = Data("\0\(Self.mark(directory))\0".utf8)
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let own = all.compactMap(Int32.init).filter { process in
            guard let variables = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
            return (Data([0]) + variables).range(of: mark) != nil && !Self.hasEnded(process)
        }
        return own + own.flatMap(Self.descendants)
    }

    private static func mark(_ directory: TemporaryDirectory) -> String { "KUBEFORGE_TEST_SSHD=\(directory.path)" }

    /// What it has written to its log.
    package var log: String { (try? String(contentsOfFile: directory.path("sshd.log"), encoding: .utf8)) ?? "" }

    /// The public half of one of its host keys, as known_hosts holds it: type and base64.
    package func hostKey(_ type: KeyType) throws -> String {
        try String(contentsOfFile: directory.path("host_\(type.rawValue).pub"), encoding: .utf8).split(separator: " ")
            .prefix(2).joined(
                separator: " ")
    }

    /// As known_hosts names it.
    package var name: String { "[127.0.0.1]:\(port)" }
}

extension LoopbackSSHD {
    /// nil when somebody else has taken the port since it was found free.
    private static func attempt<Result: Sendable>(
        _ program: String, _ lines: [String], _ hostKeys: [KeyType], in directory: TemporaryDirectory,
        _ body: (LoopbackSSHD) async throws -> Result
    ) async throws -> Result? {
        let port = try LoopbackServer.freePort()
        try configuration(lines, hostKeys, port, directory).write(
            toFile: directory.path("sshd_config"), atomically: true, encoding: .utf8)
        return try await LocalProgram.running(
            program, ["-D", "-f", directory.path("sshd_config"), "-E", directory.path("sshd.log")]
        ) {
            processID in
            let sshd = LoopbackSSHD(
                directory: directory, port: port, keyPath: directory.path("key"),
                knownHostsPath: directory.path("known_hosts"),
                processID: processID)
            guard try await sshd.listens() else { return nil }
            defer { sshd.endConnections() }
            let known = try hostKeys.map { try "\(sshd.name) \(sshd.hostKey($0))\n" }.joined()
            try known.write(toFile: sshd.knownHostsPath, atomically: true, encoding: .utf8)
            return try await body(sshd)
        }
    }

    /// False when it found its port taken.
    private func listens() async throws -> Bool {
        while !log.contains("Server listening on 127.0.0.1 port \(port)") {
            if log.contains("Address already in use") { return false }
            if Self.hasEnded(processID) { throw Problem(what: "sshd did not start", why: log) }
            try await Task.sleep(for: .milliseconds(5))
        }
        return true
    }

    /// A process that has ended and was not waited for yet is a zombie.
    package static func hasEnded(_ process: Int32) -> Bool {
        (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8))?.contains(") Z ") ?? true
    }

    private static func configuration(
        _ lines: [String], _ hostKeys: [KeyType], _ port: UInt16, _ directory: TemporaryDirectory
    ) -> String {
        let own = [
            "ListenAddress 127.0.0.1:\(port)", "PidFile none",
            "AuthorizedKeysFile \(directory.path("authorized_keys"))",
            "StrictModes no",
            "UsePAM no", "PermitRootLogin yes", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "MaxStartups 200",
            "LogLevel VERBOSE",
            // A bash that believes to be inside another one leaves .bashrc alone, which is this computer's and not the
            // tests'.
            "SetEnv SHLVL=1 \(mark(directory))",
        ]
        return (lines + own + hostKeys.map { "HostKey \(directory.path("host_\($0.rawValue)"))" }).joined(
            separator: "\n")
            + "\n"
    }

    /// Makes a key pair: PATH and PATH.pub.
    package static func makeKey(_ path: String, _ type: KeyType = .ed25519, passphrase: String = "") async throws {
        let bits = type == .rsa ? ["-b", "2048"] : []
        try await LocalProgram.run(
            "ssh-keygen",
            ["-q", "-t", type.rawValue, "-N", passphrase, "-C", (path as NSString).lastPathComponent, "-f", path] + bits
        )
    }

    private static func descendants(of parent: Int32) -> [Int32] {
        let children = (try? String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8)) ?? ""
        let own = children.split(separator: " ").compactMap { Int32($0) }
        return (own + own.flatMap(descendants)).filter { !hasEnded($0) }
    }
}
