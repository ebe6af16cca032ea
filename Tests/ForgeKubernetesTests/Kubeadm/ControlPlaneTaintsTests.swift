import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("The taints of a control plane")
struct ControlPlaneTaintsTests {
    private let master = "node-role.kubernetes.io/master"
    private let controlPlane = "node-role.kubernetes.io/control-plane"

    private func step(schedulable: Bool) -> ControlPlaneTaints {
        ControlPlaneTaints(host: Example.cluster("1.36.2") { $0.hosts[0].isSchedulable = schedulable }.hosts[0])
    }

    @Test("are none of kubeadm's where it is schedulable")
    func schedulable() {
        let step = step(schedulable: true)
        #expect(step.title == "kubmaster is schedulable")
        #expect(step.texts(command: ";") == [])
        #expect(step.texts(command: "node.kubernetes.io/unreachable;\(controlPlane)") == [])
        #expect(
            step.texts(command: "\(master) \(controlPlane);")
                == ["it has the taint \(master)", "it has the taint \(controlPlane)"])
        #expect(step.texts(command: "", exitCode: 1) == ["its taints are not known yet"])
    }

    @Test("stay as they are where it is not, unless kubeforge took them away")
    func notSchedulable() {
        let step = step(schedulable: false)
        #expect(step.title == "kubmaster is not made schedulable")
        #expect(step.texts(command: "\(controlPlane);") == [])
        // Somebody's own doing.
        #expect(step.texts(command: ";") == [])
        #expect(step.texts(command: "") == [])
        #expect(step.texts(command: ";example.com/own") == [])
        #expect(
            step.texts(command: "node.kubernetes.io/unreachable;\(master),\(controlPlane)")
                == [master, controlPlane].map { "it lacks the taint \($0), which kubeforge took away" })
        #expect(
            step.texts(command: "\(controlPlane);\(controlPlane)")
                == ["its annotation kubeforge.io/removed-taints is out of date"])
        #expect(step.texts(command: "", exitCode: 1) == ["its taints are not known yet"])
    }

    @Test("are not asked for where there is no cluster yet")
    func noCluster() async throws {
        try await PlayedMachine.during { played in
            try played.says("node", "Unable to connect to the server", code: 1)
            let (keeping, taking) = (step(schedulable: false), step(schedulable: true))
            let machine = played.machine(Example.master)
            #expect(keeping.differences(given: try await machine.ask(keeping.questions)) == [])
            #expect(taking.differences(given: try await machine.ask(taking.questions)).map(\.text).count == 1)
            try played.write("etc/kubernetes/admin.conf")
            #expect(
                keeping.differences(given: try await machine.ask(keeping.questions)).map(\.text)
                    == ["its taints are not known yet"])
        }
    }

    /// What changes the node, in order.
    private func changes(schedulable: Bool, says: String) async throws -> [String] {
        var changes: [String] = []
        try await PlayedMachine.during { played in
            try played.write("etc/kubernetes/admin.conf")
            try played.says("node", says)
            try await step(schedulable: schedulable).apply(to: played.machine(Example.master))
            changes = try played.calls("kubectl").filter { !$0.contains(" get ") }.map {
                $0.replacing("kubectl --kubeconfig /etc/kubernetes/admin.conf ", with: "")
            }
        }
        return changes
    }

    @Test("are noted before they are taken away, and given back before the note is removed")
    func order() async throws {
        #expect(
            try await changes(schedulable: true, says: "\(master) example.com/own \(controlPlane);") == [
                "annotate --overwrite node kubmaster kubeforge.io/removed-taints=\(master),\(controlPlane)",
                "taint --overwrite node kubmaster \(master)- \(controlPlane)-",
            ])
        #expect(
            try await changes(schedulable: false, says: "\(master);\(master),\(controlPlane)") == [
                "taint --overwrite node kubmaster \(controlPlane):NoSchedule",
                "annotate --overwrite node kubmaster kubeforge.io/removed-taints-",
            ])
        #expect(
            try await changes(schedulable: false, says: "\(controlPlane);\(controlPlane)") == [
                "annotate --overwrite node kubmaster kubeforge.io/removed-taints-"
            ])
    }
}
