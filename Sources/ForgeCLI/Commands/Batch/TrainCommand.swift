import ArgumentParser
import ForgeInventory
import ForgePlan
import ForgeService

struct TrainCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train the models in the cluster, with the image and the data of the deployed release.")

    @OptionGroup var inventory: InventoryArgument

    @Flag(help: "Follow the log of the training.")
    var follow = false

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        .train(isFollowed: follow, time: Timestamp(surroundings.now()).text)
    }
}

extension Action {
    static func train(isFollowed: Bool, time: String) -> Action {
        var action = Action("train") { context in
            let release = try await context.deployedRelease()
            try TrainingPlan.check(release, context.cluster.service)
            let run = TrainingRun(of: context.cluster, release: release, time: time)
            let signer = ModelSigner(context.cluster, on: LocalTransport())
            try await signer?.check()
            return try TrainingPlan.make(
                cluster: context.cluster, run: run, templates: context.templates, isFollowed: isFollowed,
                signer: signer
            ) {
                context.report(.note($0))
            }
        } next: { context in
            if context.cluster.service.models != nil {
                return ["kubeforge deploy\(context.inventoryArgument)   (into service after the canary check)"]
            }
            context.report(.note(TrainingPlan.notKept))
            return ["kubeforge deploy\(context.inventoryArgument)   (after a change of the data)"]
        }
        action.afterwards = { await clear(.train, TrainingRun.name($0.cluster.service, time: time), $0) }
        action.lease = { .jobs(.train, $0.service) }
        (action.arguments, action.goesOn) = (isFollowed ? " --follow" : "", false)
        action.showsOutput = isFollowed
        return action.onFirstControlPlane()
    }
}
