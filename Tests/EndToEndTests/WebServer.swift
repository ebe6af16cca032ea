import Foundation

/// Files for the machines of a lab, served from the bridge's address on this computer.
enum WebServer {
    /// `work` gets the address that stands before a file's name.
    static func during<Result>(_ lab: TestLab, of folder: URL, _ work: (String) async throws -> Result) async throws
        -> Result
    {
        let host = "\(lab.inventory.network).1"
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // It says its port once it listens.
        process.arguments = ["python3", "-u", "-m", "http.server", "0", "--bind", host, "--directory", folder.path()]
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            // The test program's children may ignore gentler signals, as it does.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let said = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        guard let address = said.firstMatch(of: /\(http:\/\/([0-9.:]+)\//)?.1 else { throw Silent(said: said) }
        return try await work("http://\(address)")
    }

    struct Silent: Error {
        let said: String
    }
}
