import ArgumentParser
import ForgeCore
import ForgeLab
import Foundation

struct LabShell: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell", abstract: "Open a shell in a machine, over SSH.")

    @OptionGroup var options: LabOptions

    @OptionGroup var inventory: InventoryOption

    @Argument(help: "The machine's name.")
    var machine: String

    /// ssh takes this process's place: the terminal, signals and exit code are its own.
    func run() async throws {
        let words = try options.lab(options.choice(inventory), nil, LabProgress { _ in }).shell(machine).words.map(
            \.text)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        execvp(words[0], &arguments)
        throw Problem(
            what: "`\(words[0])` could not be run", why: String(cString: strerror(errno)),
            fix: "apt-get install openssh-client")
    }
}
