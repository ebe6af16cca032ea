import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Foundation
import Testing

@Suite("A file written over SSH")
struct RemoteFileTests {
    private static let owner = "\(LoopbackSSHDUser.name):\(LoopbackSSHDUser.group)"

    @Test(
        "has its content, mode and owner, and its directory is made",
        arguments: ["plain", "it's $(id)", "-n", "a\nb", "é 漢"])
    func written(name: String) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let path = sshd.directory.path("new/directory/\(name)")
                let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
                let file = RemoteFile(path, bytes: bytes, mode: 0o640, owner: Self.owner)
                let output = try await connection.run(file.write)
                #expect(output == Output())
                #expect(
                    try await LocalProgram.run("stat", ["-c", "%a %U:%G %s", path]) == "640 \(Self.owner) 100000\n")
                #expect(try await LocalProgram.run("sha256sum", ["--zero", path]).hasPrefix(SHA256.hex(bytes)))
                #expect(
                    try await LocalProgram.run("ls", ["-A", sshd.directory.path("new/directory")]).contains("kubeforge")
                        == false)
            }
        }
    }

    @Test("replaces the old one, also through wrong permissions")
    func replaced() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let path = try sshd.directory.write("file", "old", mode: 0o400)
                #expect(
                    try await connection.run(RemoteFile(path, "new", mode: 0o600, owner: Self.owner).write) == Output())
                #expect(try sshd.directory.text("file") == "new")
                #expect(try sshd.directory.mode("file") == 0o600)
            }
        }
    }

    @Test("that was damaged on the way leaves the old one alone")
    func damaged() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let path = try sshd.directory.write("file", "old")
                let output = try await connection.run(RemoteFile(path, "new", owner: Self.owner).write.reading("nex"))
                #expect(output.exit == .code(1))
                #expect(
                    output.errorText
                        == "\(path): sha256 is \(SHA256.hex("nex")) after the transfer, expected \(SHA256.hex("new"))\n"
                )
                #expect(try sshd.directory.text("file") == "old")
                #expect(try await LocalProgram.run("ls", [sshd.directory.path]).contains("file.kubeforge") == false)
            }
        }
    }

    @Test("whose owner does not exist leaves the old one alone, and nothing beside it")
    func noOwner() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let path = try sshd.directory.write("file", "old")
                #expect(
                    try await connection.run(RemoteFile(path, "new", owner: "nobody-at-all:nogroup").write).exit
                        == .code(1))
                #expect(try sshd.directory.text("file") == "old")
                #expect(try await LocalProgram.run("ls", [sshd.directory.path]).contains("file.kubeforge") == false)
            }
        }
    }

    @Test("is never seen by halves when the connection breaks, and the next write tidies up")
    func killed() async throws {
        try await TemporaryDirectory.during { programs in
            // A `cat` that has written a half and gets stuck.
            try programs.write("cat", "#!/bin/sh\nhead -c 2\necho half >&2\nexec sleep 60\n", mode: 0o755)
            try await LoopbackSSHD.running { sshd async throws in
                let path = try sshd.directory.write("file", "old")
                let write = RemoteFile(path, "new text", owner: Self.owner).write
                let stuck = Command(
                    write.words.map { Word($0.text.replacing("cat > ", with: "\(programs.path)/cat > ")) }
                ).reading(
                    "new text")
                let connection = try await SSHConnection.open(to: sshd.host(), options: .bare)
                await #expect(throws: Problem.self) { try await connection.run(stuck) { _ in sshd.endConnections() } }
                await connection.close()
                #expect(try sshd.directory.text("file") == "old")
                let halves = try FileManager.default.contentsOfDirectory(atPath: sshd.directory.path).filter {
                    $0.hasPrefix("file.kubeforge.")
                }
                #expect(try halves.map(sshd.directory.text) == ["ne"])
                try await sshd.connected { connection async throws in
                    #expect(try await connection.run(write) == Output())
                }
                #expect(try sshd.directory.text("file") == "new text")
                #expect(try await LocalProgram.run("ls", [sshd.directory.path]).contains("file.kubeforge") == false)
            }
        }
    }

    @Test("to a path that is a directory says so")
    func directory() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let output = try await connection.run(RemoteFile(sshd.directory.path, "text", owner: Self.owner).write)
                #expect(output.exit == .code(1))
                #expect(output.lastLine?.contains("cannot overwrite directory") == true, "\(output.errorText)")
            }
        }
    }
}
