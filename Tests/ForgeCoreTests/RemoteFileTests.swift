import ForgeCore
import Foundation
import Testing

@Suite("A remote file")
struct RemoteFileTests {
    private let folder: String
    private let owner: String

    init() throws {
        folder = NSTemporaryDirectory() + "kubeforge-core-\(UUID().uuidString)"
        owner = try LocalShell.run(.script("echo $(id -u):$(id -g)")).text.trimming(while: \.isNewline)
    }

    @Test(
        "is written with its mode, whatever it is called",
        arguments: ["plain.conf", "it's", "$(id)", "-rf", "a\nb", "*"])
    func isWritten(name: String) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = RemoteFile("\(folder)/new folder/\(name)", "hello\n", mode: 0o640, owner: owner)
        #expect(try LocalShell.run(file.write) == Output())
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "hello\n")
        #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o640)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/new folder") == [name])
    }

    @Test("takes the place of the old one, and sweeps up after a write that was killed")
    func replaces() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/file"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for old in ["file", "file.kubeforge.123"] { try Data("old".utf8).write(to: URL(filePath: "\(folder)/\(old)")) }
        #expect(try LocalShell.run(RemoteFile(path, "new", owner: owner).write) == Output())
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    }

    @Test("that arrives damaged leaves the old one as it was, and says so")
    func leavesOldOne() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/file"
        _ = try LocalShell.run(RemoteFile(path, "old", owner: owner).write)
        let output = try LocalShell.run(RemoteFile(path, "new", owner: owner).write.reading("ne"))
        #expect(output.exit == .code(1))
        #expect(
            output.lastLine
                == "\(path): sha256 is \(SHA256.hex("ne")) after the transfer, expected \(SHA256.hex("new"))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    }

    @Test("that is secret travels as a secret, and not in the arguments")
    func travelsAsSecret() {
        let write = RemoteFile("/etc/token", "abcdef", mode: 0o600, isSecret: true).write
        #expect(write.input == .secret(Array("abcdef".utf8)))
        #expect(!write.line.contains("abcdef"))
    }
}
