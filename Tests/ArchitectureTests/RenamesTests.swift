import Foundation
import Testing

/// What is renamed without being on the disk may be empty after a power cut, under its new name.
@Suite("A script that renames")
struct RenamesTests {
    /// It moves a unit aside, and writes none.
    private static let others: Set = ["SwapOff.swift"]

    @Test("does it by `place`, which brings the bytes to the disk before")
    func place() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardized
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        var users = 0
        for case let file as URL in files
        where file.pathExtension == "swift" && file.lastPathComponent != "ShellFunction.swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            let name = file.lastPathComponent
            #expect(
                !text.contains(/\bmv\s+(-|"\$)/) || Self.others.contains(name),
                "\(name) renames with mv: use ShellFunction.place")
            guard text.contains(/\bplace "/) else { continue }
            users += 1
            #expect(
                text.contains("ShellFunction.place") || name == "OriginalFile.swift",
                "\(name) calls place, and does not define it")
        }
        #expect(users > 5)
    }
}
