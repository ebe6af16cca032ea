import ForgeCore
import ForgeInventory
import Foundation

/// A directory that is gone after the test, with inventories to read in it.
final class Scratch {
    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "kubeforge-inventory-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var path: String { directory + "/inventory.yaml" }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String = "inventory.yaml") throws -> String {
        let url = URL(filePath: directory + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return url.path(percentEncoded: false)
    }

    func read(_ text: String) throws -> Cluster { try read(Array(text.utf8)) }

    func read(_ bytes: [UInt8]) throws -> Cluster {
        try InventoryReader(home: "/home/ada").read(write(bytes))
    }

    /// The problems of an inventory as a person sees them, with the directory's name left out; empty when it has none.
    func problems(_ text: String) throws -> [String] { try problems(Array(text.utf8)) }

    func problems(_ bytes: [UInt8]) throws -> [String] {
        do {
            _ = try read(bytes)
            return []
        } catch let problems as Problems {
            return problems.all.map { $0.description.replacing(directory + "/", with: "") }
        }
    }
}

/// Nine lines that are right.
let twoHosts = """
    cluster: lab
    kubernetes: 1.36.2
    hosts:
      - name: first
        address: 192.168.56.11
        role: control-plane
      - name: second
        address: 192.168.56.12
        role: worker

    """
