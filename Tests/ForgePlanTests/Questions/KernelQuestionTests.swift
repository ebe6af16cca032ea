import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@Suite("A question about the kernel")
struct KernelQuestionTests {
    /// dash's `read` gets only the first digit of such a file.
    @Test("gives all digits of a setting, and nothing for one that is not there", arguments: Shell.all)
    func settings(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(
            .sysctl("kernel.pid_max"), .sysctl("kernel.no_such_key"), .sysctl("kernel.ostype"), .sysctl("kernel.it's"))
        let expected = try String(contentsOfFile: "/proc/sys/kernel/pid_max", encoding: .utf8).trimming(
            while: \.isNewline)
        #expect(expected.count > 1)
        #expect(answers.sysctl("kernel.pid_max") == expected)
        #expect(answers.sysctl("kernel.ostype") == "Linux")
        #expect(answers.sysctl("kernel.no_such_key") == nil)
        #expect(answers.sysctl("kernel.it's") == nil)
    }

    @Test("tells modules that are there", arguments: Shell.all)
    func modules(shell: String) async throws {
        let there = try #require(try FileManager.default.contentsOfDirectory(atPath: "/sys/module").first)
        let answers = try await LocalTransport(shell: shell).look(
            .module("no_such_module"), .module(there), .module("$(id)"))
        #expect(answers.hasModule(there))
        #expect(!answers.hasModule("no_such_module"))
        #expect(!answers.hasModule("$(id)"))
    }

    @Test("names the swap areas in use, without the line of titles", arguments: Shell.all)
    func swaps(shell: String) async throws {
        let lines = try String(contentsOfFile: "/proc/swaps", encoding: .utf8).split(separator: "\n").dropFirst()
        let expected = lines.map { String($0.prefix { $0 != " " && $0 != "\t" }) }
        #expect(try await LocalTransport(shell: shell).look(.swaps).swaps == expected)
    }

    @Test("reads the areas one a line")
    func swapLines() async throws {
        let transport = ScriptedTransport { _ in Output(frame("/swap.img\n/dev/zram0\n")) }
        #expect(try await transport.look(.swaps).swaps == ["/swap.img", "/dev/zram0"])
    }
}
