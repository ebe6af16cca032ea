import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@Suite("A question about a package")
struct PackageQuestionTests {
    @Test("tells what dpkg knows from what it never heard of", arguments: Shell.all)
    func real(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(
            .package("no-such-package"), .package("dpkg"), .package("it's"))
        #expect(answers.package("dpkg").installed?.first?.isNumber == true)
        #expect(answers.package("no-such-package") == PackageState())
        #expect(answers.package("it's") == PackageState())
    }

    @Test(
        "reads dpkg's two letters: what is wanted, and what is",
        arguments: [
            ("ii ", PackageState(installed: "1.2-3")), ("hi ", PackageState(installed: "1.2-3", isHeld: true)),
            ("rc ", PackageState()),
            ("un ", PackageState()), ("iU ", PackageState()), ("iF ", PackageState()),
            ("hc ", PackageState(isHeld: true)),
        ])
    func states(letters: String, expected: PackageState) async throws {
        let transport = ScriptedTransport { _ in Output(frame("kubelet|\(letters)|1.2-3")) }
        #expect(try await transport.look(.package("kubelet")).package("kubelet") == expected)
    }

    @Test("that dpkg cannot answer has an error with what it printed")
    func broken() async throws {
        let transport = ScriptedTransport { _ in Output(frame("oops")) }
        let problem = await #expect(throws: Problem.self) { try await transport.look(.package("kubelet")) }
        #expect(problem?.why == "dpkg-query printed “oops”")
    }
}
