import ForgeCore
import ForgePlan

/// The golden questions, put to one pod by itself.
struct PodVerification: Sendable {
    private let pod: ServicePod
    private let requests: [ServiceRequest]
    private let credentials: ServiceCredentials
    private let unknown: CheckReport?

    /// Reads the expected answers of the models that it runs.
    init(
        _ pod: ServicePod, of canary: CanaryDeployment, with credentials: ServiceCredentials, kubectl: Kubectl,
        asking machine: Machine
    ) async throws {
        self.credentials = credentials
        let look = DeployedModelFiles(deployment: canary.name, kubectl: kubectl).line("golden.json")
        let answers = try await machine.runUnlogged(Command("sh", "-c", Word(look)).asRoot()).standardOutput
        let golden = try ExpectedAnswers(answers, path: "golden.json of \(pod.name)")
        var numbers = SeededNumbers(seed: 1)
        let rows = numbers.rows(Self.rows, below: golden.count, with: min(23, golden.count - 1))
        let test = TestRows(rows, of: canary.release.tag)
        let known = test.read(try await machine.ask(test.questions), for: golden)
        self.pod = pod
        unknown = known.complaint
        requests = ServiceRequest.all(
            golden, rows: rows, features: known.features,
            batches: ServiceRequest.batches(golden, rows: rows, features: known.features),
            isPrivate: pod.examplesArePrivate, needsToken: credentials.token != nil)
    }

    /// Enough that a model which is right by chance on one row shows what it is.
    private static let rows = 20

    func checks(on machine: Machine) async throws -> [CheckReport] {
        let script = RequestScript(requests: requests.map { (pod.address, $0) }, credentials: credentials)
        let output = try await machine.runUnlogged(script.command)
        guard let replies = script.replies(from: output.standardOutput) else {
            throw Problem(noCurl: "\(machine.host.name): \(pod.name) could not be asked", output, on: machine.host.name)
        }
        let answerChecks = zip(requests, replies).map { AnswerCheck(request: $0, reply: $1, pod: pod.name) }
        return answerChecks.map(\.report) + (unknown.map { [$0] } ?? [])
            + (TrainingServingSkew(answerChecks).map { [$0.report] } ?? [])
    }
}
