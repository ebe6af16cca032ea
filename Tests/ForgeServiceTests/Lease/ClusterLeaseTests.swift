import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

/// An API server with one Lease, as its control plane is asked for it.
private final class FakeLease: Sendable {
    struct State {
        var holder: String?
        var renewed = 1_795_252_000
        var now = 1_795_252_010
        var version = 7
        var isSilent = false
        /// Takes the Lease just before the next write.
        var rival: String?
    }

    let state: Mutex<State>
    let scripts = Mutex<[String]>([])

    init(_ state: State = State()) { self.state = Mutex(state) }

    var transport: ScriptedTransport { ScriptedTransport { self.reply($0) } }

    private func reply(_ command: Command) -> Output? {
        let script = command.words.map(\.text).joined(separator: " ")
        scripts.withLock { $0.append(script + command.inputText) }
        return state.withLock { state in
            if state.isSilent { return .failed(1, "The connection to the server was refused") }
            if script.contains("get leases") {
                let time =
                    Date(timeIntervalSince1970: Double(state.renewed)).formatted(.iso8601).dropLast() + ".000000Z"
                let item = state.holder.map {
                    #"""
                    {"metadata":{"name":"kubeforge-inference","resourceVersion":"\#(state.version)"},"spec":{\#
                    "holderIdentity":"\#($0)","leaseDurationSeconds":60,"renewTime":"\#(time)"}}
                    """#
                }
                // kubectl's own JSON has line ends.
                return Output("\(state.now)\n{\n\"items\":[\n\(item ?? "")\n]\n}\n")
            }
            if let rival = state.rival {
                (state.holder, state.renewed, state.rival, state.version) = (rival, state.now, nil, state.version + 1)
            }
            if script.contains("patch lease") {
                guard let holder = state.holder else {
                    return .failed(1, "Error from server (NotFound): leases not found")
                }
                guard script.contains(holder) else {
                    return .failed(1, "The request is invalid: the server rejected our request")
                }
                return Output("")
            }
            let isFit =
                script.contains("create -f -\u{27}") || !script.contains("replace")
                ? state.holder == nil : command.inputText.contains("\"\(state.version)\"")
            guard isFit, let line = command.inputText.firstMatch(of: /holderIdentity: "(.*)"/) else {
                return .failed(1, "Conflict")
            }
            (state.holder, state.renewed) = (String(line.1), state.now)
            return Output("")
        }
    }
}

@Suite("A Lease of the cluster")
struct ClusterLeaseTests {
    private static func holder(_ digit: String, _ command: String = "deploy") -> Holder {
        Holder(
            run: String(repeating: digit, count: 16), person: "anna@laptop", computer: "c0ffee", processID: 123,
            since: "2026-11-21T09:12:03Z", command: command)
    }

    /// Its clock stands still unless a test moves it.
    private func lease(
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

    @Test("is shown and removed by unlock, which leaves those that nobody holds")
    func unlocked() async throws {
        let step = LeasesAreFree(Example.cluster().services)
        let held =
            #"""
            {"metadata":{"name":"kubeforge-inference","namespace":"mlops"},"spec":{\#
            "holderIdentity":"\#(Self.holder("b").line)","renewTime":"2026-11-21T09:06:40.000000Z"}}
            """#
        let free = #"{"metadata":{"name":"kubeforge","namespace":"kube-system"},"spec":{"holderIdentity":""}}"#
        let other = held.replacing(#""mlops""#, with: #""shop""#)
        let text = "1795252010\n{\"items\":[\(free),\n\(held),\(other)]}\n"
        #expect(
            step.differences(whenLookEnds: 0, text) == [
                """
                Lease mlops/kubeforge-inference is held by `kubeforge deploy` of anna@laptop, process 123, since \
                2026-11-21T09:12:03Z, renewed 10 s ago
                """
            ])
        #expect(step.differences(whenLookEnds: 0, "1795252010\n") == [])
        #expect(
            step.differences(whenLookEnds: 0, "1795252010\n{\"items\": [{\"metadata\"") == [
                "who holds the cluster is not known: kubectl's list of Leases cannot be read"
            ])
        let silence = step.differences(whenLookEnds: 1, "1795252010\n\nno route to host")
        #expect(silence == ["who holds the cluster is not known: no route to host"])
        let refusal = step.refusal(of: silence.map { Difference($0) }, on: Example.master)
        #expect(refusal?.what == "kubmaster: the cluster's API does not answer")
        #expect(refusal?.why == "no route to host")
        #expect(step.differences(whenLookEnds: 1, "1795252010") == ["who holds the cluster is not known"])
        #expect(step.refusal(of: [Difference("Lease a/b is held by c")], on: Example.master) == nil)
        let host = ScriptedTransport {
            $0.inputText.contains("get leases") ? Output(answering: CommandState(text: text)) : Output("")
        }
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(
            await host.commands.dropFirst().map(\.line).map { String($0.suffix(55)) }
                == [
                    "mlops delete lease --ignore-not-found kubeforge-inference"
                ].map { String($0.suffix(55)) })
    }
}
