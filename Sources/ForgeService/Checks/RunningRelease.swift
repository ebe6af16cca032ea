import ForgeCore
import ForgeInventory
import ForgePlan
import Foundation

/// What the cluster serves now, and what it must answer: asked of the cluster, since somebody else may have deployed
/// last.
struct RunningRelease: Sendable {
    let image: String
    /// `http://10.96.1.2:80`, as pods and nodes reach the Service.
    let clusterAddress: String
    /// nil for a Service without one.
    let nodePort: Int?
    /// Those that answer; each may run something else than the Deployment says.
    let pods: [ServicePod]
    /// Why others are not asked: `inference-5d8f7c9b6-x2x7k is not ready`.
    let unreadyPods: [String]
    let golden: ExpectedAnswers
    /// Whether its service keeps the rows of the test set to itself.
    let examplesArePrivate: Bool
    let needsToken: Bool
    /// `http` or `https`
    let scheme: String
    /// See `DeployedRelease.accessSecret`.
    let accessSecret: String?

    var tag: String { Release.tag(of: image) }

    /// One query for all of it.
    struct Look: Sendable {
        let service: Service
        private var kubectl: Kubectl { Kubectl(namespace: service.namespace) }

        init(_ service: Service) { self.service = service }

        var questions: [Question] { release.questions + [exposure, answers, pods].map(Question.command) }

        var release: DeployedRelease.Look { DeployedRelease.Look(service) }

        var exposure: String {
            kubectl.look("get", "service", Word(service.name), "--ignore-not-found", "--output", "json")
        }

        var pods: String {
            kubectl.look("get", "pods", "--selector", "app.kubernetes.io/name=\(service.name)", "--output", "json")
        }

        /// golden.json of the models that the Deployment's pods run.
        var answers: String { DeployedModelFiles(deployment: service.name, kubectl: kubectl).line("golden.json") }
    }

    init(_ service: Service, host: String, answers: Answers) throws(Problem) {
        let look = Look(service)
        let release = try look.release.read(answers, from: host)
        for answer in [look.exposure, look.pods].map(answers.command) where answer.exitCode != 0 {
            throw Problem(silent: host, answer)
        }
        guard let exposure = ClusterObject.one(answers.command(look.exposure).text)?.spec,
            let port = exposure.ports?.first,
            let address = exposure.clusterIP
        else { throw Problem(notDeployed: service, host) }
        image = release.image
        examplesArePrivate = release.examplesArePrivate
        (needsToken, scheme, accessSecret) = (release.needsToken, release.scheme, release.accessSecret)
        clusterAddress = "\(release.scheme)://\(address):\(port.port)"
        nodePort = port.nodePort
        let found = ServicePod.list(answers.command(look.pods).text)
        (pods, unreadyPods) = (found.pods, found.silent)
        golden = try Self.golden(of: release, host, answers.command(look.answers))
    }

    private static func golden(
        of release: DeployedRelease, _ host: String, _ answer: CommandState
    ) throws(Problem) -> ExpectedAnswers {
        let image = release.image
        let path = RemotePaths.answers(Release.tag(of: image)) + "/golden.json"
        guard answer.exitCode == 0, !answer.text.isEmpty else {
            if release.models != nil {
                throw Problem(
                    what: "\(host): there are no expected answers for \(image)",
                    why: DeployedModelFiles.silence(answer, about: "golden.json"),
                    fix:
                        """
                        `kubeforge logs` and `kubectl get pods` say what the pods do; `kubeforge deploy` brings them \
                        back
                        """
                )
            }
            throw Problem(
                what: "\(host): there are no expected answers for \(image)", why: "\(path) is missing",
                fix: "run `kubeforge deploy`: it saves the expected answers of each release there")
        }
        return try ExpectedAnswers(Array(answer.text.utf8), path: "\(host):\(path)")
    }
}

/// One pod of the service, as the control plane reaches it.
struct ServicePod: Sendable, Hashable {
    let name: String
    /// `http://10.244.1.7:8080`
    let address: String
    /// Whether it keeps the rows of the test set to itself.
    let examplesArePrivate: Bool

