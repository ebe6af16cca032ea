import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeInventory

@Suite("A bad inventory")
struct BadInventoryTests {
    static let all = [
        keysFaults, foreignFaults, typesFaults, hostsFaults, outerNamesFaults, networksFaults, versionsFaults,
        loginFaults, mirrorsFaults, portsFaults, serviceFaults, modelFaults, labFaults, yamlFaults,
    ].flatMap(\.self)

    @Test("is told with every fault, its place and what to do", arguments: all)
    func isTold(bad: BadInventory) throws {
        #expect(try Scratch().problems(bad.text).joined(separator: "\n") == bad.told)
    }

    @Test(
        "has each mistyped key told with the key that is near enough, if there is one",
        arguments: [
            ("anme", "name"), ("ename", "name"), ("nam", "name"), ("rol", "role"), ("gnome", nil), ("anmee", nil),
            ("ad", nil),
        ] as [(String, String?)])
    func nearest(typed: String, meant: String?) throws {
        let text = twoHosts.replacing("role: worker", with: "role: worker\n    \(typed): x")
        let suggestion = meant.map { "did you mean \($0)? " } ?? ""
        #expect(
            try Scratch().problems(text) == [
                """
                inventory.yaml:10:5  hosts[1].\(typed): unknown key
                  fix  \(suggestion)known here: name, address, role, schedulable, ssh
                """
            ])
    }

    @Test("has no suggestion for a word that is longer than names are")
    func longWord() throws {
        let name = String(repeating: "n", count: 63)
        func told(_ length: Int) throws -> String? {
            let typed = String(repeating: "n", count: length)
            let text = twoHosts.replacing("name: second", with: "name: \(name)")
            return try Scratch().problems(text + "lab: { hosts: { \(typed): { profile: cloud } } }\n").first
        }
        let known = "known here: first, \(name)"
        #expect(try told(64)?.hasSuffix("\n  fix  did you mean \(name)? \(known)") == true)
        #expect(try told(65)?.hasSuffix("\n  fix  \(known)") == true)
    }
}

