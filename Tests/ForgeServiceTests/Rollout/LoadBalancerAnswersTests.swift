import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("A load balancer")
struct LoadBalancerAnswersTests {
    private let step = LoadBalancerAnswers(
        "inference", namespace: "mlops", node: "10.77.0.11", within: .zero, every: .zero)

    @Test("has given an address, or is named as missing")
    func isNamed() {
        #expect(step.title == "load balancer gives inference an address")
        #expect(
            step.differences(
                whenLookEnds: 0,
                #"""
                {"kind":"Service","metadata":{"name":"inference"},"status":{"loadBalancer":{"ingress":[{\#
                "ip":"192.0.2.7"}]}}}
                """#
            )
                == [])
        #expect(
            step.differences(
                whenLookEnds: 0, #"{"kind":"Service","metadata":{"name":"inference"},"status":{"loadBalancer":{}}}"#)
                == ["Service inference has no address (pending)"])
    }

    @Test("is waited for")
    func isWaitedFor() async throws {
        let looks = Counter()
        let host = ScriptedTransport { _ in
            let ingress = looks.next() < 3 ? "" : #"{"hostname":"lb.example"}"#
            return Output(
                answering: CommandState(
                    text: #"""
                        {"kind":"Service","metadata":{"name":"inference"},\#
                        "status":{"loadBalancer":{"ingress":[\#(ingress)]}}}
                        """#))
        }
        let step = LoadBalancerAnswers(
            "inference", namespace: "mlops", node: "10.77.0.11", within: .seconds(100), every: .zero)
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(await host.commands.count == 3)
    }

    @Test("that never comes is explained")
    func isExplained() async throws {
        let pending =
            #"""
            {"kind":"Service","metadata":{"name":"inference"},"spec":{"ports":[{"port":80,"nodePort":31000},{\#
            "port":9090,"nodePort":31999}]},"status":{"loadBalancer":{}}}
            """#
        let host = ScriptedTransport { _ in Output(answering: CommandState(text: pending)) }
        let error = await #expect(throws: Problem.self) {
            try await step.apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(
            error?.description == """
                kubmaster: Service inference waits for a load balancer's address
                  why  nothing in this cluster hands out addresses: clouds do, bare machines do not
                       it answers at http://10.77.0.11:31000 meanwhile
                  fix  write `expose: NodePort` under service: in the inventory, or install a load balancer such as \
                MetalLB; then deploy again
                """)
        #expect(error?.kind == .incomplete)
    }
}
