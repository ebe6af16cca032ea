import ForgeCore
import ForgePlan
import Testing

@testable import ForgeService

@Suite("The processors of a cluster")
struct OneArchitectureTests {
    private let step = OneArchitecture(Example.cluster())

    private func differences(_ nodes: String, built: CommandState = CommandState(text: "amd64")) -> [String] {
        guard case .command(let docker) = step.questions[0], case .command(let kubectl) = step.questions[1] else {
            return ["asks otherwise"]
        }
        return step.differences(given: Example.answers([docker: built, kubectl: CommandState(text: nodes)])).map(\.text)
    }

    @Test("are one, or the nodes with another are named before anything is built")
    func named() {
        #expect(differences("kubmaster amd64 \nkubnode amd64 \n") == [])
        #expect(
            differences("kubmaster amd64 \nkubnode arm64 \nkubpi arm64 \n") == [
                "kubnode is arm64, and kubmaster builds images for amd64",
                "kubpi is arm64, and kubmaster builds images for amd64",
            ])
        let problem = step.finding(
            [Difference("kubnode is arm64, and kubmaster builds images for amd64")], on: Example.master)
        #expect(
            problem.description == """
                kubmaster: not all nodes can run what is built there
                  why  kubnode is arm64, and kubmaster builds images for amd64
                  fix  run the service on nodes with the first control plane's architecture; to keep pods off a node: \
                `kubectl cordon NODE`
                """)
    }

    @Test("do not matter on nodes that take no pods")
    func others() {
        #expect(differences("kubmaster arm64 \nkubnode amd64 \nold arm64 true\n") == [])
    }

    @Test("are no fault while they are not known")
    func unknown() {
        #expect(differences("", built: CommandState(text: "amd64")) == [])
        #expect(differences("kubnode arm64 \n", built: CommandState(exitCode: 1)) == [])
        #expect(differences("kubnode arm64 \n", built: CommandState(exitCode: 1, text: "amd64")) == [])
        // A node that has just joined has not said yet what it is.
        #expect(differences("kubpi  \n") == [])
    }
}
