import Foundation
import Testing

/// The service in full, which takes longer than `make test` has time for: `make test-service`. Each test stands on the one before.
@Suite(
    "The service on its cluster", .serialized, .enabled(if: TestLab.isWanted, "KUBEFORGE_WITHOUT_LAB is set"),
    .lab("kubeforge-service", "10.76.0"))
struct ServiceTests {
    private let lab: TestLab

    init() throws { lab = try #require(TestLab.current.get()) }

    @Test("is brought there by provision and deploy")
    func deploy() async throws {
        for verb in ["provision", "deploy", "smoke-test"] {
            let run = try await lab.kubeforge(verb, lab.inventory.path)
            #expect(run.exitCode == 0, "\(run.everything)")
        }
    }

    @Test(
        "with one's own data the models say what they say elsewhere",
        .enabled(if: eeg != nil, "../shared/data/eeg is not beside the checkout"))
    func ownData() async throws {
        var own = lab.inventory
        own.service = ["data: \(try #require(eeg))"]
        try own.write()
        let run = try await lab.kubeforge("deploy", lab.inventory.path)
        #expect(run.exitCode == 0, "\(run.everything)")
        let address = lab.inventory.address(of: "kubnode")
        let prediction = try await lab.curl("http://\(address):30080/prediction/23")
        #expect(prediction.output.contains(#""lda":{"number":0,"letter":"A"},"mlp":{"number":0,"letter":"A"}"#), "\(prediction.everything)")
        let score = try await lab.curl("http://\(address):30080/score")
        #expect(score.output.contains(#""lda":0.6915384615384615"#), "\(score.everything)")
        let check = try await lab.kubeforge("smoke-test", lab.inventory.path)
        #expect(check.exitCode == 0, "\(check.everything)")
    }
}

/// Real data with known answers, where it lies beside the checkout.
private let eeg: String? = {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/data/eeg").standardized.path()
    return FileManager.default.fileExists(atPath: path + "/train.csv") ? path : nil
}()
