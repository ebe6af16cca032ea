import ArgumentParser

struct UnlockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock", abstract: "Show which run holds the machines and the cluster; with --yes, end that.",
        discussion: """
            For what a run left that was killed on another computer. A run that is still at work stops before its next change. \
            Commands that still run on a machine are not ended: the next run waits for them.
            """)

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Flag(help: "Remove what is shown; without it nothing is changed.")
    var yes = false

    @OptionGroup var options: SharedOptions

    func run() async throws {
        try await Assembly().run(.unlock(isDryRun: !yes), inventory: inventory, options)
    }
}
