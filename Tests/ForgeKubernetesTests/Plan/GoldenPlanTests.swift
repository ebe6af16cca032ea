import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("The plan of a cluster")
struct GoldenPlanTests {
    static let clusters: [String: Cluster] = {
        var all = Dictionary(
            uniqueKeysWithValues: ["1.20.2", "1.23.17", "1.24.17", "1.30.14", "1.31.14", "1.36.2", "1.37.0"].map {
                ("containerd-\($0)", Example.cluster($0))
            })
        all["docker-1.20.2"] = Example.cluster("1.20.2") { $0.runtime = .docker }
        all["docker-1.36.2"] = Example.cluster("1.36.2") { $0.runtime = .docker }
        all["distribution-1.36.2"] = Example.cluster("1.36.2") { $0.docker = .distribution }
        all["mirrors-1.20.2"] = Example.cluster("1.20.2") { cluster in
            let key = Mirrors.Key.url("http://10.77.0.1/key", fingerprint: String(repeating: "AB", count: 20))
            cluster.mirrors = Mirrors(
                docker: .init(url: "http://10.77.0.1/docker", key: key),
                kubernetes: .init(url: "http://10.77.0.1/core:/stable:", key: key),
                registries: ["docker.io": "http://10.77.0.1:5000", "registry.k8s.io": "http://10.77.0.1:5000"])
        }
        all["docker-mirrors-1.20.2"] = Example.cluster("1.20.2") { cluster in
            cluster.runtime = .docker
            cluster.mirrors.registries = [
                "registry.k8s.io": "http://10.77.0.1:5000", "ghcr.io": "http://10.77.0.1:5000",
            ]
        }
        for cni in Cluster.CNI.allCases where cni != Example.cluster().cni {
            all["\(cni)-1.36.2"] = Example.cluster("1.36.2") { $0.cni = cni }
        }
        all["metrics-1.36.2"] = Example.cluster("1.36.2") { $0.metricsServer = true }
        all["schedulable-1.36.2"] = Example.cluster("1.36.2") { $0.hosts[0].isSchedulable = true }
        return all
    }()

    @Test("is the one that is written down", arguments: clusters.keys.sorted())
    func titles(name: String) throws {
        let plan = Self.text(try Example.plan(Self.clusters[name]!))
        #expect(plan == Golden.text("plan-\(name).txt", insteadOf: plan))
    }

    @Test("asks for nothing that the same machine is asked for twice, and for everything in one look")
    func questions() throws {
        let plan = try Example.plan(Example.cluster())
        let questions = plan.questions(for: "kubmaster")
        #expect(questions.count == Set(questions).count)
        let commands = questions.count { if case .command = $0 { true } else { false } }
        #expect(commands <= 26, "each costs a process or more")
        #expect(plan.essential == ["kubmaster"])
    }

    @Test("goes on after a failure only where it tells what a machine lacks, before anything is changed")
    func failures() throws {
        let plan = try Example.plan(Example.cluster())
        #expect(plan.stages.filter(\.goesOnAfterFailure).map(\.name) == ["hosts meet the requirements"])
    }

    @Test("lets many programs watch files, but for those of a container, whose kernel is its host's")
    func watches() throws {
        let facts = ["kubmaster": Example.facts("1"), "kubnode": Example.facts("2") { $0.isContainer = true }]
        let plan = try Example.plan(Example.cluster(), facts: facts)
        func values(_ host: String) -> [[String: Int]] {
            plan.stages.flatMap { $0.steps(for: host) }.compactMap { ($0 as? SysctlMinimums)?.values }
        }
        #expect(
            values("kubmaster") == [
                ["fs.inotify.max_user_instances": 8192, "fs.inotify.max_user_watches": 1_048_576]
            ])
        #expect(values("kubnode") == [])
    }

    @Test("leaves a machine out that could not be surveyed")
    func unsurveyed() throws {
        let plan = try Example.plan(Example.cluster(), facts: ["kubmaster": Example.facts()])
        #expect(plan.questions(for: "kubnode") == [])
        #expect(plan.stages.flatMap(\.work).allSatisfy { $0.host.name == "kubmaster" })
    }

    /// What a person sees of a plan.
    private static func text(_ plan: Plan) -> String {
        plan.stages.map { stage in
            ([stage.name]
                + stage.work.flatMap { work in ["  \(work.host.name)"] + work.steps.map { "    \($0.title)" } }).joined(
                    separator: "\n")
        }.joined(separator: "\n\n") + "\n"
    }
}
