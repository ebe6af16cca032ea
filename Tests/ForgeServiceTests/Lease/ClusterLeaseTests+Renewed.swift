import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

/// How it is renewed, and a run that has lost it stops.
extension ClusterLeaseTests {
    @Test("is renewed each quarter of the time that it lasts", .timeLimit(.minutes(1)))
    func renewed() async throws {
        let cluster = FakeLease()
        let transport = cluster.transport
        let pauses = Mutex<[Duration]>([])
        let (fourth, end) = AsyncStream<Void>.makeStream()
        let lease = ClusterLease(
            .service(Example.cluster().service), for: Self.holder("a"), on: Example.master, isEnded: { _ in false },
            connect: { _ in transport },
            sleep: { pause in
                let count = pauses.withLock { all in
                    all.append(pause)
                    return all.count
                }
                if count < 4 { return }
                end.finish()
                throw CancellationError()
            })
        try await lease.take()
        for await _ in fourth {}
        let renewals = await transport.commands.map { $0.line.contains("patch lease kubeforge-inference") }
        #expect(renewals == [false, false, true, true, true])
        #expect(pauses.withLock { $0 } == [Duration](repeating: .seconds(15), count: 4))
        await lease.release()
    }

    @Test("is renewed and given back by JSON, whatever the person is called")
    func json() async throws {
        let cluster = FakeLease()
        let transport = cluster.transport
        var holder = Self.holder("a")
        holder.person = #"DOMAIN\jürgen"@pc"#
        let lease = ClusterLease(
            .service(Example.cluster().service), for: holder, on: Example.master, isEnded: { _ in false },
            connect: { _ in transport })
        try await lease.take()
        await lease.renew()
        let words = try #require(await transport.commands.last).words.map(\.text)
        await lease.release()
        // kubectl prints what it would send.
        let script =
            "kubectl() { shift $(($# - 1)); printf '%s' \"$1\"; }; " + words[2].replacing("exec ", with: "exit=; ")
        let sent = try LocalProgram("sh", "-c", script, "sh", words[4], words[5]).output
        let patch = try JSONSerialization.jsonObject(with: Data(sent.utf8)) as? [[String: String]]
        #expect(patch?.map { $0["value"] ?? "" }.prefix(2) == [holder.line, holder.line], "\(sent)")
    }

    @Test(
        "that could not be renewed for longer than it lasts stops the run before its next change, until it is renewed")
    func late() async throws {
        let cluster = FakeLease()
        let clock = TestClock()
        let (lease, _) = lease(cluster, clock: clock)
        try await lease.take()
        clock.advance(by: .seconds(60))
        try lease.fence()
        clock.advance(by: .seconds(1))
        let problem = #expect(throws: Problem.self) { try lease.fence() }
        #expect(
            problem?.description == """
                kubmaster: stopped before the next change: the Lease mlops/kubeforge-inference could not be renewed
                  why  for 60 s the cluster's API did not accept it, so another run may have taken it over
                  fix  run it again when the API answers
                """)
        await lease.renew()
        try lease.fence()
        cluster.state.withLock { $0.isSilent = true }
        clock.advance(by: .seconds(61))
        await lease.renew()
        #expect(throws: Problem.self) { try lease.fence() }
        await lease.release()
    }

    @Test(
        "that was taken over or removed stops the run before its next change, and is not given back",
        arguments: ["other", nil])
    func lost(by other: String?) async throws {
        let cluster = FakeLease()
        let (lease, transport) = lease(cluster)
        try await lease.take()
        await lease.renew()
        try lease.fence()
        cluster.state.withLock { $0.isSilent = true }
        await lease.renew()
        try lease.fence()
        cluster.state.withLock { ($0.isSilent, $0.holder) = (false, other) }
        await lease.renew()
        let problem = #expect(throws: Problem.self) { try lease.fence() }
        #expect(problem?.kind == .held)
        await #expect(throws: Problem.self) { try await lease.take() }
        let count = await transport.commands.count
        await lease.release()
        #expect(await transport.commands.count == count)
    }
}
