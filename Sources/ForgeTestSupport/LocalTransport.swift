import ForgeCore
import Foundation
import Subprocess

/// A host that is this computer: commands run here, as whoever runs the test, without sudo, login shell and time limit.
package actor LocalTransport: Transport {
    private let shell: String
    private let programs: String?
    private let greeting: String
    /// Stands for the machine's directory of notes about written files.
    private let notes = NSTemporaryDirectory() + "kubeforge-notes-\(UUID().uuidString)/"
    package private(set) var traffic = Traffic()

    /// `shell` plays the host's `sh`; the programs in the directory `programs` come before the host's own;
    /// `greeting` is what a login shell prints before the command.
    package init(shell: String = "sh", programs: String? = nil, greeting: String = "") {
        self.shell = shell
        self.programs = programs
        self.greeting = greeting
    }

    package func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        traffic.roundTrips += 1
        let words = command.words.map { $0.text.replacing(OriginalFile.notes, with: notes) }
        let result = try await Subprocess.run(
            .name(words[0] == "sh" ? shell : words[0]), arguments: Arguments(Array(words.dropFirst())),
            environment: .inherit.updating(environment), input: .array(Array(input(of: command).utf8)),
            output: .bytes(limit: 16 << 20), error: .bytes(limit: 1 << 20))
        return Output(
            standardOutput: Array(greeting.utf8) + result.standardOutput, standardError: result.standardError,
            exit: Self.exit(result.terminationStatus))
    }

    package func close() async {}

    deinit { try? FileManager.default.removeItem(atPath: notes) }

    private var environment: [Environment.Key: String] {
        var values: [Environment.Key: String] = ["LC_ALL": "C.UTF-8"]
        if let programs { values["PATH"] = programs + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" }
        return values
    }

    private func input(of command: Command) -> String {
        let text = command.inputText.replacing(OriginalFile.notes, with: notes)
        guard let programs else { return text }
        return text.replacing("PATH=/usr/local/sbin:", with: "PATH=\(programs):/usr/local/sbin:")
    }

    private static func exit(_ status: TerminationStatus) -> Output.Exit {
        switch status {
        case .exited(let code): .code(Int(code))
        case .signaled(let number): .signal("\(number)")
        }
    }
}

/// A host whose files have other paths than they have on machines.
package struct ReplacedPaths: Transport {
    private let paths: [String: String]
    private let inner: any Transport

    /// `paths`: those of this computer, by those of a machine.
    package init(_ paths: [String: String], on inner: any Transport = LocalTransport()) {
        self.paths = paths
        self.inner = inner
    }

    package func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        let here = Command(command.words.map { Word(replaced($0.text)) })
        return try await inner.run(here.reading(replaced(command.inputText)), onLine: onLine)
    }

    package var traffic: Traffic { Traffic() }

    package func close() async {}

    private func replaced(_ text: String) -> String { paths.reduce(text) { $0.replacing($1.key, with: $1.value) } }
}

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
        try await TemporaryDirectory.during { directory in
            let input = try directory.write("input", command.inputText)
            let line = "\(command.remoteLine(user: "root")) < \(input)"
            return Output(try await LocalProgram.run("sh", ["-c", line], environment: environment))
        }
    }

    package func close() async {}
}
