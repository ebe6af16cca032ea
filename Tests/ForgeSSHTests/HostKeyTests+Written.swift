import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Glibc
import Synchronization
import Testing

/// What becomes of the files that it is written down in, also beside other programs.
extension HostKeyTests {
    @Test("that is not known is believed and written down when the operator says so, and told")
    func accepted() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let notices = Mutex<[String]>([])
            let options = SSHOptions(
                homeDirectory: sshd.directory.path, acceptNewHostKeys: { text in notices.withLock { $0.append(text) } })
            let host = sshd.host(knownHostsPath: "~/new/directory/known_hosts")
            try await sshd.connected(as: host, options) { _ in }
            let told = notices.withLock { $0 }
            #expect(told.count == 1)
            #expect(
                told.first?.hasPrefix(
                    "kubmaster: the host key of \(sshd.name) was unknown; it is accepted and saved: ssh-ed25519 SHA256:"
                ) == true)
            #expect(try sshd.directory.text("new/directory/known_hosts") == "\(sshd.name) \(sshd.hostKey(.ed25519))\n")
            #expect(try sshd.directory.mode("new/directory/known_hosts") == 0o600)
            #expect(try sshd.directory.mode("new/directory") == 0o700)
            try await sshd.connected(as: host, SSHOptions(homeDirectory: sshd.directory.path)) { _ in }
            #expect(notices.withLock { $0.count } == 1)
        }
    }

    @Test("is added to a file whose last line has no newline without spoiling that line")
    func unfinishedFile() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let file = try sshd.directory.write("unfinished", "10.9.9.9 \(sshd.hostKey(.ed25519))")
            try await sshd.connected(
                as: sshd.host(knownHostsPath: file), SSHOptions(homeDirectory: "/", acceptNewHostKeys: { _ in })
            ) { _ in }
            #expect(
                try sshd.directory.text("unfinished")
                    == "10.9.9.9 \(sshd.hostKey(.ed25519))\n\(sshd.name) \(sshd.hostKey(.ed25519))\n")
        }
    }

    @Test(
        "that another run has written down in the meantime counts as known, and another key as changed",
        arguments: [true, false])
    func written(isSame: Bool) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await LoopbackSSHD.makeKey(sshd.directory.path("other"))
            let other = try sshd.directory.text("other.pub").split(separator: " ").prefix(2).joined(separator: " ")
            let line = try "\(sshd.name) \(isSame ? sshd.hostKey(.ed25519) : other)\n"
            let file = try sshd.directory.write("new", "")
            let lock = try Lock(file)
            let host = sshd.host(knownHostsPath: file)
            let notices = Mutex<[String]>([])
            var options = SSHOptions.made(connectTimeout: .seconds(3600))
            options.acceptNewHostKeys = { text in notices.withLock { $0.append(text) } }
            let task = Task { [options] in await problem(connectingTo: host, options) }
            // By then the file was read for the first time.
            while !sshd.log.contains("Connection from") { try await Task.sleep(for: .milliseconds(5)) }
            try lock.write(line)
            lock.end()
            #expect(await task.value?.what == (isSame ? nil : "kubmaster: the host key of \(sshd.name) has changed"))
            #expect(try sshd.directory.text("new") == line)
            #expect(notices.withLock { $0 } == [])
        }
    }

    @Test("cannot be written down while another program keeps the file locked")
    func locked() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let file = try sshd.directory.write("new", "")
            let lock = try Lock(file)
            defer { lock.end() }
            #expect(
                await problem(
                    connectingTo: sshd.host(knownHostsPath: file), .made(connectTimeout: .seconds(2), accepts: true))
                    == Problem(
                        .unreachable, what: "kubmaster: \(file) was locked by another program for 2 s",
                        why: "the new host key of \(sshd.name) was to be written down there",
                        fix: "`fuser -v \(file)` names it"))
        }
    }

    @Test("may be known, or revoked, by the computer's own files, of which none is written")
    func global() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let key = try sshd.hostKey(.ed25519)
            var options = SSHOptions.made(accepts: true)
            options.globalKnownHosts = [
                sshd.directory.path("missing"), try sshd.directory.write("global", "\(sshd.name) \(key)\n"),
            ]
            let own = try sshd.directory.write("own", "# nobody\n")
            try await sshd.connected(as: sshd.host(knownHostsPath: own), options) { _ in }
            #expect(try sshd.directory.text("own") == "# nobody\n")
            try sshd.directory.write("global", "@revoked * \(key)\n")
            let problem = await problem(connectingTo: sshd.host(), options)
            #expect(
                problem?.why?.hasPrefix("\(sshd.directory.path("global")) says so in line 1 of ssh-ed25519") == true)
        }
    }

    @Test("cannot be checked against a pipe, which is not waited for")
    func pipe() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let pipe = sshd.directory.path("pipe")
            try await LocalProgram.run("mkfifo", [pipe])
            #expect(
                await problem(connectingTo: sshd.host(knownHostsPath: pipe))?.why
                    == "it is a pipe or a socket, not a file")
            #expect(
                await problem(connectingTo: sshd.host(knownHostsPath: "/dev/null"))?.what
                    == "kubmaster: the host key of \(sshd.name) is not known")
        }
    }

    @Test("cannot be checked against a known_hosts that cannot be read")
    func unreadable() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let directory = sshd.directory.path
            #expect(
                await problem(connectingTo: sshd.host(knownHostsPath: directory))
                    == Problem(
                        .unreachable, what: "kubmaster: \(directory) cannot be used", why: "Is a directory",
                        fix: "`ls -ld \(directory)`; it is `ssh: knownHosts:` in the inventory"))
        }
    }
}

/// Another program that has a file locked.
private struct Lock {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Problem(what: "\(path) cannot be locked")
        }
    }

    func write(_ text: String) throws {
        guard Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw Problem(what: "nothing was written")
        }
    }

    func end() { close(descriptor) }
}
