import ForgeCore
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgePlan

/// A real apt-get, which locks its directories with fcntl: another process holds the lock, and lets go when the wait
/// was told.
@Suite("A lock of apt")
struct AptLocksTests {
    private static let quick = AptLocks(limit: .seconds(600), pause: .milliseconds(5))

    /// An apt-get of its own directory, which asks nobody.
    private func apt(_ directory: TemporaryDirectory, _ words: Word...) -> Command {
        Command(
            [
                "env", "LC_ALL=C", "apt-get", "-q", "-o", "Dir::State=\(directory.path)", "-o",
                "Dir::Cache=\(directory.path)", "-o",
                "Dir::Etc=\(directory.path)",
            ] + words)
    }

    /// Runs the body while a process holds the lock; it ends when its directory has a file `release`.
    private func holding(_ path: String, in directory: TemporaryDirectory, _ body: () async throws -> Void) async throws
    {
        let program = """
            import fcntl, os, sys, time
            lock = open(sys.argv[1], "w"); fcntl.lockf(lock, fcntl.LOCK_EX)
            open(sys.argv[2] + "/held", "w")
            while not os.path.exists(sys.argv[2] + "/release"): time.sleep(0.005)
            """
        try await LocalProgram.running("python3", ["-c", program, path, directory.path]) { _ in
            while !FileManager.default.fileExists(atPath: directory.path("held")) {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await body()
        }
    }

    @Test("that another one holds is waited for, and its holder is told once", arguments: ["lists", "archives"])
    func waits(lock: String) async throws {
        try await TemporaryDirectory.during { directory in
            for name in ["lists/partial", "archives/partial", "apt.conf.d", "sources.list.d", "preferences.d"] {
                try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
            }
            try directory.write("sources.list", "")
            let told = Told()
            let machine = Machine(host: Example.host(), transport: LocalTransport()) { news in
                guard case .line(let line) = news, line.text.hasPrefix("waits: ") else { return }
                told.lines.withLock { $0.append(line.text) }
                _ = try? directory.write("release", "")
            }
            let command = lock == "lists" ? apt(directory, "update") : apt(directory, "clean")
            try await holding(directory.path("\(lock)/lock"), in: directory) {
                let output = try await machine.attempt(command, waitingFor: Self.quick)
                #expect(output.isSuccess, "\(output.errorText)")
            }
            let lines = told.lines.withLock { $0 }
            #expect(lines.count == 1)
            #expect(
                lines.first?.contains("Could not get lock \(directory.path)/\(lock)/lock. It is held by process")
                    == true)
            #expect(lines.first?.contains("(python3)") == true)
        }
    }

    @Test("that goes from one to another is told with each holder, once")
    func holders() async throws {
        let first = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)"
        let second = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 900 (cloud-init)"
        let left = Mutex([first, first, first, second, second])
        let told = Told()
        let transport = ScriptedTransport { _ in
            let complaint: String? = left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let complaint else { return Output() }
            return .failed(100, complaint + "\n")
        }
        let machine = Machine(host: Example.host(), transport: transport) { news in
            guard case .line(let line) = news, line.text.hasPrefix("waits: ") else { return }
            told.lines.withLock { $0.append(line.text) }
        }
        let output = try await machine.attempt(Apt.update, waitingFor: Self.quick)
        #expect(output.isSuccess)
        #expect(told.lines.withLock { $0 } == ["waits: \(first)", "waits: \(second)"])
        #expect(await transport.commands.count == 6)
    }

    private final class Told: Sendable {
        let lines = Mutex<[String]>([])
    }

    @Test("that is never let go of ends with who holds it")
    func outlasts() async {
        let complaint = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)"
        let (machine, _) = Example.machine { _ in
            .failed(
                100,
                """
                \(complaint)
                E: Unable to lock directory /var/lib/apt/lists/
                E: Could not get lock /var/cache/apt/archives/lock. It is held by process 900 (apt)

                """)
        }
        await #expect(
            throws: Problem(
                what: "kubnode: another package manager is running and did not end within 0 s", why: complaint,
                fix:
                    "see what it does: `ps aux | grep -E 'apt|dpkg|unattended'` on kubnode; run again when it has ended"
            )
        ) { try await Packages(["curl"], by: .apt, locks: AptLocks(limit: .zero, pause: .zero)).apply(to: machine) }
    }

    @Test(
        "is waited for by each call of apt and dpkg that kubeforge makes",
        arguments: [
            ("install", ""), ("update", "E: Unable to locate package curl"), ("hold", ""), ("a list's update", ""),
            ("configure", interrupted), ("fix-broken", interrupted),
        ])
    func everywhere(call: String, firstInstallation: String) async throws {
        let isMeant: @Sendable (String) -> Bool = { line in
            switch call {
            case "install": line.contains(" install -- ")
            case "hold": line.hasPrefix("apt-mark hold")
            case "configure": line.contains("dpkg --force-confdef --force-confold --configure -a")
            case "fix-broken": line.hasSuffix(" --fix-broken install")
            default: line.hasSuffix(" update")
            }
        }
        let made = Mutex<[String]>([])
        let (machine, transport) = Example.machine { command in
            let isFirst = made.withLock { made in
                defer { made.append(command.line) }
                return !made.contains(command.line)
            }
            if isFirst, !firstInstallation.isEmpty, command.line.contains(" install -- ") {
                return .failed(100, firstInstallation)
            }
            guard isFirst, isMeant(command.line) else { return Output() }
            let dpkg = "dpkg: error: dpkg frontend lock was locked by another process with pid 812"
            return .failed(
                100,
                ["hold", "configure"].contains(call)
                    ? dpkg : "E: Could not get lock /var/cache/apt/archives/lock. It is held by process 812 (apt)")
        }
        let locks = AptLocks(limit: .seconds(600), pause: .zero)
        let step: any Step =
            call == "a list's update"
            ? AptRepository(
                "docker", source: "http://10.0.0.1/debian bookworm stable", key: .text("KEY\n"), architecture: "amd64",
                locks: locks)
            : Packages(["curl"], isHeld: call == "hold", by: .apt, locks: locks)
        try await step.apply(to: machine)
        let lines = await transport.changes
        #expect(lines.count(where: isMeant) == 2, "\(lines)")
    }

    private static let interrupted =
        "E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a' to correct the problem."

    @Test("is no reason to wait where root's rights are missing")
    func permissions() async {
        let (machine, transport) = Example.machine { _ in
            .failed(100, "E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\n")
        }
        await #expect(throws: Problem.self) { try await Packages(["curl"], by: .apt).apply(to: machine) }
        #expect(await transport.changes.count == 1)
    }
}
