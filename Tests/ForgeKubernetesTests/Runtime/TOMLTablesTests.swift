import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("TOML, as its tables")
struct TOMLTablesTests {
    /// Of all tables but the root's.
    private func paths(_ text: String) -> [[String]]? { TOMLTables(text)?.all.dropFirst().map(\.path) }

    static let headers: [(line: String, path: [String])] = [
        ("[a_b-c.d2]", ["a_b-c", "d2"]), ("[ a . \"b.c\" . 'd]' ] # [e]", ["a", "b.c", "d]"]), ("['a\\b']", ["a\\b"]),
    ]

    @Test("has the names of a header, bare or quoted", arguments: headers.indices)
    func header(index: Int) {
        let (line, path) = Self.headers[index]
        #expect(paths(line) == [path])
    }

    @Test(
        "of what is not read is none",
        arguments: ["[a]]", "[a", "[a b]", "[]", "[\"a\\u0062\"]", "x = '''", "x = \"\"\""])
    func unread(text: String) { #expect(paths(text) == nil) }

    @Test(
        "begins a table only where no array is open, whatever its texts and comments hold",
        arguments: [
            "x = [\"\", \"a\"]", "x = \"a\\\"[\"", "x = ['a\\']", "x = [\"a\\\\\"]", "x = \"[\"", "x = '['",
            "x = [1] # [", "x = [\n[\"a\"],\n]",
        ])
    func arrays(text: String) { #expect(paths(text + "\n[t]\n") == [["t"]]) }

    @Test(
        "quotes a name where it must",
        arguments: [
            ("nvidia-cdi", "nvidia-cdi"), ("a_1", "a_1"), ("Az09", "Az09"), ("gvisor.dev", "\"gvisor.dev\""),
            ("", "\"\""), ("a\"b", "'a\"b'"),
        ])
    func quoted(name: String, expected: String) { #expect(TOMLTables.quoted(name) == expected) }
}
