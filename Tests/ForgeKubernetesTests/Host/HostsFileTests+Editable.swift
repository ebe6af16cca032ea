import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

/// Whether all of it can be written back as it was read.
extension HostsFileTests {
    @Test("keeps every byte of others, whatever their coding and the ends of their lines")
    func bytes() async throws {
        let theirs: [UInt8] =
            Array("10.9.9.9 drucker # B".utf8) + [0xfc, 0x72, 0x6f, 0xff, 0x0d, 0x0a] + Array("10.9.9.8 \u{e4}\n".utf8)
        let (machine, transport) = machine(theirs)
        try await step.apply(to: machine)
        #expect(
            await transport.commands.filter { !$0.isLook } == [
                RemoteFile("/etc/hosts", bytes: theirs + Array(Self.block.utf8)).write
            ])
    }

    @Test(
        "that is cut or changed by the look is never written back, and told before anything is changed",
        arguments: [1 << 20, 5])
    func cut(count: Int) async throws {
        let read = [UInt8](repeating: 0x23, count: count)
        let state = FileState(size: count + 1, sha256: SHA256.hex("something else"))
        let answers: [Question: Answer] = [.contents("/etc/hosts"): .contents(read), .file("/etc/hosts"): .file(state)]
        let said =
            count == 5
            ? "/etc/hosts has NUL bytes, or changes while it is read"
            : "/etc/hosts has 1048577 bytes, and kubeforge reads 1 MiB"
        #expect(EditableFiles.requirement.texts(answers) == [said])
        #expect(step.texts(answers).first == said)
        // The digest is of the whole file, the contents are not.
        let look =
            frame(" 0") + frame(" 0") + frame("regular file|644|root:root|\(count + 1)|1")
            + frame("\(SHA256.hex("else"))  /etc/hosts")
            + frame(String(decoding: read, as: UTF8.self)) + frame("", code: 1) + frame("", code: 1) + frame(Self.names)
        let (machine, transport) = Example.machine(answering: look)
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine) }
        #expect(problem?.why == said)
        #expect(await transport.changes == [])
    }

    @Test("of 1 MiB is read to its end, and not called too long where it changes meanwhile")
    func exactlyTheLimit() {
        let read = [UInt8](repeating: 0x23, count: 1 << 20)
        let state = FileState(size: 1 << 20, sha256: SHA256.hex("something else"))
        let answers: [Question: Answer] = [.contents("/etc/hosts"): .contents(read), .file("/etc/hosts"): .file(state)]
        let said = "/etc/hosts has NUL bytes, or changes while it is read"
        #expect(EditableFiles.requirement.texts(answers) == [said])
    }

    @Test("that is a link, or not there, is no reason to guess")
    func links() {
        let link: [Question: Answer] = [
            .contents("/etc/hosts"): .contents([0x61]), .file("/etc/hosts"): .file(FileState(kind: .symlink)),
        ]
        #expect(
            EditableFiles.requirement.texts(link) == ["/etc/hosts is a symbolic link: it would be replaced by a file"])
        let none: [Question: Answer] = [.contents("/etc/hosts"): .contents(nil), .file("/etc/hosts"): .file(nil)]
        #expect(EditableFiles.requirement.texts(none) == [])
    }
}
