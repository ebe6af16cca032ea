import Foundation
import Testing

/// What renames below templates/, or writes in place, without bringing its bytes to the disk: how often, and who sees
/// it when they are not there after a power cut.
private let mayBeLost: [String: (count: Int, why: String)] = [
    "Sources/ForgeKubernetes/Host/Hostname.swift": (2, "the next provision writes them again, and says so"),
    "Sources/ForgeSSH/KnownHosts.swift": (1, "a host whose line is lost is unknown again"),
    "Sources/ForgeSSH/Session+Run.swift": (1, "ResultsAreDownloaded places it when it is whole"),
    "templates/service/Dockerfile": (2, "it is the build of an image, which begins anew"),
    "templates/service/delivery.py": (1, "sftp's `put -f` has brought each file to the server's disk before"),
    "templates/service/handover.py": (1, "it lives as long as its pod, which a power cut ends"),
    "templates/service/inference.py": (1, "who fetches the results counts their rows and compares their digests"),
    "templates/service/packages.py": (1, "it is the build of an image, which begins anew"),
    "templates/service/shards.py": (
        5, "who fetches the results counts their rows and compares their digests; an input lives as long as its pod"
    ),
    "templates/service/train.py": (1, "whoever loads a model compares it with metadata.json's digests"),
    "templates/service/store.py": (3, "each pod compares what it has fetched with its digests before it starts"),
]

/// What is renamed without being on the disk may be empty after a power cut, under its new name.
@Suite("What renames")
struct RenamesTests {
    /// How often they do: `place` itself, and what moves a unit aside and writes none.
    private static let others = ["RemoteFile.swift": 1, "SwapOff.swift": 1]

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

    @Test("in a template, or writes in place, is listed with who would see a loss")
    func others() throws {
        let ways =
            #/
            \bos\.(rename|replace|link)\(|\bshutil\.move\(|\.rename\(|"-?rename\ \{|\.replace\([^,]*\)\s*$
            |\bmv\s+(-|["$])|[^0-9&]>>?\ ?"?\/(etc|var|root|home)\/|\bLocalFile\.write\(
            /#
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        var found: [String: [String]] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: "templates").path)
        where !path.hasPrefix("lab/") {
            let file = root.appending(path: "templates/" + path)
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
            found["templates/" + path] = text.split(separator: "\n").filter { $0.contains(ways) }.map(String.init)
        }
        for (path, text) in try sources() where !(inside + ["ForgeLab/"]).contains(where: path.hasPrefix) {
            let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            let inPlace = /[^0-9&]>>? ?"?\/(etc|var|root|home)\/|\bLocalFile\.write\(/
            found["Sources/" + path] = code.filter { $0.contains(inPlace) }.map(String.init)
        }
        for path in Set(found.keys).union(mayBeLost.keys).sorted() {
            let lines = found[path, default: []]
            #expect(
                lines.count == mayBeLost[path]?.count ?? 0,
                "\(path): \(lines.joined(separator: " | ")): bring it to the disk first, or say who sees the loss")
        }
    }

    @Test("in a script does it by `place`, which does so, too")
    func place() throws {
        var users = 0
        for (path, text) in try sources() {
            let name = String(path.split(separator: "/").last ?? "")
            #expect(
                text.ranges(of: /\bmv\s+(-|"\$)/).count == Self.others[name] ?? 0,
                "\(name) renames with mv: use ShellFunction.place")
            guard text.contains(/\bplace "/) else { continue }
            users += 1
            #expect(text.contains("ShellFunction.place"), "\(name) calls place, and does not define it")
        }
        #expect(users > 5)
    }
}
