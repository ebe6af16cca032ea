import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("A token for joining")
struct JoinTokenTests {
    private static let delete = "kubeadm token delete --kubeconfig /etc/kubernetes/admin.conf abcdef"

    private func worker(_ office: TokenOffice) -> Machine {
        Example.machine(peers: { name in
            guard name == "kubmaster" else { throw Problem(what: "\(name) is not connected") }
            return office.machine
        }).0
    }

    @Test("is made once for all that join at the same time, and deleted after the last one")
    func shared() async throws {
        let (office, token) = (TokenOffice(), JoinToken(controlPlane: "kubmaster"))
        let (machine, inside, door) = (worker(office), Barrier(3), Seen())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try? await token.withToken(through: machine) { ticket in
                        door.add("\(ticket.token) \(ticket.caHash)")
                        await inside.arrive()
                    }
                }
            }
        }
        #expect(await office.log == ["create", Self.delete])
        #expect(door.all == Array(repeating: "\(joinSecret) sha256:00ff", count: 3))
    }

    @Test("is kept for as long as one still joins")
    func kept() async throws {
        let (office, token) = (TokenOffice(), JoinToken(controlPlane: "kubmaster"))
        let (machine, inside) = (worker(office), Barrier(2))
        let (waiting, door) = AsyncStream.makeStream(of: Void.self)
        let slow = Task {
            try await token.withToken(through: machine) { _ in
                await inside.arrive()
                for await _ in waiting {}
            }
        }
        try await token.withToken(through: machine) { _ in await inside.arrive() }
        #expect(await office.log == ["create"])
        door.finish()
        try await slow.value
        #expect(await office.log == ["create", Self.delete])
    }

    @Test("is deleted though the join failed, and the failure is told")
    func failure() async throws {
        let (office, token) = (TokenOffice(), JoinToken(controlPlane: "kubmaster"))
        await #expect(throws: Problem(what: "no")) {
            try await token.withToken(through: worker(office)) { _ in throw Problem(what: "no") }
        }
        #expect(await office.log == ["create", Self.delete])
    }

    @Test("is a new one for who comes later")
    func later() async throws {
        let (office, token) = (TokenOffice(), JoinToken(controlPlane: "kubmaster"))
        for _ in 0..<2 { try await token.withToken(through: worker(office)) { _ in } }
        #expect(await office.log == ["create", Self.delete, "create", Self.delete])
    }

    @Test("that cannot be made is nobody's, and the next one asks again")
    func notMade() async {
        let token = JoinToken(controlPlane: "kubmaster")
        let silent = Machine(host: Example.master, transport: ScriptedTransport { _ in Output("00ff  -\n") })
        let (machine, _) = Example.machine(peers: { _ in silent })
        for _ in 0..<2 {
            let problem = await #expect(throws: Problem.self) {
                try await token.withToken(through: machine) { _ in Issue.record("there is no token") }
            }
            #expect(problem?.what == "kubmaster: no join token could be made")
        }
    }
}

/// Lets nobody through before all have arrived.
private actor Barrier {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { missing = count }

    func arrive() async {
        missing -= 1
        if missing > 0 {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            for one in waiting { one.resume() }
        }
    }
}
