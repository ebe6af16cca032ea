import ForgeCore
import ForgeTemplates
import Foundation

/// A program of the service that is run by this computer's Python, as it is in the image: rows stay here, and nothing
/// reads them in another way.
package struct LocalPython: Sendable {
    /// The modules that read rows, each behind those that it imports.
    static let readers = ["errors", "records", "cells", "header", "schema"]

    private let program: String
    private let arguments: [String]

    /// `modules`: what the program imports, in their order. `input`: what it reads on standard input.
    init(
        _ name: String, modules: [String], arguments: [String], input: [UInt8] = [], templates: Templates
    ) throws(Problem) {
        func text(_ name: String) throws(Problem) -> String {
            Self.literal(Array(try templates["service/\(name).py"].text.utf8))
        }
        var lines = [Self.prelude]
        for module in modules { lines.append("module(\"\(module)\", \(try text(module)))") }
        lines.append("sys.stdin = io.StringIO(base64.b64decode(\(Self.literal(input))).decode())")
        lines.append("sys.argv[0] = \"\(name).py\"")
        lines.append(
            """
            exec(compile(base64.b64decode(\(try text(name))), sys.argv[0], \"exec\"), {\"__name__\": \"__main__\"})
            """)
        program = lines.joined(separator: "\n") + "\n"
        self.arguments = arguments
    }

    /// Tells what a model directory or files of rows hold.
    package static func firstLook(_ arguments: [String], templates: Templates) throws(Problem) -> LocalPython {
        try LocalPython(
            "first_look",
            modules: readers
                + ["column_types", "example_notes", "example_rows", "model_directory", "requirements_file"],
            arguments: arguments, templates: templates)
    }

    /// Without the user's own modules and settings of Python.
    package var command: Command {
        Command(["python3", "-I", "-"] + arguments.map { Word($0) }).reading(program).within(.seconds(3600))
    }

    /// What it said, as JSON.
    enum Answer: Sendable, Hashable {
        case said(JSONValue)
        /// A refusal in the program's own words.
        case refused(String)
        /// It could not be run, or is none that says anything.
        case unknown
    }

    func ask(_ transport: any Transport) async -> Answer { Self.read(try? await transport.run(command)) }

    /// The answer in what it printed; nil where it could not be run.
    static func read(_ output: Output?) -> Answer {
        guard let output, output.isSuccess else { return .unknown }
        if output.standardOutput.count > JSONValue.largest {
            return .refused("what there is to say of it has more than \(ByteCount(JSONValue.largest).mebibytes)")
        }
        guard let said = JSONValue(output.standardOutput) else { return .unknown }
        return said["refused"]?.text.map { .refused($0) } ?? .said(said)
    }

    private static let prelude = """
        import base64, io, sys, types
        def module(name, text):
            made = sys.modules[name] = types.ModuleType(name)
            exec(compile(base64.b64decode(text), name + ".py", "exec"), made.__dict__)
        """

    /// Python reads the program itself on standard input: what else there is comes within it.
    private static func literal(_ bytes: [UInt8]) -> String { "\"\(Data(bytes).base64EncodedString())\"" }
}
