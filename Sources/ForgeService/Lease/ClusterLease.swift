import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import Foundation
import Synchronization

/// A Lease of the cluster, which says who changes what, since when and from where. It is taken before the first change,
/// renewed as long as the run lasts, over a connection of its own, since the others are busy for minutes, and given
/// back at the end.
package actor ClusterLease {
    private let place: LeasePlace
    private let holder: Holder
    private let host: ForgeCore.Host
    private let seconds: Int
    private let connect: @Sendable (ForgeCore.Host) async throws -> any Transport
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async throws -> Void
    private let isEnded: @Sendable (Holder) -> Bool
    private let kubectl: Kubectl
    private let state = State()
    private var transport: (any Transport)?
    private var taking: Task<Void, any Error>?
    private var renewing: Task<Void, Never>?

    /// What the fence looks at, without waiting.
    private final class State: Sendable {
        struct Known: Sendable {
            var isTaken = false
            var lost: Problem?
            var renewed: ContinuousClock.Instant?
        }
        let known = Mutex(Known())
    }

    /// `isEnded`: whether the process of that holder is known to be gone. `seconds`: how long it lasts without being
    /// renewed.
    /// `now` and `sleep`: this computer's clock.
    package init(
        _ place: LeasePlace, for holder: Holder, on host: ForgeCore.Host, seconds: Int = 60,
        isEnded: @escaping @Sendable (Holder) -> Bool,
        connect: @escaping @Sendable (ForgeCore.Host) async throws -> any Transport,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.place = place
        self.holder = holder
        self.host = host
        self.seconds = seconds
        self.isEnded = isEnded
        self.connect = connect
        self.now = now
        self.sleep = sleep
        kubectl = Kubectl(namespace: place.namespace)
    }

    /// Takes it, the first time; after that it throws when it was lost.
    package func take() async throws {
        if taking == nil { taking = Task { try await takeNow() } }
        try await taking?.value
        try fence()
    }

    /// Throws when another run has it meanwhile, or when it could not be renewed for as long as it lasts. It asks
    /// nobody.
    package nonisolated func fence() throws {
        let known = state.known.withLock { $0 }
        guard known.isTaken, let renewed = known.renewed else { return }
        if let lost = known.lost { throw lost }
        if !place.isOptional, now() - renewed > .seconds(seconds) {
            throw Problem(
                what:
                    """
                    \(host.name): stopped before the next change: the Lease \(kubectl.namespace)/\(place.name) could \
                    not be renewed
                    """,
                why: "for \(seconds) s the cluster's API did not accept it, so another run may have taken it over",
                fix: "run it again when the API answers")
        }
    }

    /// Gives it back, if it is still this run's.
    package func release() async {
        renewing?.cancel()
        _ = await renewing?.value
        let known = state.known.withLock { $0 }
        if known.isTaken, known.lost == nil { _ = try? await transport?.run(change(to: "")) }
        await transport?.close()
        transport = nil
    }

    private func takeNow() async throws {
        do {
            transport = try await connect(host)
        } catch {
            if place.isOptional { return }
            throw error
        }
        // Who else takes it at the same moment, wins or loses within one attempt.
        for _ in 0..<3 {
            let began = now()
            guard try await attempt() else { continue }
            state.known.withLock { ($0.isTaken, $0.renewed) = (true, began) }
            return startRenewing()
        }
        if state.known.withLock({ $0.isTaken }) || place.isOptional { return }
        throw Problem(held: "\(place.subject) is being changed by another kubeforge run", by: nil)
    }

    /// False when it was another's a moment ago, and it must be read again.
    private func attempt() async throws -> Bool {
        guard let transport else { return false }
        let look = try await transport.run(Command("sh", "-c", Word(look)).asRoot())
        let parts = look.text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard look.isSuccess, let now = Int(parts[0]), (0...253_402_300_799).contains(now), parts.count == 2,
            let found = LeaseObject.list(parts[1])
        else {
            if place.isOptional { return false }
            throw Problem(silent: host.name, look.lastLine ?? "")
        }
        let old = found.first { $0.metadata.name == place.name }
        if let old, !old.isFree(at: now), old.holder?.run != holder.run, !(old.holder.map(isEnded) ?? false) {
            let age = old.age(at: now).map { "it was renewed \(max(0, $0)) s ago" }
            throw Problem(held: "\(place.subject) is being changed by another kubeforge run", by: old.holder, note: age)
        }
        let manifest = LeaseObject.manifest(place, holder, seconds: seconds, now: now, replacing: old)
        let verb: Word = old == nil ? "create" : "replace"
        let namespace = place.isOptional ? ":" : NamespaceIsThere.line(place.namespace, kubectl)
        let change = Command("sh", "-c", Word("\(namespace); \(kubectl.line(verb, "-f", "-"))")).reading(manifest)
            .asRoot()
        return try await transport.run(change).isSuccess
    }

    private func startRenewing() {
        renewing = Task { [weak self, sleep, pause = Duration.seconds(seconds) / 4] in
            while !Task.isCancelled {
                guard (try? await sleep(pause)) != nil else { return }
                await self?.renew()
            }
        }
    }

    /// Only the holder's own Lease is renewed: the API server compares and writes in one.
    func renew() async {
        let began = now()
        guard let output = try? await transport?.run(change(to: holder.line)) else { return }
        if output.isSuccess { return state.known.withLock { $0.renewed = began } }
        guard ["NotFound", "test failed", "server rejected our request"].contains(where: output.errorText.contains)
        else { return }
        let problem = Problem(
            .held, what: "\(host.name): stopped before the next change: \(place.subject) is no longer this run's",
            why: "its Lease \(place.namespace)/\(place.name) was removed or taken over",
            fix: "run it again when the other run has ended")
        state.known.withLock { $0.lost = problem }
    }

    private func change(to holder: String) -> Command {
        let script = """
            patch=$(printf \
            '[{"op":"test","path":"/spec/holderIdentity","value":%s},{"op":"replace","path":"/spec/holderIdentity",\
            "value":%s},\
            {"op":"replace","path":"/spec/renewTime","value":"%s"}]' "$1" "$2" "$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)")
            exec \(kubectl.line("patch", "lease", Word(place.name), "--type=json", "--request-timeout=8s", "--patch")) \
            "$patch"
            """
        // Quoted as YAML it is JSON, too: it has no control characters.
        let values = [self.holder.line, holder].map { Word($0.yamlQuoted) }
        return Command([Word("sh"), "-c", Word(script), "sh"] + values).asRoot().within(.seconds(10))
    }

    /// The clock that renews it, and the Lease: one query. No cluster, no answer.
    private var look: String {
        "date -u +%s; "
            + kubectl.line(
                "get", "leases", "--field-selector", "metadata.name=\(place.name)", "--output", "json",
                "--request-timeout=10s")
    }
}

