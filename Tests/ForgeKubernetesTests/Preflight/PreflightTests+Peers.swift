import Testing

@testable import ForgeKubernetes

/// Beside the other machines, and this computer: what each must have of its own, and the time that all share.
extension PreflightTests {
    @Test("is a clone of another one")
    func duplicate() {
        let facts = ["kubmaster": Example.facts("abc"), "kubnode": Example.facts("abc")]
        #expect(
            findings(Example.node, facts) == [
                [
                    "its machine-id is unique", "kubmaster has the same: abc",
                    """
                    if it is a cloned VM: `sudo rm /etc/machine-id && sudo systemd-machine-id-setup && sudo reboot` on \
                    one of them
                    """,
                ]
            ])
        #expect(findings(Example.node, ["kubmaster": Example.facts(""), "kubnode": Example.facts("")]) == [])
    }

    @Test("shares its firmware's number or a network card with another one")
    func clones() {
        func twins(_ change: (inout Facts) -> Void) -> [String] {
            findings(Example.node, ["kubmaster": Example.facts("1", change), "kubnode": Example.facts("2", change)]).map
            { $0[1] }
        }
        for uuid in ["4C4C4544-0001", "11111111-0000-0000-0000-000000000000"] {
            #expect(twins { $0.productUUID = uuid } == ["kubmaster has the same: \(uuid)"])
        }
        let same: (inout Facts) -> Void = { $0.productUUID = "4C4C4544-0001" }
        let three = [
            "kubmaster": Example.facts("1", same), "kubnode": Example.facts("2", same),
            "zebra": Example.facts("3", same),
        ]
        #expect(findings(Example.node, three).map { $0[1] } == ["kubmaster has the same: 4C4C4544-0001"])
        #expect(
            twins { $0.macAddresses = ["0a:00:00:00:00:01", "0a:00:00:00:00:02"] } == [
                "kubmaster has the same: 0a:00:00:00:00:01"
            ])
        for placeholder in ["", "00000000-0000-0000-0000-000000000000", "03000200-0400-0500-0006-000700080009"] {
            #expect(twins { $0.productUUID = placeholder } == [])
        }
        let different = [
            "kubmaster": Example.facts("1") { $0.macAddresses = ["0a:00:00:00:00:01"] },
            "kubnode": Example.facts("2") { $0.macAddresses = ["0a:00:00:00:00:02"] },
        ]
        #expect(findings(Example.node, different) == [])
    }

    @Test(
        "has a clock of its own",
        arguments: [(1060, nil), (940, nil), (1061, "it is 61 s ahead"), (900, "it is 100 s behind")])
    func clock(node: Int, expected: String?) {
        let facts = [
            "kubmaster": Example.facts("1") { $0.clock = 1000 }, "kubnode": Example.facts("2") { $0.clock = node },
        ]
        #expect(findings(Example.node, facts).map { $0[1] } == (expected.map { [$0] } ?? []))
    }

    @Test(
        "has a clock that the operator's computer has not",
        arguments: [(61, "it is 61 s ahead"), (-3600, "it is 3600 s behind")])
    func operatorsClock(skew: Int, expected: String) {
        #expect(findings { $0.skew = skew }.first?.dropLast() == ["its clock is in sync with this computer", expected])
        for near in [60, 0, -60, nil] as [Int?] { #expect(findings { $0.skew = near } == []) }
        #expect(findings { $0.skew = .min }.count == 1)
    }
}
