import ForgeCore
import Foundation
import Testing

@testable import ForgeLab

@Suite("This computer")
struct LocalHostTests {
    /// Foundation takes the first page of a file of /proc for the whole; a lab once missed its own mounts that way.
    @Test("reads a file of /proc to its end")
    func longFile() throws {
        let maps = try #require(LocalHost().read("/proc/self/smaps"))
        #expect(maps.utf8.count > 8 * 4096)
    }

    @Test("has no text for what is not a file")
    func noFile() {
        #expect(LocalHost().read("/no/such/file") == nil)
        #expect(LocalHost().read("/proc") == nil)
    }

    private static let limit = Duration.seconds(600)

    @Test(
        "ends a program that takes too long, with all that it started, and says what it was at",
        .timeLimit(.minutes(1)))
    func timeLimit() async throws {
        let (lines, line) = AsyncStream<String>.makeStream()
        // Its time is over as soon as it has printed something.
        let computer = LocalHost(wait: { duration in
            guard duration == Self.limit else { return try await Task.sleep(for: duration) }
            for await _ in lines { return }
        })
        let command = Command("sh", "-c", "sleep 600 & echo $!; wait").within(Self.limit)
        let problem = try await #require(throws: Problem.self) {
            try await computer.run(command) { line.yield($0.text) }
        }
        #expect(
            problem.what
                == "`sh -c 'sleep 600 & echo $!; wait'` was ended, because it took too long (600 s on this computer)")
        let why = try #require(problem.why)
        let process = try #require(why.split(separator: " ").last.map(String.init))
        #expect(why.contains(", process \(process), was in state "), "\(why)")
        #expect(why.hasSuffix("; the last that it printed is: \(process)"), "\(why)")
        // Whoever has ended and is not fetched yet has no command line any more; the kernel may take a moment to end
        // it.
        while let line = LocalHost().read("/proc/\(process)/cmdline"), !line.isEmpty {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test("gives up what does not end when it is killed, and says how to look at it")
    func stuck() async throws {
        let (lines, line) = AsyncStream<String>.makeStream()
        let computer = LocalHost(
            wait: { duration in
                guard duration == Self.limit else { return }
                for await _ in lines { return }
            },
            // The kernel does not let it die.
            kill: { _ in })
        let command = Command("sh", "-c", "echo $$; exec sleep 600").within(Self.limit)
        let problem = try await #require(throws: Problem.self) {
            try await computer.run(command) { line.yield($0.text) }
        }
        let process = try #require(problem.why?.split(separator: " ").last.flatMap { Int32($0) })
        LocalHost().kill(process)
        #expect(
            problem.what.hasSuffix("does not end, not even when it is killed (600 s on this computer)"), "\(problem)")
        #expect(problem.fix?.hasPrefix("look at it with `ps -o pid,stat,wchan,args -p \(process)`; ") == true)
    }
}

@Suite("Control groups")
struct ControlGroupsTests {
    @Test("of version 1 are one in every hierarchy, below the group that the process is in")
    func hybrid() {
        let groups = ControlGroups(
            membership: """
                4:memory:/box/one
                3:cpu,cpuacct:/
                2:name=systemd:/
                0::/
                """,
            mounts: """
                tmpfs /sys/fs/cgroup tmpfs rw 0 0
                cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
                cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
                cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
                cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
                """)
        #expect(!groups.areUnified)
        #expect(
            groups.directories("kubeforge.lab.kubnode") == [
                "/sys/fs/cgroup/memory/box/one/kubeforge.lab.kubnode",
                "/sys/fs/cgroup/cpu,cpuacct/kubeforge.lab.kubnode",
                "/sys/fs/cgroup/systemd/kubeforge.lab.kubnode",
                "/sys/fs/cgroup/unified/kubeforge.lab.kubnode",
            ])
    }

    @Test("of version 2 are one at the top: a group with processes has no controllers for its children")
    func unified() {
        let groups = ControlGroups(
            membership: "0::/user.slice/session-1.scope", mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0")
        #expect(groups.areUnified)
        #expect(groups.directories("kubeforge.lab.kubnode") == ["/sys/fs/cgroup/kubeforge.lab.kubnode"])
    }

    @Test("leave out a hierarchy that is not mounted")
    func notMounted() {
        let groups = ControlGroups(
            membership: "5:misc:/\n1:cpu:/", mounts: "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0")
        #expect(groups.directories("x") == ["/sys/fs/cgroup/cpu/x"])
    }
}

@Suite("The lab's operator")
struct OperatorTests {
    @Test("is who runs kubeforge")
    func own() {
        let own = Operator(
            environment: ["SUDO_UID": "1000", "SUDO_GID": "1000"], effectiveUser: 1001, home: "/home/ada")
        #expect(own == Operator(user: 1001, group: getegid(), home: "/home/ada"))
        #expect(Operator(environment: [:], effectiveUser: 0, home: "/root").user == 0)
    }

    @Test("is below sudo who typed the command, with the home directory that their own kubeforge saw")
    func belowSudo() {
        let environment = ["SUDO_UID": "1000", "SUDO_GID": "1002", "KUBEFORGE_OPERATOR_HOME": "/home/ada"]
        let typed = Operator(environment: environment, effectiveUser: 0, home: "/root")
        #expect(typed == Operator(user: 1000, group: 1002, home: "/home/ada"))
        #expect(
            Operator(environment: ["SUDO_UID": "0", "SUDO_GID": "0"], effectiveUser: 0, home: "/root").home == "/root")
    }

    @Test("has files of their own, with the right mode before they have their name, and the directories above them")
    func files() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: root) }
        // Only root can give a file away; anybody else keeps it.
        let (user, group) = geteuid() == 0 ? (12345, 12346) : (geteuid(), getegid())
        let owner = Operator(user: user, group: group, home: root)
        let files = OperatorFiles(root: root + "/lab", owner: owner)
        try files.write(files.sshKey, "secret", mode: 0o600)
        try files.write(files.sshKey, "other", mode: 0o600)
        #expect(try String(contentsOfFile: files.sshKey, encoding: .utf8) == "other")
        for path in [root, root + "/lab", root + "/lab/ssh", files.sshKey] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.ownerAccountID] as? NSNumber)?.uint32Value == owner.user, "\(path)")
            #expect((attributes[.groupOwnerAccountID] as? NSNumber)?.uint32Value == owner.group, "\(path)")
        }
        #expect(try FileManager.default.attributesOfItem(atPath: files.sshKey)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/lab/ssh") == ["id_ed25519"])
    }

    @Test("is told which file cannot be written, and why")
    func unwritable() throws {
        let files = OperatorFiles(
            root: "/proc/kubeforge", owner: Operator(user: geteuid(), group: getegid(), home: "/"))
        let problem = #expect(throws: Problem.self) { try files.write(files.archiveKey, "text") }
        #expect(problem?.what == "cannot create the directory /proc/kubeforge")
        #expect(problem?.why == "No such file or directory")
    }
}
