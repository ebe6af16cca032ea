import ForgeCore
import ForgePlan

/// The check that a release passes before it reaches any user: its first pod, alone, answers as training did.
struct CanaryCheck: Sendable {
    let canary: CanaryDeployment
    let manifests: Manifests
    let limit: Duration
    let pause: Duration
    private let credentials: ServiceCredentials
    private let kubectl: Kubectl

    init(
        _ canary: CanaryDeployment, manifests: Manifests, namespace: String,
        with credentials: ServiceCredentials = .none, within limit: Duration,
        every pause: Duration = .seconds(1)
    ) {
        self.canary = canary
        self.credentials = credentials
        self.manifests = manifests
        self.limit = limit
        self.pause = pause
        kubectl = Kubectl(namespace: namespace)
    }

    /// The service's Deployment, and the candidate's where one is left.
    var look: String {
        kubectl.look(
            "get", "deployments", "--selector", "app.kubernetes.io/name in (\(release.name), \(canary.name))",
            "--output", "json")
    }

    func isLeft(_ state: CommandState) -> Bool { ClusterObject.list(state.text).contains(where: canary.isMade) }

    /// Asks the first pod, where the pods that are described now are others: what the Deployment describes already was
    /// asked when it came.
    /// Its problem says what users have meanwhile. No candidate is left, however it ends.
    func pass(on machine: Machine) async throws {
        let answer = try await machine.ask([.command(look)]).command(look)
        guard answer.exitCode == 0 else { throw Problem(silent: machine.host.name, answer) }
        let deployments = ClusterObject.list(answer.text)
        if let other = deployments.first(where: { $0.metadata.name == canary.name && !canary.isMade($0) }) {
            throw Problem(taken: other.metadata.name, of: release, on: machine.host)
        }
        let running = deployments.first { $0.metadata.name == release.name }?.spec?.template
        if running?.digest == manifests.template { return try await remove(machine) }
        do {
            try await start(machine)
            try await examine(machine)
        } catch {
            try? await remove(machine)
            throw Problem(error, on: machine.host.name).keeping(running?.spec)
        }
        try await remove(machine)
    }

    private func start(_ machine: Machine) async throws {
        for file in manifests.files { try await machine.write(file) }
        try await machine.run(kubectl.command("apply", "-k", Word(manifests.directory)))
        let rollout = RolloutIsComplete(
            release, of: canary.name, replicas: 1, namespace: kubectl.namespace, within: limit, every: pause)
        try await rollout.apply(to: machine)
    }

    private func examine(_ machine: Machine) async throws {
        let pods = try await machine.run(
            kubectl.command("get", "pods", "--selector", "app.kubernetes.io/name=\(canary.name)", "--output", "json"))
        guard let pod = ServicePod.list(pods.text).pods.first else {
            throw Problem(
                what: "\(machine.host.name): the canary of \(release.image) was deleted before it could be checked",
                fix: "deploy again")
        }
        let exam = try await PodVerification(pod, of: canary, with: credentials, kubectl: kubectl, asking: machine)
        let checks = try await exam.checks(on: machine)
        let wrong = checks.filter { !$0.isPassed }
        // A pod that says nothing at all is Ready to its own node's kubelet: the way to it is what is wrong, not the
        // models.
        if !wrong.isEmpty, wrong.allSatisfy({ $0.got.hasPrefix(AnswerCheck.silence) }) {
            throw Problem(noAnswers: wrong, of: checks.count, pod, release, on: machine.host)
        }
        guard wrong.isEmpty else { throw Problem(wrongAnswers: wrong, of: checks.count, release, on: machine.host) }
        machine.tell("\(checks.count) answers of \(pod.name) match training's")
    }

    /// Its Deployment alone: other objects of its manifests may be the service's own, too.
    private func remove(_ machine: Machine) async throws {
        try await machine.run(
            kubectl.command("delete", "deployment", Word(canary.name), "--ignore-not-found", "--wait=false"))
    }

    private var release: Release { canary.release }
}

extension CanaryDeployment {
    /// Whether it is the canary of the service, which may be started anew and removed.
    fileprivate func isMade(_ deployment: ClusterObject) -> Bool {
        let images = deployment.spec?.template?.spec.containers.map(\.image) ?? []
        return Self.service(of: deployment.metadata.name, running: images) == release.name
    }
}

/// The golden questions, put to one pod by itself.
private struct PodVerification: Sendable {
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
            throw Problem(
                noCurl: "\(machine.host.name): \(pod.name) could not be queried", output, on: machine.host.name)
        }
        let answerChecks = zip(requests, replies).map { AnswerCheck(request: $0, reply: $1, pod: pod.name) }
        return answerChecks.map(\.report) + (unknown.map { [$0] } ?? [])
            + (TrainingServingSkew(answerChecks).map { [$0.report] } ?? [])
    }
}

extension Problem {
    /// Another service has the name, and users reach it.
    fileprivate init(taken name: String, of release: Release, on host: Host) {
        self.init(
            what: "\(host.name): \(release.image) cannot be checked: Deployment \(name) is not its canary",
            why: "nothing was changed: another service has the name that the canary would have",
            fix: "choose another name or namespace for one of the two, under service: in its inventory")
    }

    /// What is wrong comes first: the one sentence about all rows, where there is one, and then single answers.
    fileprivate init(wrongAnswers wrong: [CheckReport], of count: Int, _ release: Release, on host: Host) {
        let told = wrong.reversed().prefix(4).map { "\($0.name): expected \($0.expected); got \($0.got)" }
        self.init(
            what:
                "\(host.name): canary of \(release.image): \(wrong.count) of \(count) answers differ from training",
            why: told.joined(separator: "\n"),
            fix:
                "correct api.py or the models (does the service transform features as training does?), and deploy again"
        )
    }

    /// Not one wrong answer came, and some did not come.
    fileprivate init(
        noAnswers silent: [CheckReport], of count: Int, _ pod: ServicePod, _ release: Release, on host: Host
    ) {
        self.init(
            what:
                """
                \(host.name): canary of \(release.image) is ready, but \(host.name) got no answer to \(silent.count) \
                of \(count) requests
                """,
            why: silent.prefix(1).map { "\($0.name) at \(pod.address): \($0.got)" }.joined(),
            fix: silent.contains { $0.got.contains(AnswerCheck.otherKey) }
                ? "somebody else answers at that address: its TLS key is not that of service: tls: certificate:"
                : silent.count < count
                    ? "some came, so the way is open: is it overloaded? `kubeforge logs` and the pod's limits tell"
                    : """
                    the network between the nodes is at fault, not the models: `kubeforge provision` says which nodes \
                    do not reach each other, and which port must be open
                    """
        )
    }

    /// What users have meanwhile.
    fileprivate func keeping(_ pod: ClusterObject.Spec.PodSpec?) -> Problem {
        let models = ModelVersion(pod)?.phrase ?? ""
        let running = pod?.containers.first.map { $0.image + models }
        return adding(
            why: running.map { "nothing changed: \($0) keeps serving" }
                ?? "no pod of it is left, and nothing ran before it")
    }
}
