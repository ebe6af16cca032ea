import ForgeCore

/// The inference service as the inventory wants it.
package struct Service: Sendable, Hashable {
    /// The name of its Deployment and Service.
    package var name: String
    /// Made where it is missing; none that begins with `kube-`.
    package var namespace: String
    /// Pods of its Deployment, from 1 to 1000; with `autoscaling`, those that it begins with.
    package var replicas: Int
    /// nil where the number of pods is fixed.
    package var autoscaling: Autoscaling?
    /// How the service is reached from outside; a NodePort where the inventory does not say.
    package var expose: Exposure
    /// 30000 to 32767; nil lets the cluster choose.
    package var nodePort: Int?
    /// The directory with the user's own model, absolute; nil means the example that kubeforge brings.
    package var model: String?
    /// The column of the example rows that has the truth; nil means the example's, where the header has it.
    package var target: String?
    /// The column that names a row; nil means the example's, where the header has it, or the rows' own order.
    package var index: String?
    /// The user's own CSV files for the example's models; nil means generated data.
    package var trainingData: TrainingData?
    /// Whether the service gives rows of the test set to whoever asks.
    package var examples: Examples
    /// Whether it writes a line for each request.
    package var requestLog: RequestLog
    /// A file on the operator's machine with a token a line, one of which each request needs; nil: none is needed.
    package var tokensPath: String?
    /// What it speaks TLS with; nil: it speaks plain HTTP.
    package var tls: TLS?
    /// Origins whose pages may ask it, `https://app.example.org`; `*` is any.
    package var cors: [String]
    /// What each pod of the Deployment gets.
    package var resources: Resources
    /// With a tag or a digest; the image must be able to run the templates' Dockerfile.
    package var baseImage: String
    /// `host[:port]/path` to push images to; nil means the registry that kubeforge runs in the cluster.
    package var registry: String?
    /// Who may push there and pull; nil means whoever Docker on the machine that builds is logged in as.
    package var registryLogin: RegistryLogin?
    /// What the registry in the cluster is made of.
    package var registryImage: String
    /// Where the models are kept; nil: in the image, trained when it is built.
    package var models: ModelStore?

    package init(
        name: String = "inference", namespace: String = "mlops", replicas: Int = 2, expose: Exposure = .nodePort,
        nodePort: Int? = nil, model: String? = nil, target: String? = nil, index: String? = nil,
        trainingData: TrainingData? = nil, examples: Examples = .public, resources: Resources = Resources(),
        autoscaling: Autoscaling? = nil, requestLog: RequestLog = .none, tokensPath: String? = nil, tls: TLS? = nil,
        cors: [String] = [], baseImage: String = Service.defaultBaseImage, registry: String? = nil,
        registryLogin: RegistryLogin? = nil, registryImage: String = ClusterRegistry.image, models: ModelStore? = nil
    ) {
        self.name = name
        self.namespace = namespace
        self.replicas = replicas
        self.autoscaling = autoscaling
        self.requestLog = requestLog
        self.tokensPath = tokensPath
        self.tls = tls
        self.cors = cors
        self.expose = expose
        self.nodePort = nodePort
        self.model = model
        self.target = target
        self.index = index
        self.trainingData = trainingData
        self.examples = examples
        self.resources = resources
        self.baseImage = baseImage
        self.registry = registry
        self.registryLogin = registryLogin
        self.registryImage = registryImage
        self.models = models
    }

    /// Has Python with wheels for everything in the templates' requirements.txt.
    package static let defaultBaseImage = "docker.io/library/python:3.13-slim-trixie"

    /// Who pushes to a registry and pulls from it.
    package struct RegistryLogin: Sendable, Hashable {
        /// The user's name at the registry.
        package var user: String
        /// A file on the operator's machine with the password in its first line.
        package var passwordPath: String

        package init(user: String, passwordPath: String) {
            self.user = user
            self.passwordPath = passwordPath
        }
    }

    /// The type of its Kubernetes Service.
    package enum Exposure: String, Sendable, Hashable, CaseIterable {
        case nodePort = "NodePort"
        case loadBalancer = "LoadBalancer"
        case clusterIP = "ClusterIP"
    }

    /// Whether `/line` and `/prediction/<n>` answer.
    package enum Examples: String, Sendable, Hashable, CaseIterable {
        case `public`
        case `private`
    }

    /// What it writes of requests: never features.
    package enum RequestLog: String, Sendable, Hashable, CaseIterable {
        case none
        case requests
    }

    /// Files on the operator's machine, in PEM.
    package struct TLS: Sendable, Hashable {
        /// With the certificates between it and its authority, if there are any.
        package var certificatePath: String
        /// Without a passphrase.
        package var keyPath: String

        package init(certificatePath: String, keyPath: String) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
        }
    }

    /// More pods than `replicas` while they are busy.
    package struct Autoscaling: Sendable, Hashable {
        /// Pods.
        package var least, most: Int
        /// Per cent of the CPU time that is kept for a pod, on average of all.
        package var cpu: Int

        package init(least: Int, most: Int, cpu: Int) {
            self.least = least
            self.most = most
            self.cpu = cpu
        }
    }

    /// What each pod of the service gets, as Kubernetes writes it.
    package struct Resources: Sendable, Hashable {
        /// CPU time that is kept for it.
        package var cpu: String
        /// Bytes that it may use, at most.
        package var memory: Int

        package init(cpu: String = "100m", memory: Int = 1 << 30) {
            self.cpu = cpu
            self.memory = memory
        }

        /// Threads that computing takes: as many as CPUs are kept for it, at least one.
        package var threads: Int {
            let isThousandths = cpu.hasSuffix("m")
            let number = Int(isThousandths ? String(cpu.dropLast()) : cpu, in: .counts) ?? 1
            return max(1, isThousandths ? (number + 999) / 1000 : number)
        }

        /// `1Gi`, `1536Mi`.
        package var memoryText: String { memory % (1 << 30) == 0 ? "\(memory >> 30)Gi" : "\(memory >> 20)Mi" }
    }

    /// CSV files on the operator's machine, as absolute paths.
    package struct TrainingData: Sendable, Hashable {
        /// Has a column with the truth and any number of features.
        package var train: String
        /// Has the columns of `train`; the scores and the example rows are of this one.
        package var test: String

        package init(train: String, test: String) {
            self.train = train
            self.test = test
        }
    }
}

