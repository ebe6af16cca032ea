import ForgeCore
import Testing

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