    /// The pods of `kubectl get pods -o json` that answer, and why the others are not asked. A pod that is leaving
    /// counts for neither.
    static func list(_ json: String) -> (pods: [ServicePod], silent: [String]) {
        var (pods, silent) = ([ServicePod](), [String]())
        for object in ClusterObject.list(json).sorted(by: { $0.metadata.name < $1.metadata.name })
        where isWanted(object) {
            let isReady = object.status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } == true
            if let address = object.status?.podIP,
                let port = object.spec?.containers?.first?.ports?.first?.containerPort, isReady
            {
                pods.append(
                    ServicePod(
                        name: object.metadata.name,
                        address: "\(object.spec?.containers?.scheme ?? "http")://\(address):\(port)",
                        examplesArePrivate: object.spec?.containers?.examplesArePrivate == true))
            } else {
                silent.append("\(object.metadata.name) \(isReady ? "names no port" : "is not ready")")
            }
        }
        return (pods, silent)
    }

    private static func isWanted(_ object: ClusterObject) -> Bool {
        object.metadata.deletionTimestamp == nil && !["Succeeded", "Failed"].contains(object.status?.phase ?? "")
    }
}

/// With what the running release lets others in: after a rollback these are the tokens and the certificate of then, and
/// not those that the inventory names now. Its Secret is named by its content, which tells.
struct RunningAccess: Sendable {
    let credentials: ServiceCredentials
    /// What is worth saying of it; nil where the inventory's are the ones.
    let note: String?

    init(_ credentials: ServiceCredentials, note: String? = nil) {
        self.credentials = credentials
        self.note = note
    }

    /// Reads the operator's files, and only where those are others, the release's Secret. Nothing of it is ever shown.
    static func of(
        _ running: RunningRelease, _ cluster: Cluster, on host: ForgeCore.Host, over transport: any Transport
    ) async throws -> RunningAccess {
        guard let name = running.accessSecret else { return RunningAccess(.none) }
        if let own = try? AccessSecret(cluster), own.name == name {
            return RunningAccess(try ServiceCredentials(cluster))
        }
        let output = try await transport.run(read(name, in: cluster.service.namespace))
        guard output.isSuccess, let credentials = credentials(output.text) else {
            throw Problem(
                what: """
                    \(host.name): the running release cannot be asked: the Secret \(name) with its tokens is not there
                    """,
                why: output.errorText.split(whereSeparator: \.isNewline).last.map(String.init),
                fix: "`kubeforge deploy` brings a release with those of the inventory")
        }
        return RunningAccess(
            credentials,
            note: """
                the release that runs has tokens or a certificate of its own (Secret \(name)), not those of the \
                inventory, and is asked with them; `kubeforge deploy` brings the inventory's
                """)
    }

    /// Two words of base64, or `-` for what is not there: the tokens, and the certificate. Never the key.
    static func read(_ name: String, in namespace: String) -> Command {
        let secret = Kubectl(namespace: namespace).line(
            "get", "secret", Word(name), "--output",
            #"jsonpath={.data.tokens}{"-"}{"\n"}{.data.tls\.crt}{"-"}{"\n"}"#)
        return Command("sh", "-c", Word(secret)).asRoot().leavingHost()
    }

    static func credentials(_ text: String) -> ServiceCredentials? {
        let parts = text.split(separator: "\n").map { $0.dropLast() }
        guard parts.count == 2 else { return nil }
        let files = parts.map { Data(base64Encoded: String($0)).map { [UInt8]($0) } ?? [] }
        let token = String(decoding: files[0], as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
        return ServiceCredentials(token: token, certificate: CertificateFile(pem: files[1]))
    }
}

extension CertificateFile {
    /// Whether clients trust it today.
    func check(at time: Int) -> CheckReport {
        CheckReport(
            name: "certificate", isPassed: (begins...max(begins, ends)).contains(time),
            expected: "valid on \(UTCDate.text(time))",
            got: time < begins ? "valid from \(UTCDate.text(begins))" : "valid until \(UTCDate.text(ends))",
            milliseconds: 0)
    }
}
