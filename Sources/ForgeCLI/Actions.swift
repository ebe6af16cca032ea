import ForgeCore
import ForgeInventory
import ForgeKubernetes
import ForgeLab
import ForgePlan
import ForgeService
import Foundation

/// The verbs of kubeforge, each with the plan that it stands for.
extension Action {
    static func provision(isDryRun: Bool, renewsCertificates: Bool = false) -> Action {
        var action = Action("provision", isDryRun: isDryRun, remembersInventory: true) { session in
            let began = Int(Date().timeIntervalSince1970, in: .times)
            let (cluster, surveyed) = (session.cluster, await session.ask(Survey.questions))
            let asked = began...max(began, Int(Date().timeIntervalSince1970, in: .times))
            let met = cluster.hosts.filter { surveyed[$0.name] != nil }
            let facts = Dictionary(
                met.compactMap { host in
                    surveyed[host.name].map { (host.name, Survey.facts(of: host, $0, asked: asked)) }
                }
            ) { first, _ in first }
            guard facts[cluster.firstControlPlane.name] != nil else { throw Problem(withoutControlPlane: cluster) }
            let plan = ClusterPlan(
                cluster: cluster, facts: facts, templates: session.templates,
                operatorKubeconfig: session.operatorKubeconfig,
                renewsCertificates: renewsCertificates)
            return try plan.make()
        } next: { session in
            ["kubectl --context \(session.cluster.name) get nodes", "kubeforge deploy\(session.inventoryArgument)"]
        }.holding(LeasePlace.cluster)
        action.keepsMachines = true
        if renewsCertificates { action.arguments = " --renew-certificates" }
        return action
    }

    /// `time`: that of this build, `2026-11-26T20:21:31Z`, where the image shall be built anew.
    static func deploy(isDryRun: Bool, rebuiltAt time: String? = nil, within limit: Duration) -> Action {
        var action = Action("deploy", isDryRun: isDryRun) { session in
            let check = try DataCheck(cluster: session.cluster, templates: session.templates)
            for note in try await check?.notes(on: LocalTransport()) ?? [] {
                session.executor.reporter.report(.note(note))
            }
            let (service, first) = (session.cluster.service, session.cluster.firstControlPlane)
            let (models, build) = (NextModelVersion(service), LastBuild(service))
            let answers = try await session.fleet.transport(first.name).ask(
                models.questions + build.questions, of: first)
            let context = try BuildContext.make(
                cluster: session.cluster, templates: session.templates, rebuilt: time ?? build.time(answers))
            return try ServicePlan.make(
                cluster: session.cluster, context: context, models: try models.models(answers, from: first.name),
                isAnew: time != nil,
                templates: session.templates, by: session.person, within: limit
            ).beginning(with: CertificatesLast(cluster: session.cluster), on: first)
        } next: { session in
            let url = await ServiceURL(session.cluster).ask(session.fleet)
            return ["kubeforge smoke-test\(session.inventoryArgument)"]
                + (url.map { ["curl \($0)/prediction/23"] } ?? [])
        }.holding { .service($0.service) }
        if time != nil { action.arguments = " --rebuild" }
        return action
    }

    /// Checks are no steps: nothing is made true, so its plan is empty when they are done.
    static func smokeTest(_ make: @escaping @Sendable (Cluster) -> SmokeTest) -> Action {
        var action = Action("smoke-test", isExclusive: false) { session in
            let first = session.cluster.firstControlPlane.name
            _ = try await make(session.cluster).run(
                controlPlane: try session.fleet.transport(first), here: LocalTransport(),
                reporter: session.executor.reporter)
            return Plan(stages: [], essential: [first])
        }
        action.goesOn = false
        return action.onFirstControlPlane()
    }
}

/// This computer as a transport, for questions that are asked from the operator's side.
private struct LocalTransport: Transport {
    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        try await LocalHost().run(command, onLine: onLine)
    }

    var traffic: Traffic { Traffic() }

    func close() async {}
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
