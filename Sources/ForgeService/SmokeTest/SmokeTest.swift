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

    package init(cluster: Cluster, seed: UInt64 = 1, rows: Int = 20) {
        self.cluster = cluster
        self.seed = seed
        self.rows = rows
    }

    /// How it ended: all that was asked, in order.
    package struct Result: Sendable, Hashable {
        package var checks: [CheckReport]

        package var isPassed: Bool { !checks.isEmpty && checks.allSatisfy(\.isPassed) }
    }

    /// Three round trips to the first control plane. `here` runs commands on the operator's machine; without it nothing is asked from there.
    /// Checks and notes are reported; a wrong answer is a result, and only a service that cannot be asked at all is thrown.
    package func run(controlPlane: any Transport, here: (any Transport)? = nil, reporter: any Reporter) async throws -> Result {
        let host = cluster.firstControlPlane
        let look = RunningRelease.Look(cluster.service)
        let running = try RunningRelease(cluster.service, host: host.name, answers: try await controlPlane.ask(look.questions, of: host))
        let chosen = choose(running.golden)
        reporter.report(.note(introduction(running, chosen)))
        let test = TestRows(chosen, of: running.tag)
        let rows = test.lines(try await controlPlane.ask(test.questions, of: host))
        if rows.isEmpty { reporter.report(.note("the features that /line tells are not compared: \(test.path) is missing")) }
        let requests = ServiceRequest.all(running.golden, rows: chosen, csv: rows)
        let visits = requests.map { Visit(address: running.clusterAddress, request: $0) } + nodeVisits(requests[1], running)
        let checks = try await ask(visits, controlPlane, from: host.name).map(\.report)
        let more = try await askFromHere(nodeVisits(requests[1], running), here, reporter)
        for check in checks + more { reporter.report(.check(check)) }
        return Result(checks: checks + more)
    }

    /// The same question at the NodePort of every node.
    private func nodeVisits(_ request: ServiceRequest, _ running: RunningRelease) -> [Visit] {
        guard let port = running.nodePort else { return [] }
        return cluster.hosts.map { Visit(address: "http://\($0.address):\(port)", place: "at \($0.name):\(port)", request: request) }
    }

    private func ask(_ visits: [Visit], _ transport: any Transport, from place: String) async throws -> [Verdict] {
        let script = RequestScript(requests: visits.map { ($0.address, $0.request) })
        let output = try await transport.run(script.command)
        guard let replies = script.replies(from: output.standardOutput) else {
            throw Problem(
                what: "\(place): the service could not be asked", why: output.lastLine, fix: "is curl there? `curl --version` on \(place)")
        }
        return zip(visits, replies).map { Verdict(request: $0.request, reply: $1, place: $0.place) }
    }

    /// Where the operator's machine reaches a NodePort, its answer counts, too. A firewall between them is no fault of the service.
    private func askFromHere(_ visits: [Visit], _ here: (any Transport)?, _ reporter: any Reporter) async throws -> [CheckReport] {
        guard let here, !visits.isEmpty else { return [] }
        let verdicts = try await ask(visits.map { $0.seen(from: "this computer") }, here, from: "this computer")
        let silent = zip(visits, verdicts).filter { $1.reply.status == 0 }.map(\.0.address)
        if !silent.isEmpty {
            reporter.report(.note("not reached from this computer: \(silent.joined(separator: ", ")) (a firewall between them?)"))
        }
        return verdicts.filter { $0.reply.status != 0 }.map(\.report)
    }

    /// One request at one address.
    private struct Visit {
        let address: String
        /// Beside the name of the check.
        var place = ""
        let request: ServiceRequest

        func seen(from viewer: String) -> Visit { Visit(address: address, place: "\(place) from \(viewer)", request: request) }
    }

    /// Row 23 first, as in the articles that the service is from; the last one where there are fewer.
    private func choose(_ golden: Golden) -> [Int] {
        var numbers = SeededNumbers(seed: seed)
        return numbers.rows(rows + 1, below: golden.count, with: min(23, golden.count - 1))
    }

    private func introduction(_ running: RunningRelease, _ chosen: [Int]) -> String {
        "\(running.image) is asked through its Service (\(running.clusterAddress)) from \(cluster.firstControlPlane.name): "
            + "row \(chosen[0]) and \(chosen.count - 1) more of \(running.golden.count), seed \(seed)"
    }
}
