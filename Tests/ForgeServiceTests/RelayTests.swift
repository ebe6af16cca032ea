import Testing

@testable import ForgeService

@Suite("Machines that hand an archive on")
struct RelayTests {
    @Test("double in number: whoever has it sends it to one other at a time")
    func doubles() async {
        let relay = Relay(first: "a")
        for _ in 1...3 { await relay.join() }
        #expect(await relay.source() == "a")
        async let second = relay.source()
        await relay.sent(from: "a", to: "b")
        #expect(await second == "b")
        #expect(await relay.source() == "a")
        await relay.sent(from: "b", to: "c")
        await relay.sent(from: "a", to: "d")
        await relay.untilAllHaveIt()
    }

    @Test("forget it when all have it, but for the first, which serves who comes later")
    func later() async {
        let relay = Relay(first: "a")
        await relay.join()
        #expect(await relay.source() == "a")
        await relay.sent(from: "a", to: "b")
        await relay.untilAllHaveIt()
        await relay.join()
        #expect(await relay.source() == "a")
    }

    @Test("let one that failed serve nobody again; the one that it failed serves instead")
    func failure() async {
        let relay = Relay(first: "a")
        for _ in 1...2 { await relay.join() }
        #expect(await relay.source() == "a")
        async let second = relay.source()
        await relay.failed(keeping: nil)
        await relay.arrived(at: "b")
        #expect(await second == "b")
    }

    @Test("go on with one whose receiver was to blame")
    func blame() async {
        let relay = Relay(first: "a")
        for _ in 1...2 { await relay.join() }
        #expect(await relay.source() == "a")
        await relay.failed(keeping: "a")
        #expect(await relay.source() == "a")
    }

    @Test("leave it to the operator's machine after two failures and no success")
    func closed() async {
        let relay = Relay(first: "a")
        for _ in 1...4 { await relay.join() }
        #expect(await relay.source() == "a")
        await relay.failed(keeping: nil)
        await relay.arrived(at: "b")
        #expect(await relay.source() == "b")
        async let third = relay.source()
        await relay.failed(keeping: nil)
        #expect(await third == nil)
        await relay.arrived(at: "c")
        #expect(await relay.source() == nil)
    }

    @Test("leave it to the operator's machine where nobody is left who has it")
    func nobody() async {
        let relay = Relay(first: "a")
        for _ in 1...3 { await relay.join() }
        #expect(await relay.source() == "a")
        await relay.failed(keeping: nil)
        async let second = relay.source()
        await relay.arrived(at: nil)
        #expect(await second == nil)
        await relay.arrived(at: nil)
        await relay.giveUp()
        await relay.untilAllHaveIt()
    }
}
