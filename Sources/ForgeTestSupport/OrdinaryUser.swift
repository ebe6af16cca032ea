import ForgeCore
import Foundation

/// A user of this computer who is not root and may become root without a password, as on a cloud image. Only root can
/// make one.
package struct OrdinaryUser: Sendable {
    package let name: String

    package static var canBeMade: Bool { getuid() == 0 }

    package static func during<Result>(shell: String = "/bin/sh", _ body: (OrdinaryUser) async throws -> Result)
        async throws -> Result
    {
        // Other tests, of other processes, too, may be making theirs: useradd does not wait for its lock.
        let lock = open("/run/lock/kubeforge-test-users", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        defer { close(lock) }
        // Not by blocking: the test that has the lock may need this very thread to go on.
        while flock(lock, LOCK_EX | LOCK_NB) != 0 { try await Task.sleep(for: .milliseconds(20)) }
        try await removeForgotten()
        let user = OrdinaryUser(name: "kubeforge-test-\(getpid())")
        let result: Swift.Result<Result, any Error>
        do {
            try await user.make(shell: shell)
            result = .success(try await body(user))
        } catch {
            result = .failure(error)
        }
        await user.remove()
        return try result.get()
    }

    private var sudoers: String { "/etc/sudoers.d/\(name)" }

    private func make(shell: String) async throws {
        // `*` is no password, but unlike useradd's `!` it does not lock the account.
        try await LocalProgram.run("useradd", ["--create-home", "--shell", shell, "--password", "*", name])
        try "\(name) ALL=(ALL) NOPASSWD: ALL\n".write(toFile: sudoers, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: sudoers)
    }

    private func remove() async {
        try? FileManager.default.removeItem(atPath: sudoers)
        _ = try? await LocalProgram.run("userdel", ["--remove", "--force", name])
    }

    /// Users of test runs that were killed.
    private static func removeForgotten() async throws {
        let names = try String(contentsOfFile: "/etc/passwd", encoding: .utf8).split(separator: "\n").compactMap {
            $0.split(separator: ":").first
        }
        for name in names where name.hasPrefix("kubeforge-test-") {
            guard let owner = pid_t(name.dropFirst("kubeforge-test-".count)), kill(owner, 0) != 0 else { continue }
            await OrdinaryUser(name: String(name)).remove()
        }
    }
}
