import ForgeCore
import ForgeInventory
import ForgeTestSupport
import Foundation
import Testing

@Suite("Fuzz: an inventory")
struct FuzzTests {
    @Test("of somebody else, cut and changed")
    func inventory() async throws {
        try await TemporaryFolder.during { folder in
            let example = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../inventory")
                .standardized
            let samples = try ["example.yaml", "lab.yaml"].map {
                try String(contentsOf: example.appending(path: $0), encoding: .utf8)
            }
            let reader = InventoryReader(home: "/home/me")
            let path = folder.path("inventory.yaml")
            try Fuzz("inventory", samples: samples).run { input in
                try Data(input.bytes).write(to: URL(filePath: path))
                _ = try? reader.adding(ServiceKeys(model: "churn", target: "a"), to: path)
                return try !reader.read(path).hosts.isEmpty
            }
        }
    }
}
