import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// What `kubeforge train` and `kubeforge push` make true.
package enum TrainingPlan {
    /// `signer`: who signs the models; nil where nobody does. `told` gets the log of the training when it is over and
    /// was not followed.
    package static func make(
        cluster: Cluster, run: TrainingRun, templates: Templates, isFollowed: Bool, signer: ModelSigner? = nil,
        told: @escaping @Sendable (String) -> Void
    ) throws(Problem) -> Plan {
        let store = try StoreSecret(cluster, for: .training)
        let manifest = try run.manifest(templates, secret: store?.name)
        let first = [cluster.firstControlPlane]
        let secret: [any Step] = store.map { [$0] } ?? []
        return Plan(
            stages: [
                Stage("the cluster is free for a \(run.pushed == nil ? "training" : "push")", on: first) { _ in
                    [OldRunsAreRemoved(run.service, .train)] + secret
                },
                Stage(run.pushed == nil ? "the models are trained" : "the models are in the store", on: first) { _ in
                    [
                        TrainingIsComplete(
                            run, manifest: manifest, isFollowed: isFollowed,
                            handover: Handover(run, signer: signer), told: told)
                    ]
                },
                Stage("the models are kept", on: secret.isEmpty ? [] : first) { _ in [ModelsAreRecorded(run)] },
            ].filter { !$0.work.isEmpty }, essential: [cluster.firstControlPlane.name])
    }

    /// What becomes of the models: with the store `image` they end with the pod.
    package static let notKept = """
        these models are not kept: a deploy trains its own into the image (service: models: image)
        """

    /// A release without the model store has no program that could reach it.
    package static func check(_ release: DeployedRelease, _ service: Service) throws(Problem) {
        if service.models != nil, release.models == nil {
            throw Problem(
                what: "the release that runs has its models in its image, and does not know the model store",
                fix: "`kubeforge deploy` makes one that does; then train")
        }
    }
}

/// One training in the cluster, or one push, which is a training of models that are there already: its names, its Job.
package struct TrainingRun: Sendable, Hashable {
    /// Where its pod has the models that it has made.
    static let models = "/models"
    static let container = "training"
    /// For how many seconds its pod waits for a signature: somebody may have to touch a key.
    private static let patience = 900

    /// The inventory's service; its model store, if it has one, gets what was trained.
    package let service: Service
    /// `inference-train-20261121-151732` or `inference-push-20261121-151732`: its Job.
    package let name: String
    /// The image of the release that the Deployment runs; its data are trained on.
    package let image: String
    /// The Secret that it is pulled with.
    let pullSecret: String
    /// What is pushed; nil for a training.
    let pushed: PushedModel?

    /// `time`: digits and dashes that no other run has.
    package init(of cluster: Cluster, release: DeployedRelease, pushing pushed: PushedModel? = nil, time: String) {
        service = cluster.service
        name = Self.name(service, isPush: pushed != nil, time: time)
        image = release.image
        pullSecret = release.pullSecret ?? PullSecret.name(of: cluster)
        self.pushed = pushed
    }

    /// `inference-train-20261121-151732`; see `Service.shortName` for a long service name.
    package static func name(_ service: Service, isPush: Bool = false, time: String) -> String {
        "\(isPush ? JobKind.pushPrefix(service) : JobKind.train.prefix(service))-\(time)"
    }

    /// `secret`: the name of what lets it into the model store.
    func manifest(_ templates: Templates, secret: String? = nil) throws(Problem) -> String {
        let own = PodParts(
            mounts: [.init(volume: "models", path: Self.models, isWritable: true)],
            volumes: [.disk("models", limit: "1Gi")])
        let pod = JobPod(
            name: Self.container, image: image, command: command, pullSecret: pullSecret, memory: "2Gi",
            // Of a push: the archive, and the directory that is made of it.
            disk: pushed == nil ? "1Gi" : "3Gi",
            parts: own + ModelStoreParts.upload(to: service.models, by: secret ?? StoreSecret.name(service)))
        return try templates["kubernetes/jobs/\(pushed == nil ? "training" : "push").yaml"].render([
            "name": name.yamlQuoted, "namespace": service.namespace.yamlQuoted,
            "kind": JobKind.train.label(service).yamlQuoted, "run": name.yamlQuoted,
            "tag": Release.tag(of: image).yamlQuoted, "podSpec": try pod.spec(templates, column: 6),
        ])
    }

    /// The command of its pod: of what is uploaded, the version becomes the pod's last words, as Kubernetes keeps them.
    private var command: [String] {
        let made = ["--models", Self.models]
        let train = pushed == nil ? ["--data", "data"] + made + ["--cross-validate"] : Self.pushedModel + made
        let words = ["python", "train.py"] + train
        guard let store = service.models else { return words }
        let signed = store.signing == nil ? "" : " --signed \(Self.patience)"
        let upload =
            "exec python store.py upload --models \(Self.models) --note /dev/termination-log\(signed)"
        let receive = pushed == nil ? [] : ["python pushed.py --directory \(Self.directory)"]
        // An image of an earlier kubeforge has nothing that could wait.
        let isThere = pushed == nil && store.signing == nil ? [] : [Self.waits]
        return ["sh", "-c", (isThere + receive + [words.joined(separator: " "), upload]).joined(separator: " && ")]
    }

    private static let directory = "/tmp/model"
    private static let pushedModel = ["--directory", directory, "--data", "/tmp/data"]
    private static let waits = """
        { [ -e handover.py ] || { echo "this image is from before models could be pushed or signed: \
        'kubeforge deploy' (without service: models: signers:) makes a new one" >&2; false; }; }
        """
}
