import ForgeCore
import ForgeInventory
import ForgePlan

/// Asks the service as its users do, and compares each answer with what the models answered when the image was built.
package struct SmokeTest: Sendable {
    /// Where the service is, and the nodes that it is asked at.
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
        /// In the order in which they were reported, those of a load last.
        package var checks: [CheckReport]

        /// Whether there were checks, and none failed.
        package var isPassed: Bool { !checks.isEmpty && checks.allSatisfy(\.isPassed) }
    }

    /// Three round trips to the first control plane, one more for a load, and one for the tokens of a release that was
    /// rolled back to. `here` runs commands on the operator's
    /// machine; without it nothing is asked from there.
    /// Checks and notes are reported; a wrong answer is a result, and only a service that cannot be asked at all is
    /// thrown.
    package func run(controlPlane: any Transport, here: (any Transport)? = nil, reporter: any Reporter) async throws
        -> Result
    {
        let host = cluster.firstControlPlane
        let look = RunningRelease.Look(cluster.service)
        let running = try RunningRelease(
            cluster.service, host: host.name, answers: try await controlPlane.ask(look.questions, of: host))
        let chosen = choose(running.golden)
        reporter.report(.note(introduction(running, chosen)))
        for pod in running.unreadyPods { reporter.report(.note("skipped, not ready: \(pod)")) }
        let access = try await RunningAccess.of(running, cluster, on: host, over: controlPlane)
        if let note = access.note { reporter.report(.note(note)) }
        let test = TestRows(chosen, of: running.tag)
        let rows = test.read(try await controlPlane.ask(test.questions, of: host), for: running.golden)
        if !rows.isThere {
            let fix = "`kubeforge deploy` puts it there"
            reporter.report(.note("features are neither compared nor sent: \(test.path) is missing (\(fix))"))
        }
        let answerChecks = try await ask(
            probes(running, chosen, rows.features), with: access.credentials, controlPlane, from: host.name)
        let first = summary(running, chosen, rows.features)[0]
        let more = try await askFromHere(
            nodeVisits(first, running, at: \.publicAddress), with: access.credentials, here, reporter)
        let unknown = rows.isThere || running.examplesArePrivate ? rows.complaint : nil
        let certificate = access.credentials.certificate.map { $0.check(at: UTCDate.now) }
        let checks =
            (answerChecks + more).map(\.report) + [unknown, certificate].compactMap { $0 }
            + judgements(answerChecks + more, of: running.golden.models)
        for check in checks { reporter.report(.check(check)) }
        for model in running.golden.models {
            if let matrix = running.golden.confusion(of: model) { reporter.report(.confusion(matrix)) }
        }
        let one =
            running.examplesArePrivate
            ? ServiceRequest.batches(running.golden, rows: [chosen[0]], features: rows.features).first?.body : nil
        let loaded =
            try await load?.run(
                on: running, posting: one, with: access.credentials, from: host.name, controlPlane, reporter: reporter)
            ?? []
        return Result(checks: checks + loaded)
    }

    /// Everything through the Service, a row at each node, the rows together at each pod.
    private func probes(_ running: RunningRelease, _ chosen: [Int], _ features: [Int: TestRow]) -> [Probe] {
        let batches = ServiceRequest.batches(running.golden, rows: chosen, features: features)
        let requests = ServiceRequest.all(
            running.golden, rows: chosen, features: features, batches: batches, isPrivate: running.examplesArePrivate,
            needsToken: running.needsToken)
        let summary = summary(running, chosen, features)
        return requests.map { Probe(address: running.clusterAddress, request: $0) } + nodeVisits(summary[0], running)
            + running.pods.flatMap { pod in
                summary.map { Probe(address: pod.address, place: "at pod \(pod.name)", pod: pod.name, request: $0) }
            }
    }

    private func summary(_ running: RunningRelease, _ chosen: [Int], _ features: [Int: TestRow]) -> [ServiceRequest] {
        let batches = ServiceRequest.batches(running.golden, rows: chosen, features: features)
        return ServiceRequest.summary(
            running.golden, rows: chosen, batches: batches, isPrivate: running.examplesArePrivate)
    }

    /// What all answers say together.
    private func judgements(_ answerChecks: [AnswerCheck], of models: [String]) -> [CheckReport] {
        let skew = TrainingServingSkew(answerChecks).map { [$0.report] } ?? []
        guard let minimumScore, let score = answerChecks.first(where: { $0.request.path == "/score" }) else {
            return skew
        }
        return skew + ScoreGate(minimum: minimumScore).reports(score.reply, of: models)
    }

    /// The same question at the NodePort of every node, at the address that other nodes use or at another one.
    private func nodeVisits(
        _ request: ServiceRequest, _ running: RunningRelease, at address: (Host) -> String = { "\($0.address)" }
    ) -> [Probe] {
        guard let port = running.nodePort else { return [] }
        return cluster.hosts.map {
            Probe(
                address: "\(running.scheme)://\(address($0)):\(port)", place: "at \($0.name):\(port)", request: request)
        }
    }

    private func ask(
        _ probes: [Probe], with credentials: ServiceCredentials, _ transport: any Transport, from place: String
    ) async throws -> [AnswerCheck] {
        let script = RequestScript(requests: probes.map { ($0.address, $0.request) }, credentials: credentials)
        let output = try await transport.run(script.command)
        guard let replies = script.replies(from: output.standardOutput) else {
            throw Problem(noCurl: "\(place): the service could not be queried", output, on: place)
        }
        return zip(probes, replies).map { AnswerCheck(request: $0.request, reply: $1, place: $0.place, pod: $0.pod) }
    }

    /// Where the operator's machine reaches a NodePort, its answer counts, too. A firewall between them is no fault of
    /// the service.
    private func askFromHere(
        _ probes: [Probe], with credentials: ServiceCredentials, _ here: (any Transport)?, _ reporter: any Reporter
    ) async throws -> [AnswerCheck] {
        guard let here, !probes.isEmpty else { return [] }
        let answerChecks = try await ask(
            probes.map { $0.seen(from: "this computer") }, with: credentials, here, from: "this computer")
        let silent = zip(probes, answerChecks).filter { $1.isUnreached }.map(\.0.address)
        if !silent.isEmpty {
            reporter.report(
                .note("not reached from this computer: \(silent.joined(separator: ", ")) (a firewall between them?)"))
        }
        return answerChecks.filter { !$0.isUnreached }
    }

    /// One request at one address.
    private struct Probe {
        let address: String
        /// What stands beside the name of the check.
        var place = ""
        var pod: String?
        let request: ServiceRequest

        func seen(from viewer: String) -> Probe {
            Probe(address: address, place: "\(place) from \(viewer)", request: request)
        }
    }

    /// Row 23 first, as in the articles that the service is from; the last one where there are fewer.
    private func choose(_ golden: ExpectedAnswers) -> [Int] {
        var numbers = SeededNumbers(seed: seed)
        return numbers.rows(rows + 1, below: golden.count, with: min(23, golden.count - 1))
    }

    private func introduction(_ running: RunningRelease, _ chosen: [Int]) -> String {
        let pods =
            running.pods.isEmpty
            ? "" : ", and \(running.pods.count == 1 ? "its pod" : "each of its \(running.pods.count) pods"),"
        return
            """
            \(running.image) is queried through its Service (\(running.clusterAddress))\(pods) from \
            \(cluster.firstControlPlane.name): row \(chosen[0]) and \(chosen.count - 1) more of \
            \(running.golden.count), seed \(seed)
            """
    }
}

/// What each model must reach on the test set: its accuracy, or R² where it answers with a number.
struct ScoreGate: Sendable {
    /// From 0 to 1.
    let minimum: Double

    /// A check for each of the models of what `/score` answered; one that failed when it did not answer.
    func reports(_ reply: ServiceReply, of models: [String]) -> [CheckReport] {
        let answer = JSONValue(reply.body)
        return models.map { model in
            let score: Double? = if case .number(let number)? = answer?[model] { number } else { nil }
            // Nothing is scored where no column holds the truth.
            let silence = answer == .object([:]) ? "no score: the rows have no truth (service: target:)" : "nothing"
            return CheckReport(
                name: "score of \(model)", isPassed: score.map { $0 >= minimum } ?? false,
                expected: "\(minimum) or more",
                got: score.map { JSONValue.number($0).summary } ?? silence, milliseconds: 0)
        }
    }
}
