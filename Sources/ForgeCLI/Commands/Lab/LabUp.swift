import ArgumentParser
import ForgeLab

struct LabUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "up", abstract: "Make and start what is missing; again is quick.")

    @OptionGroup var options: LabOptions

    @Argument(help: "The inventory whose hosts to make.")
    var inventory: String?

    func run() async throws {
        try await options.lab(inventory).up()
        let rest = inventory.map { " \($0)" } ?? ""
        LabReporter.next("kubeforge provision \(inventory ?? LabOptions.preferred)      (away with it all: kubeforge lab down\(rest))")
    }
}
