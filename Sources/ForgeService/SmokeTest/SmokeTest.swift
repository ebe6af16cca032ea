import ForgeCore
import ForgeInventory
import ForgePlan

/// Asks the service as its users do, and compares each answer with what the training pipeline said.
package struct SmokeTest: Sendable {
    package let cluster: Cluster
    /// Chooses the rows; said in a note, so that a run can be repeated.
    package let seed: UInt64
    /// Rows beside the first.
    package let rows: Int
    /// What each model must reach on the test set, from 0 to 1; nil asks for nothing.
    package let minimumScore: Double?

    /// What follows the questions; nil asks each of them once, and no more.
    package let load: Load?

    package init(cluster: Cluster, seed: UInt64 = 1, rows: Int = 20, minimumScore: Double? = nil, load: Load? = nil) {
        self.cluster = cluster
        self.seed = seed
        self.rows = rows
        self.minimumScore = minimumScore
        self.load = load
    }

    /// How it ended: all that was asked, in order.
    package struct Result: Sendable, Hashable {
        package var checks: [CheckReport]

        package var isPassed: Bool { !checks.isEmpty && checks.allSatisfy(\.isPassed) }
    }

    /// Three round trips to the first control plane, and one more for a load. `here` runs commands on the operator's machine; without it nothing is asked from there.
    /// Checks and notes are reported; a wrong answer is a result, and only a service that cannot be asked at all is thrown.
    package func run(controlPlane: any Transport, here: (any Transport)? = nil, reporter: any Reporter) async throws -> Result {
        let host = cluster.firstControlPlane
        let look = RunningRelease.Look(cluster.service)
        let running = try RunningRelease(cluster.service, host: host.name, answers: try await controlPlane.ask(look.questions, of: host))
        let chosen = choose(running.golden)
        reporter.report(.note(introduction(running, chosen)))
        for pod in running.silentPods { reporter.report(.note("not asked by itself: \(pod)")) }
        let test = TestRows(chosen, of: running.tag)
        let rows = test.read(try await controlPlane.ask(test.questions, of: host), for: running.golden)
        if !rows.isThere {
            let fix = "`kubeforge deploy` keeps it there"
            reporter.report(.note("features are neither compared nor sent: \(test.path) is missing (\(fix))"))
        }
        let verdicts = try await ask(visits(running, chosen, rows.features), controlPlane, from: host.name)
        let first = brief(running, chosen, rows.features)[0]
        let more = try await askFromHere(nodeVisits(first, running, at: \.publicAddress), here, reporter)
        let unknown = rows.isThere || running.examplesArePrivate ? rows.complaint : nil
        let checks = (verdicts + more).map(\.report) + (unknown.map { [$0] } ?? []) + judgements(verdicts + more)
        for check in checks { reporter.report(.check(check)) }
        for matrix in Golden.models.compactMap(running.golden.confusion) { reporter.report(.confusion(matrix)) }
        let one =
            running.examplesArePrivate
            ? ServiceRequest.batches(running.golden, rows: [chosen[0]], features: rows.features).first?.body : nil
        let loaded = try await load?.run(on: running, posting: one, from: host.name, controlPlane, reporter: reporter) ?? []
        return Result(checks: checks + loaded)
    }

    /// Everything through the Service, a row at each node, the rows together at each pod.
    private func visits(_ running: RunningRelease, _ chosen: [Int], _ features: [Int: [Double]]) -> [Visit] {
        let batches = ServiceRequest.batches(running.golden, rows: chosen, features: features)
        let requests = ServiceRequest.all(
            running.golden, rows: chosen, features: features, batches: batches, isPrivate: running.examplesArePrivate)
        let brief = brief(running, chosen, features)
        return requests.map { Visit(address: running.clusterAddress, request: $0) } + nodeVisits(brief[0], running)
            + running.pods.flatMap { pod in
                brief.map { Visit(address: pod.address, place: "at pod \(pod.name)", pod: pod.name, request: $0) }
            }
    }

    private func brief(_ running: RunningRelease, _ chosen: [Int], _ features: [Int: [Double]]) -> [ServiceRequest] {
        let batches = ServiceRequest.batches(running.golden, rows: chosen, features: features)
        return ServiceRequest.brief(running.golden, rows: chosen, batches: batches, isPrivate: running.examplesArePrivate)
    }

    /// What all answers say together.
    private func judgements(_ verdicts: [Verdict]) -> [CheckReport] {
        let skew = Skew(verdicts).map { [$0.report] } ?? []
        guard let minimumScore, let score = verdicts.first(where: { $0.request.path == "/score" }) else { return skew }
        return skew + ScoreGate(minimum: minimumScore).reports(score.reply)
    }

    /// The same question at the NodePort of every node, at the address that other nodes use or at another one.
    private func nodeVisits(
        _ request: ServiceRequest, _ running: RunningRelease, at address: (Host) -> String = { "\($0.address)" }
    ) -> [Visit] {
        guard let port = running.nodePort else { return [] }
        return cluster.hosts.map { Visit(address: "http://\(address($0)):\(port)", place: "at \($0.name):\(port)", request: request) }
    }

    private func ask(_ visits: [Visit], _ transport: any Transport, from place: String) async throws -> [Verdict] {
        let script = RequestScript(requests: visits.map { ($0.address, $0.request) })
        let output = try await transport.run(script.command)
        guard let replies = script.replies(from: output.standardOutput) else {
            throw Problem(noCurl: "\(place): the service could not be asked", output, on: place)
        }
        return zip(visits, replies).map { Verdict(request: $0.request, reply: $1, place: $0.place, pod: $0.pod) }
    }

    /// Where the operator's machine reaches a NodePort, its answer counts, too. A firewall between them is no fault of the service.
    private func askFromHere(_ visits: [Visit], _ here: (any Transport)?, _ reporter: any Reporter) async throws -> [Verdict] {
        guard let here, !visits.isEmpty else { return [] }
        let verdicts = try await ask(visits.map { $0.seen(from: "this computer") }, here, from: "this computer")
        let silent = zip(visits, verdicts).filter { $1.reply.status == 0 }.map(\.0.address)
        if !silent.isEmpty {
            reporter.report(.note("not reached from this computer: \(silent.joined(separator: ", ")) (a firewall between them?)"))
        }
        return verdicts.filter { $0.reply.status != 0 }
    }

    /// One request at one address.
    private struct Visit {
        let address: String
        /// Beside the name of the check.
        var place = ""
        var pod: String?
        let request: ServiceRequest

        func seen(from viewer: String) -> Visit { Visit(address: address, place: "\(place) from \(viewer)", request: request) }
    }

    /// Row 23 first, as in the articles that the service is from; the last one where there are fewer.
    private func choose(_ golden: Golden) -> [Int] {
        var numbers = SeededNumbers(seed: seed)
        return numbers.rows(rows + 1, below: golden.count, with: min(23, golden.count - 1))
    }

    private func introduction(_ running: RunningRelease, _ chosen: [Int]) -> String {
        let pods = running.pods.isEmpty ? "" : ", and \(running.pods.count == 1 ? "its pod" : "each of its \(running.pods.count) pods"),"
        return "\(running.image) is asked through its Service (\(running.clusterAddress))\(pods) from \(cluster.firstControlPlane.name): "
            + "row \(chosen[0]) and \(chosen.count - 1) more of \(running.golden.count), seed \(seed)"
    }
}
