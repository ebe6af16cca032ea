import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// A run whose hosts are connected: what an action works with.
package struct ActionContext: Sendable {
    /// The inventory that was read, with every default filled in.
    package let cluster: Cluster
    /// The built-in templates, with those of `--templates` in their place where they have the same path.
    package let templates: Templates
    /// The connections to the action's hosts, those that failed included.
    package let fleet: Fleet
    /// Runs plans with the run's options, and holds its reporter.
    package let executor: Executor
    /// The user's kubectl configuration on this computer.
    package let operatorKubeconfig: String
    /// The folder on this computer for what can be made again.
    package let cache: String
    /// Who runs kubeforge: `user@computer`.
    package let person: String
    /// What follows a verb on the command line so that it takes the same inventory: a path after a space, or nothing.
    package let inventoryArgument: String

    /// Asks every reachable host its questions, for a plan that depends on the answers. A host that gives none has
    /// failed, and that is told.
    package func ask(_ questions: @escaping @Sendable (Host) -> [Question]) async -> [String: Answers] {
        var answers: [String: Answers] = [:]
        for (name, look) in await fleet.ask(width: executor.options.width, questions).sorted(by: { $0.key < $1.key }) {
            switch look {
            case .success(let answer): answers[name] = answer
            case .failure(let problem): executor.reporter.report(.problem(problem, host: name))
            }
        }
        return answers
    }

    /// The first control plane, as something that can only be asked.
    package func firstControlPlane() throws -> (host: Host, transport: any Transport) {
        let host = cluster.firstControlPlane
        return (host, try fleet.transport(host.name))
    }

    /// Tells something that belongs to no step, past the executor.
    package func report(_ event: Event) { executor.reporter.report(event) }
}
