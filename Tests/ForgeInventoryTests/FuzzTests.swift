import ForgeCore
import ForgeInventory
import ForgeTestSupport
import Foundation
import Testing

@Suite("Fuzz: an inventory")
struct FuzzTests {
    @Test("of somebody else, cut and changed")
    func inventory() async throws {
        try await TemporaryDirectory.during { directory in
            let example = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../inventory")
                .standardized
            let samples = try ["example.yaml", "lab.yaml"].map {
                try String(contentsOf: example.appending(path: $0), encoding: .utf8)
            }
            let reader = InventoryReader(home: "/home/me")
            let path = directory.path("inventory.yaml")
            try Fuzz("inventory", samples: samples).run { input in
                try Data(input.bytes).write(to: URL(filePath: path))
                _ = try? reader.adding(ServiceKeys(model: "churn", target: "a"), to: path)
                return try !reader.read(path).hosts.isEmpty
            }
        }
    }
}

@Suite("An inventory with random damage")
struct MutationTests {
    private static let pieces: [[UInt8]] =
        [
            "\t", "\n", ":", "- ", "&a", "*a", "!!int ", "{", "}", "[", "]", "\"", "'", "#", "|\n", "---\n", "%",
            "\u{0}", "ü", "~", "<<: ",
            "? ", "0", "\r",
        ]
        .map { Array($0.utf8) } + [[0xFF], [0xC3], [0xEF, 0xBB, 0xBF]]

    @Test("is a cluster still, or told with line and column", arguments: 0..<20)
    func isClusterOrTold(seed: UInt64) throws {
        let example = try Data(
            contentsOf: URL(filePath: #filePath).appending(path: "../../../inventory/example.yaml").standardized)
        let scratch = try Scratch()
        var dice = SeededNumbers(seed: seed)
        for _ in 0..<100 {
            var bytes = Array(example)
            for _ in 0..<Int.random(in: 1...4, using: &dice) { Self.damage(&bytes, with: &dice) }
            for problem in try scratch.problems(bytes) {
                #expect(problem.prefixMatch(of: /inventory\.yaml:[1-9][0-9]*:[1-9][0-9]*  [^\n]/) != nil, "\(problem)")
            }
        }
    }

    private static func damage(_ bytes: inout [UInt8], with dice: inout SeededNumbers) {
        let location = Int.random(in: 0..<bytes.count, using: &dice)
        let length = min(Int.random(in: 0...30, using: &dice), bytes.count - location)
        switch Int.random(in: 0...3, using: &dice) {
        case 0: bytes[location] ^= 1 << UInt8.random(in: 0...7, using: &dice)
        case 1: bytes.removeSubrange(location..<location + length)
        case 2:
            bytes.insert(
                contentsOf: bytes[location..<location + length], at: Int.random(in: 0..<bytes.count, using: &dice))
        default: bytes.insert(contentsOf: pieces.randomElement(using: &dice)!, at: location)
        }
    }
}

@Suite("Nonsense")
struct NonsenseTests {
    /// What fits under the limit of 1 MiB.
    private static let size = 1_000_000

    @Test("with aliases that would grow to a thousand million words is refused at the first of them")
    func laughs() throws {
        let levels = (1...9).map {
            "l\($0): &l\($0) [" + Array(repeating: "*l\($0 - 1)", count: 10).joined(separator: ", ") + "]"
        }
        let text = "l0: &l0 [lol]\n" + levels.joined(separator: "\n") + "\n? *l9\n: grows as a key, too\n"
        try isBounded(text, "inventory.yaml:2:10  aliases (*name) are not read\n  fix  write the value out")
    }

    @Test("that opens brackets without end is refused where it is too deep")
    func isDeep() throws {
        try isBounded(String(repeating: "[", count: Self.size), first: "inventory.yaml:1:")
        try isBounded(String(repeating: "{a: ", count: Self.size / 4), first: "inventory.yaml:1:")
        try isBounded(String(repeating: "- ", count: Self.size / 2), first: "inventory.yaml:1:")
        try isBounded(String(repeating: "? ", count: Self.size / 2), first: "inventory.yaml:1:")
    }

    @Test("of a hundred thousand keys is told by its first hundred")
    func hasManyKeys() throws {
        let problems = try Scratch().problems((0..<100_000).map { "k\($0): 1\n" }.joined())
        #expect(problems.count == 101)
        #expect(problems.last == "inventory.yaml:1:1  has 99903 more problems")
    }

    @Test("of one long word is told in a line that can be read")
    func isLong() throws {
        let problems = try Scratch().problems(
            twoHosts + String(repeating: "k", count: 500) + ": 1\ncni: " + String(repeating: "w", count: 5000))
        #expect(problems[0].hasPrefix("inventory.yaml:10:1  " + String(repeating: "k", count: 60) + "…: unknown key\n"))
        #expect(problems[1] == "inventory.yaml:11:6  cni: is longer than 4096 bytes")
        let short = String(repeating: "k", count: 60)
        #expect(
            try Scratch().problems(twoHosts + short + ": 1\n").first?.hasPrefix(
                "inventory.yaml:10:1  \(short): unknown key\n") == true)
    }

    @Test("cannot do anything to the terminal that shows it")
    func isHarmless() throws {
        let problems = try Scratch().problems(twoHosts + "\"\\e[2J\\nok\": 1\n")
        #expect(problems[0].hasPrefix("inventory.yaml:10:1  \\u{1b}[2J\\u{a}ok: unknown key\n"))
    }

    private func isBounded(_ text: String, _ expected: String? = nil, first: String = "") throws {
        let problems = try Scratch().problems(text)
        if let expected { #expect(problems == [expected]) }
        #expect(problems.first?.hasPrefix(first) == true, "\(problems.first ?? "no problem")")
    }
}
