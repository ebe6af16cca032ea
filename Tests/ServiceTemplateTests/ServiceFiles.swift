import Foundation
import Testing

/// Where the service's sources, the study's data and the caches of these tests are.
enum ServiceFiles {
    static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let sources = repository.appending(path: "templates/service")
    static let requirements = sources.appending(path: "requirements.txt")
    /// What asks the models in a process of its own.
    static let golden = sources.appending(path: "golden")

    static let example = repository.appending(path: "templates/example")
    /// What makes model directories, and looks at what becomes of them.
    static let models = repository.appending(path: "Tests/ServiceModels")
    static let exampleFiles = ["generate_data.py", "labels.csv", "train.py"]

    /// Makes a directory the example's model directory, without data.
    static func copyExample(to directory: URL) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for name in exampleFiles {
            let copy = directory.appending(path: name)
            try? FileManager.default.removeItem(at: copy)
            try FileManager.default.copyItem(at: example.appending(path: name), to: copy)
        }
    }

    /// The same with these rows, so that it can be trained.
    static func copyExample(to directory: URL, train: String, test: String) throws {
        try copyExample(to: directory)
        try Data(train.utf8).write(to: directory.appending(path: "train.csv"))
        try Data(test.utf8).write(to: directory.appending(path: "test.csv"))
    }

    /// The directory of the EEG study's train.csv and test.csv: 1,300 rows each, band power of 32 electrodes while a
    /// person thinks of one of 26 letters. Xavier Vasques published them beside his articles on online and batch
    /// inference with Kubernetes (github.com/xaviervasques/EEG-letters), and no licence is found there. So no row of
    /// them is part of this repository: tests use generated data of the same shape, and these besides where somebody
    /// has them.
    static let eeg = ProcessInfo.processInfo.environment["KUBEFORGE_EEG_DATA"].flatMap {
        $0.isEmpty ? nil : URL(filePath: $0)
    }
    static let withoutEEG: Comment =
        "KUBEFORGE_EEG_DATA names no directory with the study's train.csv and test.csv: generated data alone are used"

    static let cache =
        ProcessInfo.processInfo.environment["KUBEFORGE_CACHE"].map { URL(filePath: $0) }
        ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache/kubeforge")

    /// A directory of the cache that `make` fills the first time: complete or not there, also when two runs make it at
    /// once.
    static func cached(_ name: String, of ingredients: [Data], make: (URL) throws -> Void) throws -> URL {
        let digest = try sha256(ingredients.reduce(Data(), +)).prefix(16)
        let directory = cache.appending(path: "\(name)-\(digest)")
        if FileManager.default.fileExists(atPath: directory.path) { return directory }
        let unfinished = cache.appending(path: "\(name)-\(digest).\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: unfinished, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: unfinished) }
        try make(unfinished)
        do {
            try FileManager.default.moveItem(at: unfinished, to: directory)
        } catch  where FileManager.default.fileExists(atPath: directory.path) {
            // Another run was quicker; what it made has the same digest.
        }
        return directory
    }

    static func sha256(_ content: Data) throws -> String {
        String(try LocalProgram.run(["sha256sum"], input: content).output.prefix(64))
    }

    static func source(_ name: String) throws -> Data { try Data(contentsOf: sources.appending(path: name)) }
}
