import Foundation
import Testing

@Suite("What is from outside")
struct OutsideTests {
    /// Spots that trap when a number or a key is not as was thought, each with the reason why it cannot happen there.
    /// The count is of the file's lines with such a spot.
    private static let allowed = table

    @Test("traps nowhere: no key must be new, no number small, no index there")
    func trapping() throws {
        // `Dictionary(uniqueKeysWithValues:)`, `Int(` of a Double, and what is unwrapped by force.
        let spots =
            #/
            uniqueKeysWithValues
            |\bU?Int(8|16|32|64)?\([^"()]*(\([^()]*\)[^"()]*)*(\.rounded\(|\*\ |\/\ |\.seconds|timeInterval)
            |[\])a-z]!(?![=])|try!|as!|\.first!|\.last!
            /#
        var found: [String: [String]] = [:]
        for (path, text) in try sources() where !inside.contains(where: path.hasPrefix) {
            for line in text.split(separator: "\n") where !line.contains("//") && !line.contains(", in: ") {
                // Texts hold exclamation marks, too.
                let code = line.replacing(/"[^"]*"/, with: "\"\"")
                if code.contains(spots) { found[path, default: []].append(line.trimmingCharacters(in: .whitespaces)) }
            }
        }
        for (path, lines) in found {
            #expect(
                lines.count == Self.allowed[path]?.count ?? 0,
                "\(path): \(lines.joined(separator: " | ")): use Int(_:in:), or uniquingKeysWith:")
        }
        for path in Self.allowed.keys { #expect(found[path] != nil, "\(path) has no such spot any more") }
    }

    /// What is added to a number of a machine, or taken from it, traps where the machine says 9223372036854775807.
    @Test("is counted with within bounds: a number of a text has an `in:`, or a reason")
    func numbers() throws {
        let spots =
            #/
            let\ \w+\ =\ U?Int(8|16|32|64)?\(\w+(\.\w+|\[[^\]]*\])*\)
            |[mM]ap\ *\(?\{.*\bU?Int(8|16|32|64)?\((\$0|\w+)(\.\w+)*(\ \{|\)|\()
            |Map\(U?Int(8|16|32|64)?\.init\)
            /#
        var found: [String: [String]] = [:]
        for (path, text) in try sources() where !(inside + ["ForgeLab/"]).contains(where: path.hasPrefix) {
            let name = String(path.split(separator: "/").last ?? "")
            for line in text.split(separator: "\n") where !line.contains("//") && !line.contains(", in: ") {
                if line.contains(spots) { found[name, default: []].append(line.trimmingCharacters(in: .whitespaces)) }
            }
        }
        for name in Set(found.keys).union(Self.numbers.keys).sorted() {
            let lines = found[name, default: []]
            #expect(
                lines.count == Self.numbers[name]?.count ?? 0,
                "\(name): \(lines.joined(separator: " | ")): use Int(_:in:), or give the reason in the table")
        }
    }

    @Test("is written by reporters alone")
    func written() throws {
        let writes = /\bprint\(|FileHandle\.standard|\bfputs\(|writeAll\(|(progress|output|stream)\.write\(/
        let doors: Set<String> = [
            "ForgeCLI/Program.swift", "ForgeCLI/Local/TextStream.swift", "ForgeCLI/Reporters/ScreenReporter.swift",
            "ForgeCLI/Reporters/JSONReporter.swift", "ForgeCLI/Reporters/LogReporter.swift",
            // The holder of a lock.
            "ForgeCLI/Run/RunLock.swift",
        ]
        for (path, text) in try sources() where path.hasPrefix("ForgeCLI/") && !doors.contains(path) {
            #expect(text.firstMatch(of: writes) == nil, "\(path) writes by itself: report an Event")
        }
    }

    /// The lab reads what programs of this computer say, which run as its root.
    @Test("is read by parsers that are fuzzed")
    func parsed() throws {
        let reads =
            #/
            JSONDecoder|JSONSerialization|OutsideJSON\.|Yams\.|\.split[\x20(]|\.firstMatch|\.wholeMatch|\.matches\(of
            |U?Int(16|32|64)?\(\w+(\[|,\ in)|Double\(\w+(\[|,\ in)|Scanner\(|contentsOfFile|\bParser\(yaml
            /#
        let tests = try testTexts()
        var seen: Set<String> = []
        for (path, text) in try sources() where !(inside + ["ForgeLab/"]).contains(where: path.hasPrefix) {
            let code = text.split(separator: "\n").filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }
                .joined(
                    separator: "\n")
            guard code.contains(reads) else { continue }
            seen.insert(path)
            guard let how = Self.parsers[path] else {
                Issue.record(
                    """
                    \(path) reads text: add it to a fuzz test, and here with that test's name, or with the reason why \
                    its text is kubeforge's own
                    """
                )
                continue
            }
            if case .fuzz(let name, let other) = how {
                for name in [name, other].compactMap({ $0 }) {
                    let isThere = tests.contains("Fuzz(\"\(name)\"")
                    #expect(isThere, "there is no fuzz test “\(name)”, which \(path) names")
                }
            }
        }
        for path in Self.parsers.keys { #expect(seen.contains(path), "\(path) reads no text any more") }
    }

    @Test("is given to Foundation as JSON by OutsideJSON alone, which knows what Foundation traps on")
    func json() throws {
        for (path, text) in try sources() where !inside.contains(where: path.hasPrefix) {
            let code = text.split(separator: "\n").filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }
            let spots = code.filter { $0.contains(/JSONDecoder\b|\.jsonObject\(/) }
            #expect(spots.isEmpty || path == "ForgeTemplates/OutsideJSON.swift", "\(path): \(spots)")
        }
    }

    @Test("is given to Yams as YAML by YAMLDocument alone, which refuses aliases")
    func yaml() throws {
        for (path, text) in try sources() where !inside.contains(where: path.hasPrefix) {
            let code = text.split(separator: "\n").filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }
            let spots = code.filter { $0.contains(/\bYams\.(compose|load)|\bParser\(yaml|\bYAMLDecoder\b/) }
            #expect(spots.isEmpty || path == "ForgeInventory/Parsing/YAMLDocument.swift", "\(path): \(spots)")
        }
    }

    enum Way {
        /// The name of the fuzz test that feeds it, or of both.
        case fuzz(String, and: String? = nil)
        /// Why its text is not from outside.
        case own(String)
    }

    private func testTexts() throws -> String {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "..").standardized
        let files = try #require(FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil))
        return try files.compactMap { $0 as? URL }.filter {
            $0.lastPathComponent == "FuzzTests.swift" || $0.lastPathComponent == "OutsideTextTests.swift"
        }
        .map { try String(contentsOf: $0, encoding: .utf8) }.joined().replacing(/Fuzz\(\s+/, with: "Fuzz(")
    }
}

/// An initialiser that throws when everything has its value runs `deinit`, too. A descriptor that it closed before is
/// closed twice then, and the second time it may be one that another thread has just opened.
@Suite("A descriptor that belongs to a value")
struct DescriptorTests {
    @Test("is closed where the value ends, and nowhere else")
    func once() throws {
        var owners = 0
        for (path, text) in try sources() {
            let ends = text.matches(of: /deinit \{[^}]*close\((\w+)\)/).map { String($0.1) }
            owners += ends.count
            for name in Set(ends) {
                let closes = text.ranges(of: "close(\(name))").count
                #expect(
                    closes == ends.count { $0 == name },
                    "\(path) closes \(name) in \(closes) places: leave it to deinit")
            }
        }
        #expect(owners >= 6)
    }
}
