import ForgeCore
import ForgeInventory
import ForgeLab
import Foundation

@testable import ForgeLab

/// The machines that the tests of the lab speak of.
enum SampleLab {
    static let operatorFiles = OperatorFiles(root: "/nowhere", owner: Operator(user: 0, group: 0, home: "/root"))

    static func cluster(_ name: String = "lab", _ addresses: [String] = ["10.77.0.11", "10.77.0.12"]) -> Cluster {
        let names = ["kubmaster", "kubnode", "kubspare"]
        let hosts = zip(names, addresses).enumerated().map { index, pair in
            ForgeCore.Host(
                name: pair.0, address: IPv4Address(pair.1)!, role: index == 0 ? .controlPlane : .worker,
                isSchedulable: index > 0,
                access: ForgeCore.Host.Access(user: "ubuntu", keyPath: nil, knownHostsPath: "/dev/null"))
        }
        return Cluster(name: name, path: "inventory/lab.yaml", kubernetes: Version(1, 20, 2), hosts: hosts)
    }
}
