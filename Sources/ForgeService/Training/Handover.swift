import ForgeCore
import ForgeInventory
import ForgePlan

/// What a pod of a run waits for. It says so in its last line, and continues when it has it (handover.py).
enum Awaited: Sendable, Hashable {
    /// The directory that is pushed.
    case directory
    /// The signature of the version that it has made.
    case signature(of: String)

    init?(_ line: String) {
        if line == "waiting for the model directory" {
            self = .directory
        } else if let match = line.wholeMatch(of: /waiting for the signature of ([A-Za-z0-9][A-Za-z0-9._-]{0,63})/) {
            self = .signature(of: String(match.1))
        } else {
            return nil
        }
    }
}

/// Brings the pod of a run what only this computer has, once it waits for it.
struct Handover: Sendable {
    /// The container of the run's pod.
    private static let container: [Word] = ["-c", Word(TrainingRun.container), "--"]
    /// Until a directory of the largest size has come over a slow line.
    private static let longest = Duration.seconds(3600)

    private let run: TrainingRun
    private let signer: ModelSigner?
    private let kubectl: Kubectl
    private var pod: String?
    private var given: Set<String> = []

    /// nil where no pod of the run waits for anything.
    init?(_ run: TrainingRun, signer: ModelSigner?) {
        guard run.pushed != nil || signer != nil else { return nil }
        self.run = run
        self.signer = signer
        kubectl = Kubectl(namespace: run.service.namespace)
    }

    /// What the pod that is at work has printed last.
    mutating func questions(_ state: JobStatus) -> [Question] {
        pod = state.workers.first { $0.status?.phase == "Running" }?.metadata.name
        return look.map { [.command($0)] } ?? []
    }

    private var look: String? {
        pod.map { kubectl.line("logs", "--tail=1", Word("pod/\($0)")) + " 2>/dev/null || :" }
    }

    /// Each of it once for each pod.
    mutating func bring(_ answers: Answers, to machine: Machine) async throws {
        guard let pod, let look, let awaited = Awaited(answers.command(look).text),
            given.insert("\(pod) \(awaited)").inserted
        else { return }
        switch (awaited, run.pushed, signer) {
        case (.directory, let pushed?, _):
            try await send("directory", pushed.archive, named: pushed.shown, to: pod, machine)
            machine.tell("\(ByteCount(pushed.archive.count)) sent")
        case (.signature(let version), _, let signer?):
            let description = try VersionDescription(
                try await metadata(of: pod, machine), of: version, from: machine.host.name)
            let signature = try await signer.sign(description.bytes)
            try await send("signature", signature, named: "the signature of \(version)", to: pod, machine)
            machine.tell("\(version) is signed")
        default: return
        }
    }

    /// The description from the pod that has made them: what is in the store may be somebody else's.
    private func metadata(of pod: String, _ machine: Machine) async throws -> [UInt8] {
        let cat = kubectl.line(["exec", Word(pod)] + Self.container + ["cat", "\(TrainingRun.models)/metadata.json"])
        let bounded = Command("sh", "-c", Word("\(cat) | head -c \(VersionDescription.largest + 1)"))
        return try await machine.runUnlogged(bounded.asRoot().leavingHost()).standardOutput
    }

    private func send(_ name: String, _ content: [UInt8], named what: String, to pod: String, _ machine: Machine)
        async throws
    {
        let take: [Word] = [
            "python", "handover.py", Word(name), "--bytes", "\(content.count)", "--sha256", Word(SHA256.hex(content)),
        ]
        let words: [Word] = ["exec", "-i", "--request-timeout=0", Word(pod)] + Self.container + take
        let output = try await machine.attempt(
            kubectl.command(words).reading(.bytes(content)).within(Self.longest))
        guard output.isSuccess else {
            throw Problem(
                what: "\(machine.host.name): \(what) did not arrive in the pod \(pod)", why: output.lastLine,
                fix: "run it again")
        }
    }
}
