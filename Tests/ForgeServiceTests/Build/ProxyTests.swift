import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import Testing
import Yams

@testable import ForgeService

@Suite("The proxy, in the build and in pods")
struct ProxyTests {
    private let cluster: Cluster = {
        var cluster = Example.cluster()
        cluster.proxy = Proxy(https: "http://p:3128", exceptions: ["intra"])
        return cluster
    }()

    /// Arguments of these names need no ARG in the Dockerfile, and no builder's cache knows them.
    @Test("is an argument of the build, and no part of the image's name")
    func build() throws {
        let step = ImageIsBuilt(Example.release, arguments: ["A=b"], proxy: cluster.outgoing)
        let words = step.build.words[2].text
        #expect(words.contains("--build-arg A=b --build-arg HTTPS_PROXY=http://p:3128 --build-arg NO_PROXY=localhost,"))
        #expect(words.contains(" --build-arg https_proxy=http://p:3128 --build-arg no_proxy=localhost,"))
        let plain = try BuildContext.make(cluster: Example.cluster(), templates: Templates())
        #expect(try BuildContext.make(cluster: cluster, templates: Templates()).tag == plain.tag)
    }

    @Test("is what a deploy builds through")
    func plan() throws {
        let plan = try ServicePlan.make(
            cluster: cluster, context: Example.context(), templates: Templates(), by: "ann@desk")
        let builds = plan.stages.flatMap(\.work).flatMap(\.steps).compactMap { $0 as? ImageIsBuilt }
        #expect(builds.map(\.proxy) == [cluster.outgoing])
    }

    @Test("reaches the pod that fetches rows from outside, and no other")
    func coordinator() throws {
        func command(_ input: BatchInput) throws -> [String] {
            let run = BatchRun(of: cluster, input: input, shards: 2, release: .example, time: "20261121-151732")
            let manifests = try BatchManifests(run, templates: Templates())
            #expect(try !manifests.shards(askingAt: "http://10.244.1.9:8081").contains("PROXY"))
            let containers = try Yams.load(yaml: manifests.coordinator) as? [String: Any]
            let spec = containers?["spec"] as? [String: Any]
            let first = (spec?["containers"] as? [[String: Any]])?.first
            return try #require(first?["command"] as? [String])
        }
        let fetching = try command(.url("https://data.example/rows.csv"))
        #expect(fetching.prefix(2) == ["env", "HTTPS_PROXY=http://p:3128"])
        #expect(fetching[2].hasPrefix("NO_PROXY=localhost,127.0.0.1,.svc,.cluster.local,10.244.0.0/16,10.96.0.0/12,"))
        #expect(fetching.suffix(4) == ["coordinator.py", "/etc/coordinator/input", "--shards", "2"])
        #expect(try command(.own).first == "python")
    }

    @Test("reaches the runs of a schedule that fetch rows from outside")
    func schedule() throws {
        func text(_ input: BatchInput) throws -> String {
            let schedule = Schedule(name: nil, cron: try CronExpression("0 2 * * 0"), input: input)
            return try schedule.manifest(cluster, release: .example, templates: Templates())
        }
        #expect(
            try text(.url("https://data.example/rows.csv")).contains(
                #"["env", "HTTPS_PROXY=http://p:3128", "NO_PROXY=localhost,"#))
        #expect(try !text(.own).contains("PROXY"))
    }
}
