import ForgeInventory
import ForgePlan
import ForgeService

extension Action {
    /// What runs hold that are over, on machines and in the cluster. Its dry run shows it.
    static func unlock(isDryRun: Bool) -> Action {
        var action = Action("unlock", isDryRun: isDryRun, isExclusive: false) { session in
            let first = session.cluster.firstControlPlane
            return Plan(
                stages: [
                    Stage("nothing is held", goesOnAfterFailure: true, on: session.cluster.hosts) { host in
                        [MachineIsFree()] + (host == first ? [LeasesAreFree(session.cluster.service)] : [])
                    }
                ], essential: [])
        }
        action.arguments = " --yes"
        action.goesOn = false
        return action
    }
}
