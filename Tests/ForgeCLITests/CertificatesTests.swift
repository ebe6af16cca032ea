import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeCLI

@Suite("Certificates of the cluster, for who types")
struct CertificatesTests {
    @Test("are looked at first when a service is deployed")
    func deploy() async throws {
        let (scene, witness) = (try Scene(), Witness())
        // A dry run only asks, and this computer may be asked.
        let run = ActionRunner(
            .deploy(isDryRun: true, within: .seconds(1)), inventory: "lab.yaml", surroundings: scene.surroundings,
            reporter: witness,
            read: { _ in .lab }, connect: { _ in LocalTransport() })
        _ = await run.finish()
        let master = witness.steps.filter { $0.host == "kubmaster" }.map(\.title)
        #expect(master.first == "no certificate of the cluster has expired on it", "\(master) \(witness.problems)")
    }

    @Test("are renewed when provision is told to, and only then")
    func provision() {
        #expect(Action.provision(isDryRun: false, renewsCertificates: true).arguments == " --renew-certificates")
        #expect(Action.provision(isDryRun: true).arguments == "")
    }
}
