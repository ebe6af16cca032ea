import ArgumentParser
import ForgeInventory
import ForgePlan
import ForgeService

struct UnlockCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock", abstract: "Show which run holds the machines and the cluster; with --yes, release them.",
        discussion: """
            For use after a run on another computer was killed. A run that is still active stops before its next \
            change. Commands that still run on a machine are not ended: the next run waits for them. Machines are \
            released even where the cluster's API does not answer, and that is told.
            """)

    @OptionGroup var inventory: InventoryArgument

    @Flag(help: "Release what is shown; without it nothing is changed.")
    var yes = false

    @OptionGroup var options: SharedOptions

    /// Without `--yes` a dry run, which shows what is held.
    func action(_ surroundings: ProcessEnvironment) -> Action {
        var action = Action("unlock", isDryRun: !yes, isExclusive: false) { context in
            let first = context.cluster.firstControlPlane
            return Plan(
                stages: [
                    Stage("nothing is held", goesOnAfterFailure: true, on: context.cluster.hosts) { host in
                        [MachineIsFree()] + (host == first ? [LeasesAreFree(context.cluster.services)] : [])
                    }
                ], essential: [])
        }
        action.isPerService = false
        action.arguments = " --yes"
        action.dryRunCommand = "unlock"
        action.despiteFailures = "or release what is shown, without waiting for that:"
        action.goesOn = false
        return action
    }
}