/// A Lease as kubectl shows it.
struct LeaseObject: Decodable, Sendable {
    struct Metadata: Decodable, Sendable {
        var name: String
        var namespace: String?
        var resourceVersion: String?
    }

    struct Spec: Decodable, Sendable {
        var holderIdentity: String?
        var leaseDurationSeconds: Int?
        var acquireTime: String?
        var renewTime: String?
        var leaseTransitions: Int?
    }

    var metadata: Metadata
    var spec: Spec?

    static func list(_ json: String) -> [LeaseObject]? {
        ObjectList<LeaseObject>.items(json)
    }

    var holder: Holder? { spec?.holderIdentity.flatMap { Holder(line: $0) } }

    /// Whether nobody has it, or nobody has renewed it for as long as it lasts. `now`: seconds since 1970, by the clock
    /// that renewed it.
    func isFree(at now: Int) -> Bool {
        guard let spec, spec.holderIdentity?.isEmpty == false else { return true }
        guard let age = age(at: now) else { return false }
        return age > min(3600, max(0, spec.leaseDurationSeconds ?? 0))
    }

    /// Seconds since it was renewed; nil where that cannot be told.
    func age(at now: Int) -> Int? {
        guard let text = spec?.renewTime, let time = Date(kubernetes: text.replacing(/\.[0-9]+/, with: "")) else {
            return nil
        }
        return now - Int(time.timeIntervalSince1970, in: .times)
    }

    /// What is written for the holder.
    static func manifest(_ place: LeasePlace, _ holder: Holder, seconds: Int, now: Int, replacing old: LeaseObject?)
        -> String
    {
        let time = Date(timeIntervalSince1970: Double(now)).formatted(.iso8601).dropLast() + ".000000Z"
        let version = old?.metadata.resourceVersion.map { "  resourceVersion: \($0.yamlQuoted)\n" } ?? ""
        return """
            apiVersion: coordination.k8s.io/v1
            kind: Lease
            metadata:
              name: \(place.name.yamlQuoted)
              namespace: \(place.namespace.yamlQuoted)
            \(version)  labels:
                app.kubernetes.io/managed-by: kubeforge
            spec:
              holderIdentity: \(holder.line.yamlQuoted)
              leaseDurationSeconds: \(seconds)
              acquireTime: "\(time)"
              renewTime: "\(time)"
              leaseTransitions: \(min(max(old?.spec?.leaseTransitions ?? -1, -1), 1_000_000) + 1)

            """
    }
}

/// Which Lease of the cluster keeps runs apart: those of one service that would undo each other, or all that change the
/// cluster itself.
package struct LeasePlace: Sendable, Hashable {
    let name: String
    let namespace: String
    /// Whether a run continues where the cluster does not answer or does not exist yet: it is what makes it answer.
    let isOptional: Bool
    /// What the Lease protects, as sentences name it.
    let subject: String

    private init(_ name: String, in namespace: String, isOptional: Bool = false, subject: String) {
        self.name = name
        self.namespace = namespace
        self.isOptional = isOptional
        self.subject = subject
    }

    /// For what changes the cluster itself.
    package static func cluster(_ cluster: Cluster) -> LeasePlace {
        LeasePlace("kubeforge", in: "kube-system", isOptional: true, subject: "the cluster \(cluster.name)")
    }

    /// For what changes which pods answer.
    package static func service(_ service: Service) -> LeasePlace {
        LeasePlace("kubeforge-\(service.name)", in: service.namespace, subject: "the service \(service.name)")
    }

    /// For one batch run, or one training, of a service at a time; both may go on beside a deploy.
    package static func jobs(_ kind: JobKind, _ service: Service) -> LeasePlace {
        let subject = kind == .train ? "the training of \(service.name)" : "batch inference with \(service.name)"
        return LeasePlace("kubeforge-\(kind.label(service))", in: service.namespace, subject: subject)
    }

    /// On all of its Leases.
    static let label = "app.kubernetes.io/managed-by=kubeforge"
}
