import ArgumentParser
import ForgeInventory
import ForgeService

struct ScaleCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Change the number of pods until the next deploy.",
        discussion: "A deploy goes back to the inventory's `replicas:`. With 0 pods the service answers nothing.")

    @Argument(help: ArgumentHelp("How many pods, from 0 to 1000.", valueName: "n"))
    var count: Int

    @OptionGroup var inventory: InventoryArgument

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func validate() throws {
        if !(0...1000).contains(count) { throw ValidationError("\(count) pods: from 0 to 1000") }
    }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        let count = count
        var action = Action("scale") { context in
            let (first, transport) = try context.firstControlPlane()
            return try await Scaling(context.cluster.service, to: count).plan(on: first, over: transport)
        } next: { context in
            Scaling(context.cluster.service, to: count).next(
                inventory: context.cluster.path, argument: context.inventoryArgument)
        }
        action.arguments = " \(count)"
        return action.holding { .service($0.service) }.onFirstControlPlane()
    }
}
