import ForgeCore
import ForgeInventory
import ForgePlan

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

    /// One look for all of it.
    struct Look: Sendable {
        let service: Service
        private var kubectl: Kubectl { Kubectl(namespace: service.namespace) }

        init(_ service: Service) { self.service = service }

        var questions: [Question] { release.questions + [exposure, answers, pods].map(Question.command) }

        var release: DeployedRelease.Look { DeployedRelease.Look(service) }

        var exposure: String { kubectl.line("get", "service", Word(service.name), "--output", "json") }

        var pods: String {
            kubectl.line("get", "pods", "--selector", "app.kubernetes.io/name=\(service.name)", "--output", "json")
        }

        /// golden.json of the models that the Deployment's pods run.
        var answers: String { DeployedModelFiles(deployment: service.name, kubectl: kubectl).line("golden.json") }
    }

    init(_ service: Service, host: String, answers: Answers) throws(Problem) {
        let look = Look(service)
        let release = try look.release.read(answers, from: host)
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
                    why: "no pod of it runs that could be asked for \(DeployedModelFiles.directory)/golden.json",
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
