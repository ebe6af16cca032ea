import ArgumentParser

struct ProvisionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provision", abstract: "Make a Kubernetes cluster of the inventory's machines.")

    @Argument(help: "The inventory: a YAML file that names the machines.")
    var inventory: String

    @Flag(help: "Show what would change without changing anything.")
    var dryRun = false

    @Flag(help: "Make the control plane's certificates anew, for another year.")
    var renewCertificates = false

    @OptionGroup var options: SharedOptions

    func run() async throws {
        try await Assembly().run(
            .provision(isDryRun: dryRun, renewsCertificates: renewCertificates), inventory: inventory, options)
    }
}
