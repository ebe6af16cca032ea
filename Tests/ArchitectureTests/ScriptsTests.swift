import Foundation
import Testing

/// curl commands that a person types, with the files that their curl reads: how many, by file.
private let typed = [
    "Sources/ForgeKubernetes/Kubeadm/KubeadmFailure.swift": 1,
    "Sources/ForgeLab/Artifacts/BroughtRelease.swift": 3,
    "Sources/ForgeService/Checks/RequestScript.swift": 1,
    "templates/service/bodies.py": 1,
]

/// What scripts of Sources and templates have in common.
@Suite("A script")
struct ScriptsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    /// With `include` in a ~/.curlrc headers are part of the body, and with `fail` a 404 is no answer.
    @Test("asks with a curl that reads no ~/.curlrc: -q is its first option")
    func curl() throws {
        let command = /(?:^|[^\w.$\/-])curl(?:"\)?,)?\s+"?(?<option>-[^\s",]*)/
        var commands = 0
        for (path, lines) in try Self.lines() {
            let options = lines.flatMap { $0.matches(of: command).map { String($0.output.option) } }
            commands += options.count
            let reading = options.filter { !$0.hasPrefix("-q") }
            #expect(reading.count == typed[path] ?? 0, "\(path): curl \(reading.joined(separator: ", curl "))")
        }
        #expect(commands > 12)
    }

    /// dash, which is sh on Debian and Ubuntu, ends by a signal without its EXIT trap.
    @Test("that removes something at its end does so after a signal, too")
    func signals() throws {
        let exit = /\btrap '[^']+' EXIT\b/
        let others = /\btrap (?:'[^']+'|:) (?<signals>[A-Z ]+)/
        var traps = 0
        for (path, lines) in try Self.lines() {
            for (index, line) in lines.enumerated() where line.contains(exit) {
                traps += 1
                let near = lines[max(0, index - 1)...min(index + 2, lines.count - 1)].joined(separator: "\n")
                let signals = near.matches(of: others).flatMap { $0.output.signals.split(separator: " ") }
                #expect(
                    near.contains("(ShellFunction.endsBySignal)")
                        || Set(signals).isSuperset(of: ["HUP", "INT", "PIPE", "TERM"]),
                    "\(path): \(line): put ShellFunction.endsBySignal after it")
            }
        }
        #expect(traps > 12)
    }

    /// Of each file, without comments and documentation.
    private static func lines() throws -> [(path: String, lines: [String])] {
        try ["Sources", "templates"].flatMap { (directory: String) in
            let place = root.appending(path: directory)
            let all = try #require(FileManager.default.enumerator(at: place, includingPropertiesForKeys: nil))
            return all.compactMap { $0 as? URL }.filter { !$0.path.contains(".docc/") }.compactMap {
                (file: URL) -> (path: String, lines: [String])? in
                guard let text = (try? String(contentsOf: file, encoding: .utf8)).map(joined) else { return nil }
                let comment = directory == "Sources" ? "//" : "#"
                let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
                return (
                    "\(directory)/\(file.path.dropFirst(place.path.count + 1))", lines.filter { !$0.hasPrefix(comment) }
                )
            }
        }
    }
}
