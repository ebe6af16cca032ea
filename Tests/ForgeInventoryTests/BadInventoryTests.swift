import Testing

@Suite("A bad inventory")
struct BadInventoryTests {
    static let all = [
        keysFaults, foreignFaults, typesFaults, hostsFaults, networksFaults, versionsFaults, loginFaults, mirrorsFaults,
        serviceFaults,
        labFaults,
        yamlFaults,
    ].flatMap(\.self)

    @Test("is told with every fault, its place and what to do", arguments: all)
    func isTold(bad: BadInventory) throws {
        #expect(try Scratch().problems(bad.text).joined(separator: "\n") == bad.told)
    }
}
