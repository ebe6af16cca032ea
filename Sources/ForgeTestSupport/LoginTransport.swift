import ForgeCore

/// A host that is this computer, reached by a login whose environment names proxies: a command runs as the line that
/// the login's shell gets.
package struct LoginTransport: Transport {
    private let environment: [String: String]

    /// `proxies`: by variable; the test's own proxies are none of the login's.
    package init(proxies: [String: String]) {
        environment = Dictionary(Command.proxyVariables.map { ($0, proxies[$0] ?? "") }) { first, _ in first }
    }

    package var traffic: Traffic { Traffic() }

    /// Only what a command that ends well prints.
    package func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        try await TemporaryFolder.during { folder in
            let input = try folder.write("input", command.inputText)
            let line = "\(command.remoteLine(user: "root")) < \(input)"
            return Output(try await LocalProgram.run("sh", ["-c", line], environment: environment))
        }
    }

    package func close() async {}
}
