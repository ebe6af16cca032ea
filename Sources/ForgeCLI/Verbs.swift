import ForgeCore
import ForgeInventory
import ForgeKubernetes
import ForgePlan

/// The verbs of kubeforge, each with the plan that it stands for.
extension Verb {
    static func provision(isDryRun: Bool) -> Verb {
        Verb("provision", isDryRun: isDryRun, remembersInventory: true) { session in
            let (cluster, surveyed) = (session.cluster, await session.ask(Survey.questions))
            let met = cluster.hosts.filter { surveyed[$0.name] != nil }
            let facts = Dictionary(uniqueKeysWithValues: met.map { ($0.name, Survey.facts(of: $0, surveyed[$0.name]!)) })
            guard facts[cluster.firstControlPlane.name] != nil else { throw Problem(withoutControlPlane: cluster) }
            let plan = ClusterPlan(
                cluster: cluster, facts: facts, templates: session.templates, operatorKubeconfig: session.operatorKubeconfig)
            return try plan.make()
        } next: { session in
            ["kubectl --context \(session.cluster.name) get nodes", "kubeforge deploy\(session.inventoryArgument)"]
        }
    }

    static func deploy(isDryRun: Bool) -> Verb {
        Verb("deploy", isDryRun: isDryRun) { _ in
            throw Problem(what: "deploy cannot plan yet")
        } next: { session in
            ["kubeforge smoke-test\(session.inventoryArgument)"]
        }
    }

    static var smokeTest: Verb {
        Verb("smoke-test", isExclusive: false) { _ in throw Problem(what: "smoke-test cannot plan yet") }
    }
}

extension Problem {
    /// Workers alone are not changed: they would wait for something to join.
    fileprivate init(withoutControlPlane cluster: Cluster) {
        let name = cluster.firstControlPlane.name
        self.init(
            what: "\(cluster.name): nothing was changed, because its control plane \(name) did not answer",
            fix: "see above why, then run again")
    }
}
