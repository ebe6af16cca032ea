import Foundation
import Testing

/// What is renamed without being on the disk may be empty after a power cut, under its new name.
@Suite("What renames")
struct RenamesTests {
    /// It moves a unit aside, and writes none.
    private static let others: Set = ["SwapOff.swift"]

    @Test("on this computer does it by WholeFile, which brings the bytes to the disk before")
    func wholeFile() throws {
        let ways = /\b(rename(at2?)?|link)\(|\.atomic\b|atomically: true|\b(replace|move)Item/
        var users = 0
        for (path, text) in try sources() {
            // The first is a part of the build, the second of the tests: a power cut ends them, and they begin anew.
            if ["EmbedTemplates/", "ForgeTestSupport/"].contains(where: path.hasPrefix)
                || path == "ForgeCore/WholeFile.swift"
            {
                continue
            }
            for found in text.matches(of: ways) { Issue.record("\(path) renames with \(found.0): use WholeFile") }
            users += text.ranges(of: /WholeFile\.(write|place)\(/).count
        }
        #expect(users > 5)
    }

    @Test("in a script does it by `place`, which does so, too")
    func place() throws {
        var users = 0
        for (path, text) in try sources() where !path.hasSuffix("/ShellFunction.swift") {
            let name = String(path.split(separator: "/").last ?? "")
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
