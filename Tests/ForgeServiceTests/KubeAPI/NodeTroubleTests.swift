import ForgeCore
import ForgePlan
import Testing

@testable import ForgeService

@Suite("A node that takes no pods")
struct NodeTroubleTests {
    private let pressure =
        #"""
        {"type":"DiskPressure","status":"True","reason":"KubeletHasDiskPressure","message":"kubelet has disk pressure"}
        """#

    private func node(_ name: String = "kubnode", conditions: String = "", spec: String = "") -> String {
        #"""
        {"kind":"Node","metadata":{"name":"\#(name)"},"spec":{\#(spec)},"status":{"conditions":[{\#
        "type":"MemoryPressure","status":"False"}\#(conditions.isEmpty ? "" : "," + conditions)]}}
        """#
    }

    private func troubles(_ node: String) -> [NodeTrouble] {
        ClusterObject.list("{\"items\":[\(node)]}").flatMap(NodeTrouble.all)
    }

    @Test("says so by its conditions, by being cordoned, and by the taints that somebody gave it")
    func all() {
        #expect(troubles(node()) == [])
        #expect(troubles(node(conditions: pressure)) == [.pressure("DiskPressure", "kubelet has disk pressure")])
        #expect(
            troubles(
                node(
                    conditions: #"{"type":"Ready","status":"Unknown","message":"Kubelet stopped posting node status."}"#
                ))
                == [.notReady("Kubelet stopped posting node status.")])
        #expect(
            troubles(
                node(
                    spec:
                        #"""
                        "unschedulable":true,"taints":[{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"}]
                        """#
                )) == [
                    .cordoned
                ])
        #expect(
            troubles(
                node(
                    spec:
                        #"""
                        "taints":[{"key":"gpu","value":"yes","effect":"NoSchedule"},{"key":"slow",\#
                        "effect":"PreferNoSchedule"},{"key":"node-role.kubernetes.io/master","effect":"NoSchedule"},{\#
                        "key":"node.kubernetes.io/disk-pressure","effect":"NoSchedule"}]
                        """#
                )) == [.taint("gpu=yes:NoSchedule")])
    }

    @Test("is what a rollout is explained by, when the scheduler does not name it")
    func explains() {
        let pod =
            #"""
            {"kind":"Pod","metadata":{"name":"inference-1","ownerReferences":[{"name":"set"}]},"status":{\#
            "phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","message":"0/2 nodes are \#
            available: 1 node(s) had untolerated taint(s)."}]}}
            """#
        #expect(
            problem(pod).description == """
                kubmaster: inference:0123456789abcdef did not become ready
                  why  0 of 2 pods are available
                       inference-1: no node takes the pod: 0/2 nodes are available: 1 node(s) had untolerated taint(s).
                       node kubnode has DiskPressure: kubelet has disk pressure
                  fix  make room on kubnode, `df -h /var/lib` and `sudo du -xh --max-depth=3 /var | sort -h | tail` \
                show where: the kubelet wants 10 % of its disk free, and 15 % where images lie; five minutes later the \
                node takes pods again, and `kubeforge deploy` can continue
                """)
    }

    @Test("explains pods that it ended, too; a program that crashes is its own cause")
    func evicted() {
        let evicted =
            #"""
            {"kind":"Pod","metadata":{"name":"inference-1","ownerReferences":[{"name":"set"}]},"spec":{\#
            "nodeName":"kubnode"},"status":{"phase":"Failed","reason":"Evicted","message":"The node was low on \#
            resource: ephemeral-storage."}}
            """#
        #expect(
            problem(evicted).why?.contains(
                """
                inference-1 on kubnode: its node ended it: Evicted: The node was low on resource: \
                ephemeral-storage.\nnode kubnode has DiskPressure
                """
            )
                == true)
        #expect(problem(evicted).fix?.hasPrefix("make room on kubnode") == true)
        let crashed =
            #"""
            {"kind":"Pod","metadata":{"name":"inference-1","ownerReferences":[{"name":"set"}]},"status":{\#
            "containerStatuses":[{"name":"api","ready":false,"restartCount":2,"state":{"waiting":{\#
            "reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1}}}]}}
            """#
        #expect(problem(crashed).fix?.hasPrefix("the last lines of its log are above") == true)
    }

    private func problem(_ pod: String) -> Problem {
        let deployment =
            #"""
            {"kind":"Deployment","metadata":{"name":"inference","annotations":{\#
            "deployment.kubernetes.io/revision":"2"}}}
            """#
        let state = RolloutState(ClusterObject.list("{\"items\":[\(deployment),\(Told.set("set")),\(pod)]}"))
        let nodes = ClusterObject.list("{\"items\":[\(node("kubmaster")),\(node(conditions: pressure))]}")
        return RolloutDiagnosis(state: state, events: [], logs: [:], nodes: nodes).problem(
            host: "kubmaster", release: Example.release, namespace: "mlops", ending: "did not become ready",
            remaining: ["0 of 2 pods are available"])
    }
}
