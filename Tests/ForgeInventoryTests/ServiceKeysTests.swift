import ForgeInventory
import Testing

@Suite("The keys of a model")
struct ServiceKeysTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write([65], to: "my churn/churn.joblib")
        try scratch.write([65], to: "my churn/test.csv")
    }

    private let keys = ServiceKeys(model: "my churn", target: "# churned", index: "id")

    private func added(_ rest: String) throws -> String? {
        try scratch.write(Array((twoHosts + rest).utf8))
        let text = try InventoryReader(home: "/home/ada").adding(keys, to: scratch.path)
        return text.map { String($0.dropFirst(twoHosts.count)) }
    }

    @Test("come below service: and leave every comment where it is")
    func isAdded() throws {
        let text = """
            # The service.
            service:   # of the ward
                # Its name.
                name: ward   # not ours alone

                replicas: 3
            # Last words.
            """
        #expect(
            try added(text) == """
                # The service.
                service:   # of the ward
                    model: "my churn"
                    target: "# churned"
                    index: id
                    # Its name.
                    name: ward   # not ours alone

                    replicas: 3
                # Last words.
                """)
    }

    @Test("stand where the other keys stand, wherever comments do")
    func indentation() throws {
        let text = "  # Its name.\n\n    name: ward\n"
        let keys = "    model: \"my churn\"\n    target: \"# churned\"\n    index: id\n"
        #expect(try added("service:\n" + text) == "service:\n" + keys + text)
    }

    @Test("are quoted where YAML would read something else")
    func quoted() {
        #expect(
            ServiceKeys(model: "~", target: #"a "b" \c"#, index: "a#1").lines == [
                #"model: "~""#, #"target: "a \"b\" \\c""#, #"index: "a#1""#,
            ])
    }

    @Test("come last where there is no such section")
    func isAppended() throws {
        #expect(
            try added("# The end.\n\n")
                == "# The end.\n\nservice:\n  model: \"my churn\"\n  target: \"# churned\"\n  index: id\n")
    }

    @Test(
        "are left to a person where something else would change",
        arguments: [
            "service: { name: ward }\n", "service:\n  model: my churn\n", "service:\n  target: a\n",
            "service: &a\n  name: ward\n", "\"service\":\n  name: ward\n",
        ])
    func isRefused(text: String) throws { #expect(try added(text) == nil) }

    @Test("keep the line ends of Windows")
    func lineEnds() throws {
        let text = (twoHosts + "service:\n  name: ward\n").replacing("\n", with: "\r\n")
        try scratch.write(Array(text.utf8))
        let added = try #require(try InventoryReader(home: "/home/ada").adding(keys, to: scratch.path))
        #expect(added.utf8.count { $0 == 10 } == added.utf8.count { $0 == 13 })
        #expect(added.contains("service:\r\n  model: \"my churn\"\r\n"))
    }
}
