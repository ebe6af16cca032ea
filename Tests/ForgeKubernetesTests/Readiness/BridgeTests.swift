import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("A node's bridge")
struct BridgeTests {
    private let step = Bridge.steps(for: Example.node, Example.cni())[0]

    private func texts(given subnet: String?, has address: String?) async throws -> [String] {
        try await TemporaryDirectory.during { directory in
            if let subnet {
                try FileManager.default.createDirectory(
                    atPath: directory.path("run/flannel"), withIntermediateDirectories: true)
                try directory.write(
                    "run/flannel/subnet.env",
                    "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=\(subnet)\nFLANNEL_MTU=1450\n")
            }
            let line = address.map { "echo '5: cni0    inet \($0) brd 10.244.1.255 scope global cni0'" } ?? "exit 1"
            try directory.write("ip", "#!/bin/sh\n\(line)\n", mode: 0o755)
            return step.texts(
                command: try await LocalProgram.run(
                    "env",
                    ["PATH=\(directory.path):/usr/bin:/bin", "sh", "-c", CNI.flannelBridge(below: directory.path)]))
        }
    }

    @Test("has what flannel gave the node, or is not there yet; else it is told")
    func differences() async throws {
        #expect(try await texts(given: "10.244.1.1/24", has: "10.244.1.1/24") == [])
        #expect(try await texts(given: "10.244.1.1/24", has: nil) == [])
        #expect(try await texts(given: nil, has: "10.244.1.1/24") == [])
        #expect(
            try await texts(given: "10.244.1.1/24", has: "10.22.0.1/16") == [
                "cni0 has 10.22.0.1/16, and its node was given 10.244.1.1/24"
            ])
        #expect(
            step.refusal(of: ["x"], on: Example.node)?.fix?.contains("`sudo ip link delete cni0` on kubnode") == true)
    }
}
