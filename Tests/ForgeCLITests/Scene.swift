import ForgeCLI
import Foundation
import Synchronization

/// A computer of a test: a home folder of its own, streams that are read back, and a clock that stands still until it
/// is told.
final class Scene: Sendable {
    let folder: String
    let output = Sheet()
    let progress = Sheet()
    private let time = Mutex(Date(timeIntervalSince1970: 1_795_252_323))
    private let variables: [String: String]

    init(_ variables: [String: String] = [:]) throws {
        self.variables = variables
        folder = NSTemporaryDirectory() + "kubeforge-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder + "/desk", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var surroundings: ProcessEnvironment { surroundings(terminal: nil) }

    func surroundings(terminal size: TextStream.Size?) -> ProcessEnvironment {
        ProcessEnvironment(
            environment: variables, directory: folder + "/desk", home: folder + "/home",
            output: TextStream(isTerminal: size != nil, size: { size }, write: output.write),
            progress: TextStream(isTerminal: size != nil, size: { size }, write: progress.write),
            now: { self.time.withLock { $0 } }, processID: 4711)
    }

    var state: StateFolder { StateFolder(surroundings) }

    func pass(_ seconds: Double) { time.withLock { $0 += seconds } }

    func write(_ text: String, to path: String) throws {
        let full = path.hasPrefix("/") ? path : folder + "/" + path
        try FileManager.default.createDirectory(
            atPath: (full as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: full))
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path.hasPrefix("/") ? path : folder + "/" + path)
    }
}

/// What was written, as one text.
final class Sheet: Sendable {
    private let content = Mutex("")

    var text: String { content.withLock { $0 } }

    @Sendable func write(_ text: String) { content.withLock { $0 += text } }
}
