import ForgeCore
import ForgePlan

/// The golden questions, put to one pod by itself.
struct PodExam: Sendable {
    private let pod: ServicePod
    private let requests: [ServiceRequest]
    private let unknown: CheckReport?

    /// Reads the right answers of the models that it runs.
    init(_ pod: ServicePod, of candidate: Candidate, kubectl: Kubectl, asking machine: Machine) async throws {
        let look = RunningModels(deployment: candidate.name, kubectl: kubectl).line("golden.json")
        let answers = try await machine.quietly(Command("sh", "-c", Word(look)).asRoot()).standardOutput
        let golden = try Golden(answers, path: "golden.json of \(pod.name)")
        var numbers = SeededNumbers(seed: 1)
        let rows = numbers.rows(Self.rows, below: golden.count, with: min(23, golden.count - 1))
        let test = TestRows(rows, of: candidate.release.tag)
        let known = test.read(try await machine.ask(test.questions), for: golden)
        self.pod = pod
        unknown = known.complaint
        requests = ServiceRequest.all(
            golden, rows: rows, features: known.features,
            batches: ServiceRequest.batches(golden, rows: rows, features: known.features), isPrivate: pod.examplesArePrivate)
    }

    /// Enough that a model which is right by chance on one row shows what it is.
    private static let rows = 20

    func checks(on machine: Machine) async throws -> [CheckReport] {
        let script = RequestScript(requests: requests.map { (pod.address, $0) })
        let output = try await machine.quietly(script.command)
        guard let replies = script.replies(from: output.standardOutput) else {
            throw Problem(noCurl: "\(machine.host.name): \(pod.name) could not be asked", output, on: machine.host.name)
        }
        let verdicts = zip(requests, replies).map { Verdict(request: $0, reply: $1, pod: pod.name) }
        return verdicts.map(\.report) + (unknown.map { [$0] } ?? []) + (Skew(verdicts).map { [$0.report] } ?? [])
    }
}
