import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeService

@Suite("A Lease of the cluster")
struct ClusterLeaseTests {
    static func holder(_ digit: String, _ command: String = "deploy") -> Holder {
        Holder(
            run: String(repeating: digit, count: 16), person: "anna@laptop", computer: "c0ffee", processID: 123,
            since: "2026-11-21T09:12:03Z", command: command)
    }

    /// Its clock stands still unless a test moves it.
    func lease(
        _ cluster: FakeLease, _ place: LeasePlace? = nil, clock: TestClock = TestClock(),
        isEnded: @escaping @Sendable (Holder) -> Bool = { _ in false }
    ) -> (ClusterLease, ScriptedTransport) {
        let transport = cluster.transport
        let lease = ClusterLease(
            place ?? .service(Example.cluster().service), for: Self.holder("a"), on: Example.master, isEnded: isEnded,
            connect: { _ in transport }, now: { clock.now }, sleep: { try await clock.sleep(for: $0) })
        return (lease, transport)
    }

    @Test(
        "is taken before the first change, in two round trips, and then asked for no more; at the end it is given back")
    func taken() async throws {
        let cluster = FakeLease()
        let (lease, transport) = lease(cluster)
        try lease.fence()
        #expect(await transport.commands.count == 0)
        try await lease.take()
        try await lease.take()
        #expect(await transport.commands.count == 2)
        #expect(cluster.state.withLock { $0.holder } == Self.holder("a").line)
        #expect(
            await transport.commands[1].inputText == """
                apiVersion: coordination.k8s.io/v1
                kind: Lease
                metadata:
                  name: "kubeforge-inference"
                  namespace: "mlops"
                  labels:
                    app.kubernetes.io/managed-by: kubeforge
                spec:
                  holderIdentity: "\(Self.holder("a").line)"
                  leaseDurationSeconds: 60
                  acquireTime: "2026-11-21T09:06:50.000000Z"
                  renewTime: "2026-11-21T09:06:50.000000Z"
                  leaseTransitions: 0

                """)
        await lease.release()
        #expect(await transport.commands.count == 3)
        #expect(await transport.commands[2].line.contains("patch lease kubeforge-inference"))
    }

    @Test("that another run has is refused with who, since when and from where, and nothing is written")
    func held() async throws {
        let cluster = FakeLease(.init(holder: Self.holder("b", "batch run").line))
        let (lease, transport) = lease(cluster)
        let problem = await #expect(throws: Problem.self) { try await lease.take() }
        #expect(
            problem?.description == """
                the service inference is being changed by another kubeforge run
                  why  it is held by `kubeforge batch run` of anna@laptop, process 123, since 2026-11-21T09:12:03Z
                       it was renewed 10 s ago
                  fix  wait for it to end; after a run that was killed, `kubeforge unlock` shows and removes what it \
                held
                """)
        #expect(problem?.kind == .held)
        await #expect(throws: Problem.self) { try await lease.take() }
        await lease.release()
        #expect(await transport.commands.count == 1)
        let unknown = FakeLease(.init(holder: "somebody's own words"))
        let theirs = await #expect(throws: Problem.self) { try await self.lease(unknown) { _ in true }.0.take() }
        #expect(theirs?.why == "its holder is not known\nit was renewed 10 s ago")
        #expect(unknown.state.withLock { $0.holder } == "somebody's own words")
    }

    @Test(
        """
        that nobody has renewed for as long as it lasts, or whose process is known to be gone, or that was given back, \
        is taken over
        """,
        arguments: ["late", "ended", "empty", "held"])
    func takenOver(why: String) async throws {
        var state = FakeLease.State(holder: why == "empty" ? "" : Self.holder("b").line)
        state.now = state.renewed + (why == "late" ? 61 : 60)
        let cluster = FakeLease(state)
        let (lease, transport) = lease(cluster) { [other = Self.holder("b")] in why == "ended" && $0 == other }
        if why == "held" {
            await #expect(throws: Problem.self) { try await lease.take() }
        } else {
            try await lease.take()
            #expect(cluster.state.withLock { $0.holder } == Self.holder("a").line)
            #expect(await transport.commands[1].inputText.contains("resourceVersion: \"7\""))
        }
        await lease.release()
    }

    @Test("that two take at once is one's alone")
    func race() async throws {
        for first in [nil, ""] {
            let cluster = FakeLease(.init(holder: first, rival: Self.holder("b").line))
            let (lease, _) = lease(cluster)
            let problem = await #expect(throws: Problem.self) { try await lease.take() }
            #expect(problem?.kind == .held)
            #expect(cluster.state.withLock { $0.holder } == Self.holder("b").line)
        }
    }

    @Test("is tried for three times, where somebody else writes it each time and gives it back")
    func attempts() async throws {
        let transport = ScriptedTransport { command in
            command.words.map(\.text).joined().contains("get leases")
                ? Output("1795252010\n{\"items\":[]}\n") : .failed(1, "Conflict")
        }
        let lease = ClusterLease(
            .service(Example.cluster().service), for: Self.holder("a"), on: Example.master, isEnded: { _ in false },
            connect: { _ in transport })
        let problem = await #expect(throws: Problem.self) { try await lease.take() }
        #expect(
            problem?.description == """
                the service inference is being changed by another kubeforge run
                  why  its holder is not known
                  fix  wait for it to end; after a run that was killed, `kubeforge unlock` shows and removes what it \
                held
                """)
        #expect(await transport.commands.count == 6)
        await lease.release()
        #expect(await transport.commands.count == 6)
    }

    @Test(
        "is not taken by a clock that nobody can read",
        arguments: [
            ("", false), ("soon", false), ("-1", false), ("0", true), ("253402300799", true), ("253402300800", false),
        ])
    func clock(time: String, isRead: Bool) async throws {
        let transport = ScriptedTransport { command in
            command.words.map(\.text).joined().contains("get leases") && !time.isEmpty
                ? Output("\(time)\n{\"items\":[]}\n") : Output("")
        }
        let lease = ClusterLease(
            .service(Example.cluster().service), for: Self.holder("a"), on: Example.master, isEnded: { _ in false },
            connect: { _ in transport }, sleep: { try await TestClock().sleep(for: $0) })
        if isRead {
            try await lease.take()
        } else {
            let problem = await #expect(throws: Problem.self) { try await lease.take() }
            #expect(problem?.what == "kubmaster: the cluster's API does not answer")
        }
        #expect(await transport.commands.count == (isRead ? 2 : 1))
        await lease.release()
    }

    @Test("is no condition where the run itself makes the cluster answer, and one everywhere else")
    func optional() async throws {
        let silent = FakeLease(.init(isSilent: true))
        let (own, transport) = lease(silent, .cluster(Example.cluster()))
        try await own.take()
        await own.release()
        #expect(await transport.commands.count == 3, "it was looked for, and what was not taken is not given back")
        await #expect(throws: Problem.self) { try await lease(silent).0.take() }
    }

    @Test("is the service's own: two services, and a deploy beside a batch run, do not wait for each other")
    func places() {
        let (one, two) = (ForgeInventory.Service(), ForgeInventory.Service(name: "eeg"))
        let all: [LeasePlace] = [
            .service(one), .service(two), .jobs(.batch, one), .jobs(.train, one), .jobs(.batch, two),
            .cluster(Example.cluster()),
        ]
        #expect(Set(all).count == all.count)
        #expect(
            all.map(\.name) == [
                "kubeforge-inference", "kubeforge-eeg", "kubeforge-inference-batch", "kubeforge-inference-train",
                "kubeforge-eeg-batch",
                "kubeforge",
            ])
        #expect(
            all.map(\.subject) == [
                "the service inference", "the service eeg", "batch inference with inference",
                "the training of inference", "batch inference with eeg", "the cluster lab",
            ])
    }
}
