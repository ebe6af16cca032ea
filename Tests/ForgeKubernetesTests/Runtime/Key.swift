import Foundation

/// A key file on the operator's machine, for as long as the body runs.
func withKey(_ text: String, _ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "kubeforge-key-\(UUID().uuidString).asc"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}
