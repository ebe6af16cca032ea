import ForgeCore
import Foundation
import Testing

@testable import ForgeLab

@Suite("The lab's operator")
struct OperatorTests {
    @Test("is who runs kubeforge")
    func own() {
        let own = Operator(
            environment: ["SUDO_UID": "1000", "SUDO_GID": "1000"], effectiveUser: 1001, home: "/home/ada")
        #expect(own == Operator(user: 1001, group: getegid(), home: "/home/ada"))
        #expect(Operator(environment: [:], effectiveUser: 0, home: "/root").user == 0)
    }

    @Test("is below sudo who typed the command, with the home folder that their own kubeforge saw")
    func belowSudo() {
        let environment = ["SUDO_UID": "1000", "SUDO_GID": "1002", "KUBEFORGE_OPERATOR_HOME": "/home/ada"]
        let typed = Operator(environment: environment, effectiveUser: 0, home: "/root")
        #expect(typed == Operator(user: 1000, group: 1002, home: "/home/ada"))
        #expect(
            Operator(environment: ["SUDO_UID": "0", "SUDO_GID": "0"], effectiveUser: 0, home: "/root").home == "/root")
    }

    @Test("has files of their own, with the right mode before they have their name, and the folders above them")
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
