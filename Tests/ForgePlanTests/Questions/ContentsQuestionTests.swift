import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@Suite("A question about contents")
struct ContentsQuestionTests {
    @Test(
        "gives every byte of a text file", arguments: Shell.all,
        ["", "\n", "one", "one\n", "one\n\n\n", "\n\nx", "ä €\r\n", "3 4\n", "x"])
    func text(shell: String, text: String) async throws {
        try await TemporaryFolder.during { folder in
            let path = try folder.write("file", text)
            #expect(try await LocalTransport(shell: shell).look(.contents(path)).text(path) == text)
        }
    }

    @Test("gives bytes that are no UTF-8", arguments: Shell.all)
    func latin1(shell: String) async throws {
        try await TemporaryFolder.during { folder in
            let path = folder.path("latin1")
            try Data([0x68, 0xe4, 0xff, 0x0a]).write(to: URL(filePath: path))
            #expect(
                try await LocalTransport(shell: shell).look(.contents(path)).contents(path) == [0x68, 0xe4, 0xff, 0x0a])
        }
    }

    /// No shell can hold a NUL; what matters is that the answers after it are not disturbed.
    @Test("loses a NUL, and nothing else", arguments: Shell.all)
    func nul(shell: String) async throws {
        try await TemporaryFolder.during { folder in
            let path = folder.path("nul")
            try Data([0x61, 0, 0x62]).write(to: URL(filePath: path))
            let answers = try await LocalTransport(shell: shell).look(
                .contents(path), .contents("/proc/sys/kernel/ostype"))
            #expect(answers.text(path) == "ab")
            #expect(answers.text("/proc/sys/kernel/ostype") == "Linux\n")
        }
    }

    @Test("ends at 1 MiB")
    func bounded() async throws {
        try await TemporaryFolder.during { folder in
            let path = try folder.write("large", String(repeating: "0123456789abcde\n", count: 70_000))
            #expect(try await LocalTransport().look(.contents(path)).contents(path)?.count == 1 << 20)
        }
    }

    @Test("of a folder or of nothing has no answer", arguments: ["/", "/nowhere"])
    func nothing(path: String) async throws {
        #expect(try await LocalTransport().look(.contents(path)).contents(path) == nil)
    }
}
