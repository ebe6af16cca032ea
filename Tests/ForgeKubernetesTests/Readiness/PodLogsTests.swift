import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("The logs of pods that crash")
struct PodLogsTests {
    @Test("are told by their last lines, of eight pods at most")
    func ends() async throws {
        let logs = (1...8).map { frame("starting\npanic: \($0)\n") }.joined()
        let (machine, _) = Example.machine(Example.master, answering: logs)
        let pods = PodLogs((1...9).map { "pod-\($0)" }, in: ["kube-system"])
        let said = try await pods.ends(on: machine)
        let lines = (1...8).map { "the log of pod-\($0) ends with: panic: \($0)" }
        #expect(said == lines.joined(separator: "\n"))
    }
}
