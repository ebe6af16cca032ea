import ForgeCore
import ForgePlan

/// A first pod of the release has answered as training did, before any user met it.
///
/// It is asked of what is about to run: pods that the Deployment already describes were asked when they came.
package struct FirstPodAnswers: Step {
    private let candidate: Candidate
    private let manifests: Manifests
    private let kubectl: Kubectl
    private let limit: Duration
    private let pause: Duration

    init(
        _ candidate: Candidate, manifests: Manifests, namespace: String, within limit: Duration, every pause: Duration = .seconds(1)
    ) {
        self.candidate = candidate
        self.manifests = manifests
        self.limit = limit
        self.pause = pause
        kubectl = Kubectl(namespace: namespace)
    }

    package var title: String { "a first pod of \(release.image) answers as training did" }

    package var questions: [Question] { [.command(look)] }

    package func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else { return ["the cluster could not be asked about \(release.name)"] }
        let objects = ClusterObject.list(answer.text)
        let isLeft = objects.contains { $0.metadata.name == candidate.name }
        let running = objects.first { $0.metadata.name == release.name }?.spec?.template
        if running?.metadata?.annotations?[ClusterObject.template] == manifests.template {
            return isLeft ? ["\(candidate.name) of an earlier run is left"] : []
        }
        let image = running?.spec.containers.first?.image
        return [image == nil ? "nothing runs yet" : image == release.reference ? "its pods are described otherwise" : "\(image!) runs"]
    }

    package func apply(to machine: Machine) async throws {
        let isOnlyLeft = try await differences(given: machine.ask(questions)).allSatisfy { $0.text.hasSuffix("is left") }
        if isOnlyLeft { return try await remove(machine) }
        do {
            try await start(machine)
            try await examine(machine)
        } catch {
            try? await remove(machine)
            throw Problem(error, on: machine.host.name).keepingOld(try? await oldImage(machine))
        }
        try await remove(machine)
    }

    private func start(_ machine: Machine) async throws {
        for file in manifests.files { try await machine.write(file) }
        try await machine.run(kubectl.command("apply", "-k", Word(manifests.folder)))
        let rollout = RolloutIsComplete(
            release, of: candidate.name, replicas: 1, namespace: kubectl.namespace, within: limit, every: pause)
        if try await !rollout.differences(given: machine.ask(rollout.questions)).isEmpty { try await rollout.apply(to: machine) }
    }

    private func examine(_ machine: Machine) async throws {
        let pods = try await machine.run(
            kubectl.command("get", "pods", "--selector", "app.kubernetes.io/name=\(candidate.name)", "--output", "json"))
        guard let pod = ServicePod.list(pods.text).pods.first else {
            throw Problem(what: "\(machine.host.name): the first pod of \(release.image) is gone before it was asked", fix: "deploy again")
        }
        let exam = try await PodExam(pod, release: release, asking: machine)
        let checks = try await exam.checks(on: machine)
        let wrong = checks.filter { !$0.isPassed }
        guard wrong.isEmpty else { throw Problem(wrongAnswers: wrong, of: checks.count, release, on: machine.host) }
        machine.tell("\(checks.count) answers of \(pod.name) are as training's")
    }

    /// Its Deployment alone: other objects of its manifests may be the service's own, too.
    private func remove(_ machine: Machine) async throws {
        try await machine.run(kubectl.command("delete", "deployment", Word(candidate.name), "--ignore-not-found", "--wait=false"))
    }

    private func oldImage(_ machine: Machine) async throws -> String? {
        ClusterObject.list(try await machine.ask(questions).command(look).text)
            .first { $0.metadata.name == release.name }?.spec?.template?.spec.containers.first?.image
    }

    private var release: Release { candidate.release }

    private var look: String {
        kubectl.line(
            "get", "deployments", "--selector", "app.kubernetes.io/name in (\(release.name), \(candidate.name))", "--output", "json")
    }
}

extension Problem {
    /// What is wrong comes first: the one sentence about all rows, where there is one, and then single answers.
    fileprivate init(wrongAnswers wrong: [CheckReport], of count: Int, _ release: Release, on host: Host) {
        let told = wrong.reversed().prefix(4).map { "\($0.name): expected \($0.expected); got \($0.got)" }
        self.init(
            what: "\(host.name): a first pod of \(release.image) gives \(wrong.count) of \(count) answers otherwise than training did",
            why: told.joined(separator: "\n"),
            fix: "correct api.py or the models (does the service transform features as training does?), and deploy again")
    }

    /// What users have meanwhile.
    fileprivate func keepingOld(_ image: String?) -> Problem {
        var problem = self
        let sentence = image.map { "nothing was changed: \($0) goes on answering" } ?? "no pod of it is left, and nothing ran before it"
        problem.why = [why, sentence].compactMap { $0 }.joined(separator: "\n")
        return problem
    }
}
