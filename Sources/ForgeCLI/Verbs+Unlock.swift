import ForgeInventory
import ForgePlan
import ForgeService

extension Verb {
    /// What runs hold that are over, on machines and in the cluster. Its dry run shows it.
    static func unlock(isDryRun: Bool) -> Verb {
        var verb = Verb("unlock", isDryRun: isDryRun, isExclusive: false) { session in
            let first = session.cluster.firstControlPlane
            return Plan(
                stages: [
                    Stage("nothing is held", goesOnAfterFailure: true, on: session.cluster.hosts) { host in
                        [MachineIsFree()] + (host == first ? [LeasesAreFree(session.cluster.service)] : [])
                    }
                ], essential: [])
        }
        verb.arguments = " --yes"
        verb.goesOn = false
        return verb
    }
}