@Suite("A file that is no inventory")
struct BadFileTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("is told when it is not there")
    func isNotThere() {
        #expect(
            told(scratch.directory + "/lab.yaml") == """
                lab.yaml: there is no such file
                  fix  write one: inventory/example.yaml of kubeforge shows every key
                """)
    }

    @Test("is told when it is a directory")
    func isDirectory() throws {
        try FileManager.default.createDirectory(atPath: scratch.path, withIntermediateDirectories: true)
        #expect(
            told(scratch.path) == """
                inventory.yaml: is a directory
                  fix  name the inventory in it
                """)
    }

    @Test("is told when it may not be read", .enabled(if: geteuid() != 0, "root may read everything"))
    func isNotReadable() throws {
        try scratch.write(Array(twoHosts.utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: scratch.path)
        #expect(told(scratch.path).hasPrefix("inventory.yaml: cannot be read\n  why  Permission denied\n"))
    }

    @Test(
        "is told when reading it fails",
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/mem"), "needs Linux"))
    func cannotBeRead() {
        #expect(
            told("/proc/self/mem") == """
                /proc/self/mem: cannot be read
                  why  Input/output error
                  fix  ls -l /proc/self/mem
                """)
    }

    @Test("is told when its links lead in a circle")
    func circle() throws {
        try FileManager.default.createSymbolicLink(atPath: scratch.path, withDestinationPath: "inventory.yaml")
        #expect(
            told(scratch.path).hasPrefix("inventory.yaml: cannot be read\n  why  Too many levels of symbolic links"))
    }

    @Test("may be a pipe, which is waited for, and not for ever")
    func pipe() async throws {
        let path = scratch.directory + "/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        let problems = #expect(throws: Problems.self) {
            try InventoryFile(path: path, patience: .milliseconds(1)).text()
        }
        #expect(problems?.all.map(\.why) == ["nothing was written into it for 0 s"])
        try await LocalProgram.running("sh", ["-c", #"{ printf cluster:; printf ' lab\n'; } > "$0""#, path]) { _ in
            let text = try InventoryFile(path: path).text()
            #expect(text == "cluster: lab\n")
        }
    }

    @Test("is told with the line of the first byte that is not UTF-8")
    func isNotUTF8() throws {
        try scratch.write(Array("cluster: lab\n# caf".utf8) + [0xE9, 0x0A])
        #expect(
            told(scratch.path) == """
                inventory.yaml:2:6  is not UTF-8
                  why  byte 18 is 0xE9, which no UTF-8 text has there
                  fix  save it as UTF-8
                """)
    }

    @Test("is told when it ends inside a character")
    func endsInsideCharacter() throws {
        try scratch.write(Array("cluster: ü".utf8.dropLast()))
        #expect(
            told(scratch.path) == """
                inventory.yaml:1:10  is not UTF-8
                  why  byte 9 is 0xC3, which no UTF-8 text has there
                  fix  save it as UTF-8
                """)
    }

    @Test("is told when it is UTF-16")
    func isUTF16() throws {
        try scratch.write([0xFF, 0xFE] + "cluster: lab".utf8.flatMap { [$0, 0] })
        #expect(
            told(scratch.path) == """
                inventory.yaml:1:1  is not UTF-8
                  why  byte 0 is 0xFF, which no UTF-8 text has there
                  fix  it looks like UTF-16: save it as UTF-8
                """)
    }

    @Test("is told with the place of its first control character", arguments: ["\n", "\r\n", "\r"])
    func hasControlCharacter(lineEnd: String) throws {
        try scratch.write(Array("cluster: lab\(lineEnd)kuber\u{0}netes: 1.36.2\n".utf8))
        #expect(
            told(scratch.path).replacing(scratch.directory + "/", with: "") == """
                inventory.yaml:2:6  has a control character in it
                  fix  is it a text file? `file inventory.yaml` tells
                """)
    }

    @Test("is read no further than 1 MiB")
    func isTooLarge() throws {
        try scratch.write([UInt8](repeating: 0, count: 10 << 20))
        #expect(
            told(scratch.path) == """
                inventory.yaml:1:1  is larger than 1 MiB
                  fix  is it an inventory?
                """)
    }

    @Test("may have 1 MiB, and no byte more")
    func largest() throws {
        let text = twoHosts + "# "
        let rest = [UInt8](repeating: UInt8(ascii: "x"), count: 1_048_576 - text.utf8.count)
        let whole = Array(text.utf8) + rest
        #expect(try scratch.read(whole).hosts.count == 2)
        #expect(
            try scratch.problems(whole + [UInt8(ascii: "x")]) == [
                """
                inventory.yaml:1:1  is larger than 1 MiB
                  fix  is it an inventory?
                """
            ])
    }

    @Test("is read no further when it never ends")
    func neverEnds() {
        #expect(
            told("/dev/zero") == """
                /dev/zero:1:1  is larger than 1 MiB
                  fix  is it an inventory?
                """)
    }

    @Test("is no file for another either, where it is a pipe")
    func named() throws {
        #expect(mkfifo(scratch.directory + "/pipe", 0o600) == 0)
        try scratch.write(Array("x".utf8), to: "file")
        let data = "service:\n  data: { train: ./file, test: ./pipe }\n"
        #expect(
            try scratch.problems(twoHosts + data) == [
                "inventory.yaml:11:32  service.data.test: pipe is a pipe, a socket or a device, not a file"
            ])
    }

    @Test("has the exit code of an invalid inventory")
    func hasExitCode() {
        let error = #expect(throws: Problems.self) { try InventoryReader(home: "/").read("/nowhere") }
        #expect(error?.all.map(\.kind) == [.invalidInventory])
    }

    private func told(_ path: String) -> String {
        do throws(Problems) {
            _ = try InventoryReader(home: "/home/ada").read(path)
            return ""
        } catch {
            return error.all.map { $0.description.replacing(scratch.directory + "/", with: "") }.joined(separator: "\n")
        }
    }
}
