import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("A Lease that a run holds")
struct LeasesAreFreeTests {
    @Test("is shown and removed by unlock, which leaves those that nobody holds")
    func unlocked() async throws {
        let step = LeasesAreFree(Example.cluster().services)
        let held =
            #"""
            {"metadata":{"name":"kubeforge-inference","namespace":"mlops"},"spec":{\#
            "holderIdentity":"\#(ClusterLeaseTests.holder("b").line)","renewTime":"2026-11-21T09:06:40.000000Z"}}
            """#
        let free = #"{"metadata":{"name":"kubeforge","namespace":"kube-system"},"spec":{"holderIdentity":""}}"#
        let other = held.replacing(#""mlops""#, with: #""shop""#)
        let text = "1795252010\n{\"items\":[\(free),\n\(held),\(other)]}\n"
        #expect(
            step.differences(whenLookEnds: 0, text) == [
                """
                Lease mlops/kubeforge-inference is held by `kubeforge deploy` of anna@laptop, process 123, since \
                2026-11-21T09:12:03Z, renewed 10 s ago
                """
            ])
        #expect(step.differences(whenLookEnds: 0, "1795252010\n") == [])
        #expect(
            step.differences(whenLookEnds: 0, "1795252010\n{\"items\": [{\"metadata\"") == [
                "who holds the cluster is not known: kubectl's list of Leases cannot be read"
            ])
        let silence = step.differences(whenLookEnds: 1, "1795252010\n\nno route to host")
        #expect(silence == ["who holds the cluster is not known: no route to host"])
        let refusal = step.refusal(of: silence.map { Difference($0) }, on: Example.master)
        #expect(refusal?.what == "kubmaster: the cluster's API does not answer")
        #expect(refusal?.why == "no route to host")
        #expect(step.differences(whenLookEnds: 1, "1795252010") == ["who holds the cluster is not known"])
        #expect(step.refusal(of: [Difference("Lease a/b is held by c")], on: Example.master) == nil)
        let host = ScriptedTransport {
            $0.inputText.contains("get leases") ? Output(answering: CommandState(text: text)) : Output("")
        }
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(
            await host.commands.dropFirst().map(\.line).map { String($0.suffix(55)) }
                == [
                    "mlops delete lease --ignore-not-found kubeforge-inference"
                ].map { String($0.suffix(55)) })
    }
}