/// A server that keeps the service's models, reached by OpenSSH's sftp.
package struct ModelStore: Sendable, Hashable {
    /// `sftp://user@host[:port]/path`
    package var url: String
    /// A private key without a passphrase, on the operator's machine, which may write to the store.
    package var keyPath: String
    /// Another one, which may only read there: that of the service's pods. nil when they get the one that may write.
    package var readKeyPath: String?
    /// The host keys that are trusted, on the operator's machine.
    package var knownHostsPath: String
    /// nil where pods take versions that nobody has signed.
    package var signing: Signing?

    /// Whose signature a version must have, and who gives it here.
    package struct Signing: Sendable, Hashable {
        /// A file of OpenSSH's that names them: allowed_signers.
        package var signersPath: String
        /// The key that this computer signs with: a private one, or the public half of one in ssh-agent. It goes
        /// nowhere.
        package var keyPath: String

        package init(signersPath: String, keyPath: String) {
            self.signersPath = signersPath
            self.keyPath = keyPath
        }
    }

    /// The port of its sshd.
    package var port: Int { url.firstMatch(of: #/@[^/:]*:([0-9]+)/#).flatMap { Int($0.1) } ?? 22 }

    package init(
        url: String, keyPath: String, readKeyPath: String? = nil, knownHostsPath: String, signing: Signing? = nil
    ) {
        self.url = url
        self.keyPath = keyPath
        self.readKeyPath = readKeyPath
        self.knownHostsPath = knownHostsPath
        self.signing = signing
    }
}
