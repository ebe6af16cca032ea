import ArgumentParser

/// How a command is told its inventory.
protocol InventorySource: ParsableArguments {
    /// As it was typed; nil leaves the choice to `InventoryChoice`.
    var path: String? { get }
}

/// The inventory as an argument, or as `--inventory`.
struct InventoryArgument: InventorySource {
    @Argument(
        help: ArgumentHelp(
            """
            The inventory; without it $KUBEFORGE_INVENTORY, ./inventory.yaml, or the one that provision last succeeded \
            with.
            """,
            valueName: "inventory"),
        completion: .file(extensions: ["yaml", "yml"]))
    var argument: String?

    @OptionGroup var option: InventoryOption

    var path: String? { argument ?? option.path }

    func validate() throws {
        if let argument, let inventory = option.inventory {
            throw ValidationError("two inventories, \(argument) and \(inventory): name one")
        }
    }

    /// For commands that make an inventory the one that others find by themselves.
    func demand() throws {
        if path == nil { throw ValidationError("Missing expected argument '<inventory>'") }
    }
}

/// The inventory as `--inventory` alone, where arguments are something else.
struct InventoryOption: InventorySource {
    @Option(
        name: .shortAndLong, help: ArgumentHelp("The inventory, as an option.", valueName: "inventory"),
        completion: .file(extensions: ["yaml", "yml"]))
    var inventory: String?

    var path: String? { inventory }
}
