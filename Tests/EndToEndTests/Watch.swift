import Foundation
import Testing

/// Users who ask all the time while something happens to the service: one on a connection that it keeps, one on a new
/// connection each time.
struct Watch {
    let lab: TestLab

    /// How every request that began while `work` ran was answered: 200, or 000 for no answer.
    func statuses(during work: () async throws -> Void) async throws -> [String] {
        let url = "http://\(lab.inventory.address(of: "kubnode")):30080/prediction/[0-1299]?[1-100]"
        let asking = try ["Accept: */*", "Connection: close"].map { try Asking(url, header: $0) }
        do {
            try await work()
        } catch {
            for one in asking { _ = try? one.end() }
            throw error
        }
        return try asking.flatMap { try $0.end() }
    }

    private final class Asking {
        private let process = Process()
        private let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

        init(_ url: String, header: String) throws {
            try Data().write(to: file)
            process.executableURL = URL(filePath: "/usr/bin/curl")
            process.arguments = [
                "--silent", "--rate", "40/s", "--max-time", "10", "--header", header, "--output", "/dev/null",
                // Standard error has no buffer that would be lost at the end.
                "--write-out", "%{stderr}%{http_code}\n", url,
            ]
            process.standardError = try FileHandle(forWritingTo: file)
            try process.run()
        }

        /// curl says nothing of the request that it is ended in.
        func end() throws -> [String] {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            defer { try? FileManager.default.removeItem(at: file) }
            let lines = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            return lines.split(separator: "\n").map(String.init)
        }
    }
}
