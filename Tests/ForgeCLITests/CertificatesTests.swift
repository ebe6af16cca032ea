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

    @Test("are the reason that a deploy tells where the cluster does not say which models come next")
    func deployWithStore() async throws {
        let (scene, witness) = (try Scene(), Witness())
        var cluster = Cluster.lab
        cluster.service.models = ModelStore(url: "sftp://m@store/srv", keyPath: "/k", knownHostsPath: "/h")
        // Seconds since 1970, twice, and a day: when apiserver.crt ends, and when it was written.
        let looks = [
            (0, "now 1795252323 2026-11-21\nend 1795252322 2026-11-20 1795252000 /etc/kubernetes/pki/apiserver.crt"),
            (1, "Unable to connect to the server: tls: failed to verify"), (1, "Unable to connect"),
            (1, "Unable to connect"), (0, ""),
        ]
        let frames = looks.map { "\($0) \($1.utf8.count)\n\($1)\n" }.joined()
        let run = ActionRunner(
            .deploy(isDryRun: true, within: .seconds(1)), inventory: "lab.yaml", surroundings: scene.surroundings,
            reporter: witness, read: { [cluster] _ in cluster },
            connect: { _ in FakeTransport { _ in Output(frames) } })
        #expect(await run.finish() == 1)
        let told = try #require(witness.problems.first)
        #expect(told.hasPrefix("-: kubmaster: certificates of the cluster have expired"), "\(witness.problems)")
        #expect(told.contains("pki/apiserver.crt expired on 2026-11-20; the machine's clock says 2026-11-21"))
        #expect(told.contains("kubeforge provision --renew-certificates"))
    }

    @Test("are renewed when provision is told to, and only then")
    func provision() {
        #expect(Action.provision(isDryRun: false, renewsCertificates: true).arguments == " --renew-certificates")
        #expect(Action.provision(isDryRun: true).arguments == "")
    }
}
