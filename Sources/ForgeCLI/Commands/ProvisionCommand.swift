import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgeKubernetes
import ForgePlan
import ForgeService
import Foundation

struct ProvisionCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "provision", abstract: "Create a Kubernetes cluster from the inventory's hosts.")

    @OptionGroup var inventory: InventoryArgument

    @Flag(help: "Show what would change without changing anything.")
    var dryRun = false

    @Flag(help: "Renew the control plane's certificates for another year.")
    var renewCertificates = false

    @OptionGroup var options: SharedOptions

    func validate() throws { try inventory.demand() }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        .provision(isDryRun: dryRun, renewsCertificates: renewCertificates)
    }
}

extension Action {
    static func provision(isDryRun: Bool, renewsCertificates: Bool = false) -> Action {
        var action = Action("provision", isDryRun: isDryRun, remembersInventory: true) { context in
            let began = Int(Date().timeIntervalSince1970, in: .times)
            let (cluster, surveyed) = (context.cluster, await context.ask(Survey.questions))
            let asked = began...max(began, Int(Date().timeIntervalSince1970, in: .times))
            let met = cluster.hosts.filter { surveyed[$0.name] != nil }
            let facts = Dictionary(
                met.compactMap { host in
                    surveyed[host.name].map { (host.name, Survey.facts(of: host, $0, asked: asked)) }
                }
            ) { first, _ in first }
            guard facts[cluster.firstControlPlane.name] != nil else { throw Problem(withoutControlPlane: cluster) }
            let plan = ClusterPlan(
                cluster: cluster, facts: facts, templates: context.templates,
                operatorKubeconfig: context.operatorKubeconfig,
                renewsCertificates: renewsCertificates)
            return try plan.make()
        } next: { context in
            ["kubectl --context \(context.cluster.name) get nodes", "kubeforge deploy\(context.inventoryArgument)"]
        }.holding(LeasePlace.cluster)
        action.isPerService = false
        action.keepsMachines = true
        if renewsCertificates { action.arguments = " --renew-certificates" }
        return action
    }
}

extension Problem {
    /// Workers alone are not changed: they would wait for something to join.
    fileprivate init(withoutControlPlane cluster: Cluster) {
        let name = cluster.firstControlPlane.name
        self.init(
            what: "\(cluster.name): nothing was changed, because its control plane \(name) did not answer",
            fix: "fix the cause shown above, then run again")
    }
}
