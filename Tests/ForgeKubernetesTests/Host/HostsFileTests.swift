import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("/etc/hosts")
struct HostsFileTests {
    private let step = HostsFile([Example.master, Example.node])
    private static let block = "# BEGIN kubeforge\n10.77.0.11 kubmaster\n10.77.0.12 kubnode\n# END kubeforge\n"

    @Test(
        "keeps the lines of others, and has our block once, at its end",
        arguments: [
            ("", ""), ("127.0.0.1 localhost\n", "127.0.0.1 localhost\n"), ("127.0.0.1 localhost\n\n\n", "127.0.0.1 localhost\n"),
            ("127.0.0.1 localhost", "127.0.0.1 localhost\n"), ("# mine\n10.9.9.9 printer\n" + block, "# mine\n10.9.9.9 printer\n"),
            ("# BEGIN kubeforge\n10.77.0.99 kubmaster\n# END kubeforge\n10.9.9.9 printer\n", "10.9.9.9 printer\n"),
        ])
    func wanted(now: String, others: String) {
        #expect(step.wanted(now) == others + Self.block)
        #expect(step.wanted(step.wanted(now)) == step.wanted(now))
    }

    @Test(
        "loses the line that gives a machine's name a loopback address, as Debian's installer writes it",
        arguments: [
            ("127.0.1.1\tkubmaster\n", ""), ("127.0.1.1 kubmaster.example.com kubmaster\n", ""), ("127.0.1.1 other\n", "127.0.1.1 other\n"),
            ("127.0.0.1 localhost kubmaster\n", "127.0.0.1 localhost kubmaster\n"),
            ("127.0.1.1 other # kubmaster\n", "127.0.1.1 other # kubmaster\n"),
            ("127.0.1.1 kubmaster2\n", "127.0.1.1 kubmaster2\n"),
        ])
    func loopback(now: String, others: String) {
        #expect(step.wanted(now) == others + Self.block)
    }

    @Test("names the machines that are missing")
    func differences() {
        func texts(_ text: String?) -> [String] { step.texts([.contents("/etc/hosts"): .contents(text.map { Array($0.utf8) })]) }
        #expect(texts(Self.block) == [])
        #expect(texts(nil) == ["missing: kubmaster, kubnode"])
        #expect(texts("10.77.0.11 kubmaster\n") == ["missing: kubnode"])
        #expect(texts(Self.block + "127.0.1.1 kubnode\n") == ["its block is not as it shall be"])
    }

    @Test("is written from what is there at that moment")
    func apply() async throws {
        let (machine, transport) = Example.machine(answering: frame("127.0.0.1 localhost\n"))
        try await step.apply(to: machine)
        #expect(await transport.commands.last?.inputText == "127.0.0.1 localhost\n" + Self.block)
    }
}
