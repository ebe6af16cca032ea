import ForgeCore
import ForgeInventory
import Foundation
import Testing

@testable import ForgeCLI

@Suite("An inventory that was found, not named")
struct FoundInventoryTests {
    private func check(_ reason: InventoryChoice.Reason, _ scene: Scene, _ change: (inout Service) -> Void) throws {
        var service = Service()
        change(&service)
        let access = Host.Access(user: "me", keyPath: scene.folder + "/home/.ssh/id", knownHostsPath: "/k")
        let host = Host(
            name: "m", address: IPv4Address("10.0.0.1")!, role: .controlPlane, isSchedulable: true, access: access)
        let cluster = Cluster(
            name: "lab", path: "./inventory.yaml", kubernetes: Version(1, 36, 2), hosts: [host], service: service)
        try InventoryChoice(path: "./inventory.yaml", reason: reason).check(cluster, scene.surroundings)
    }

    @Test("sends no file from outside its folder anywhere, until it is named")
    func outside() throws {
        let scene = try Scene()
        let (desk, home) = (scene.folder + "/desk", scene.folder + "/home")
        let sent: [(inout Service) -> Void] = [
            {
                $0.models = ModelStore(
                    url: "sftp://a@b/c", keyPath: home + "/.ssh/id_ed25519", knownHostsPath: desk + "/k")
            },
            {
                $0.models = ModelStore(
                    url: "sftp://a@b/c", keyPath: desk + "/key", readKeyPath: home + "/.ssh/id_ed25519",
                    knownHostsPath: desk + "/k")
            },
            { $0.registryLogin = .init(user: "a", passwordPath: home + "/password") },
            { $0.trainingData = .init(train: desk + "/train.csv", test: desk + "/../home/test.csv") },
            { $0.trainingData = .init(train: desk + "-other/train.csv", test: desk + "/test.csv") },
        ]
        for change in sent {
            let problem = #expect(throws: Problem.self) { try check(.folder, scene, change) }
            #expect(
                problem?.what
                    == "./inventory.yaml was found, not named, and sends files from outside its folder to its machines")
            #expect(problem?.kind == .usage)
            for reason in [InventoryChoice.Reason.argument, .environment, .remembered] {
                #expect(throws: Never.self) { try check(reason, scene, change) }
            }
        }
        #expect(throws: Never.self) {
            try check(.folder, scene) {
                $0.trainingData = .init(train: desk + "/data/train.csv", test: desk + "/data/test.csv")
            }
        }
    }

    @Test("is not led outside by a link in its folder")
    func link() throws {
        let scene = try Scene()
        try scene.write("key", to: "home/.ssh/id")
        try FileManager.default.createSymbolicLink(
            atPath: scene.folder + "/desk/key", withDestinationPath: "../home/.ssh/id")
        #expect(throws: Problem.self) {
            try check(.folder, scene) {
                $0.models = ModelStore(url: "sftp://a@b/c", keyPath: scene.folder + "/desk/key", knownHostsPath: "/k")
            }
        }
    }
}
