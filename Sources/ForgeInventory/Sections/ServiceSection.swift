import Foundation

/// The inference service.
struct ServiceSection {
    static let keys = [
        "name", "namespace", "replicas", "expose", "nodePort", "model", "target", "index", "data", "examples",
        "log", "tokens", "tls", "cors", "resources", "baseImage", "registry",
        "registryImage",
        "models",
    ]
    static let resourcesKeys = ["cpu", "memory"]
    static let dataKeys = ["train", "test"]
    static let modelsKeys = ["url", "key", "readKey", "knownHosts", "signers", "signWith"]

    let paths: LocalPath

    func read(_ field: Field) -> Service {
        var service = Service()
        guard let section = MappingReader(field, keys: Self.keys) else { return service }
        service.name = section["name"]?.read(NameRule.service) ?? service.name
        service.namespace = section["namespace"]?.read(NameRule.namespace) ?? service.namespace
        section["replicas"].map { AccessSection(paths: paths).replicas($0, into: &service) }
        service.expose = section["expose"]?.choice() ?? service.expose
        service.nodePort = section["nodePort"]?.number(in: 30000...32767)
        readModel(section, into: &service)
        service.examples = section["examples"]?.choice() ?? service.examples
        AccessSection(paths: paths).read(section, into: &service)
        section["resources"].map { resources($0, into: &service.resources) }
        service.baseImage = section["baseImage"]?.read(ImageRule.image) ?? service.baseImage
        section["registry"].map { RegistrySection(paths: paths).read($0, into: &service) }
        service.registryImage = section["registryImage"]?.read(ImageRule.image) ?? service.registryImage
        service.models = section["models"].flatMap(models)
        if service.expose == .clusterIP {
            let fix = "remove the line, or expose: NodePort"
            section["nodePort"]?.fail(ValidationError("a Service of type ClusterIP has no port on the nodes", fix: fix))
        }
        return service
    }

    /// What is served: the user's own model, or the example with data of the user's or without.
    private func readModel(_ section: MappingReader, into service: inout Service) {
        service.model = section["model"]?.read(ModelDirectory(paths: paths).path)
        service.target = section["target"]?.read(Self.column)
        service.index = section["index"]?.read(Self.column)
        service.trainingData = section["data"].flatMap(trainingData)
        if let model = section["model"] {
            section["data"]?.fail(
                ValidationError(
                    "conflicts with model: (line \(model.keyLocation.line)), which brings its own rows",
                    fix: "put test.csv, and train.csv where a train.py reads it, into the directory of model:, and "
                        + "remove data:"))
        }
        if let index = service.index, index == service.target {
            section["index"]?.fail(
                ValidationError(
                    "is also the column of target:", fix: "name two different columns, or leave out one of the keys"))
        }
    }

    /// The name of a column, as a header has it.
    private static func column(_ text: String) throws(ValidationError) -> String { text }

    /// A directory with train.csv and test.csv, or both files by name.
    private func trainingData(_ field: Field) -> Service.TrainingData? {
        if !field.isMapping { return field.read(directory) }
        guard let section = MappingReader(field, keys: Self.dataKeys) else { return nil }
        let train = section.required("train", like: "data/train.csv")?.read(paths.file)
        let test = section.required("test", like: "data/test.csv")?.read(paths.file)
        guard let train, let test else { return nil }
        return Service.TrainingData(train: train, test: test)
    }

    private func resources(_ field: Field, into resources: inout Service.Resources) {
        guard let section = MappingReader(field, keys: Self.resourcesKeys) else { return }
        resources.cpu = section["cpu"]?.read(Self.cpu) ?? resources.cpu
        resources.memory = section["memory"]?.read(Self.memory) ?? resources.memory
    }

    private static func cpu(_ text: String) throws(ValidationError) -> String {
        guard text.wholeMatch(of: /[1-9][0-9]{0,5}m|[1-9][0-9]{0,2}/) != nil else {
            throw ValidationError("needs cores or thousandths of one, such as 2 or 500m")
        }
        return text
    }

    /// Less than 256Mi and Python with the models has no room.
    private static func memory(_ text: String) throws(ValidationError) -> Int {
        guard let match = text.wholeMatch(of: /([1-9][0-9]{0,6})(Mi|Gi)/), let number = Int(match.1) else {
            throw ValidationError("needs a number with Mi or Gi, such as 1536Mi or 2Gi")
        }
        let bytes = number << (match.2 == "Gi" ? 30 : 20)
        guard (256 << 20...4096 << 30).contains(bytes) else {
            throw ValidationError("needs at least 256Mi, and at most 4096Gi")
        }
        return bytes
    }

    /// `image`, or a store with what is needed to reach it.
    private func models(_ field: Field) -> ModelStore? {
        if !field.isMapping {
            _ = field.read(Self.image)
            return nil
        }
        guard let section = MappingReader(field, keys: Self.modelsKeys) else { return nil }
        let url = section.required("url", like: "sftp://models@store.example.org/srv/models")?.read(SFTPURL.sftp)
        let key = section.required("key", like: "~/.ssh/store_ed25519")?.read(paths.file)
        let knownHosts = section.required("knownHosts", like: "~/.ssh/known_hosts")?.read(paths.file)
        let readKey = section["readKey"]?.read(paths.file)
        let signing = signing(section, sent: [key, readKey])
        guard let url, let key, let knownHosts else { return nil }
        if readKey == key {
            let fix = "remove the line, or name the key that the server lets read only"
            section["readKey"]?.fail(ValidationError("is the key that may write", fix: fix))
        }
        return ModelStore(
            url: url, keyPath: key, readKeyPath: readKey, knownHostsPath: knownHosts, signing: signing)
    }

    /// Both keys, or none. `sent`: the keys that the cluster gets.
    private func signing(_ section: MappingReader, sent: [String?]) -> ModelStore.Signing? {
        let (signers, key) = (section["signers"]?.read(paths.file), section["signWith"]?.read(paths.file))
        if section["signWith"] == nil {
            section["signers"]?.fail(
                ValidationError(
                    "needs signWith: as well",
                    why: "pods would accept only signed models, and nobody here would sign any",
                    fix: "add a line such as `signWith: ~/.ssh/id_ed25519`, or remove this one"))
        }
        if section["signers"] == nil {
            section["signWith"]?.fail(
                ValidationError(
                    "needs signers: as well", why: "pods would not check the signatures",
                    fix: "add a line such as `signers: ~/.ssh/allowed_signers`, or remove this one"))
        }
        if let key, sent.contains(key) {
            section["signWith"]?.fail(
                ValidationError(
                    "is a key that the cluster gets", why: "whoever can read Secrets there could sign models",
                    fix: "name one that stays on this computer"))
        }
        guard let signers, let key else { return nil }
        return ModelStore.Signing(signersPath: signers, keyPath: key)
    }

    private static func image(_ text: String) throws(ValidationError) -> String {
        let whole =
            """
            models: { url: sftp://models@store.example.org/srv/models, key: ~/.ssh/store_ed25519, knownHosts: \
            ~/.ssh/known_hosts }
            """
        guard text == "image" else {
            throw ValidationError(
                text.hasPrefix("sftp://")
                    ? "needs a key and the host keys in addition to the address" : "must be image or a model store",
                fix: "write \(whole)")
        }
        return text
    }

    private func directory(_ text: String) throws(ValidationError) -> Service.TrainingData {
        var isDirectory: ObjCBool = false
        let path = try paths.absolute(text)
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ValidationError("there is no directory \(path)")
        }
        guard isDirectory.boolValue else {
            throw ValidationError(
                "needs a directory with train.csv and test.csv", fix: "or name both files: data: {train: …, test: …}")
        }
        let base = path.hasSuffix("/") ? path : path + "/"
        return Service.TrainingData(train: try paths.file(base + "train.csv"), test: try paths.file(base + "test.csv"))
    }
}

/// A registry of the user's own: `registry: registry.example.org/mlops`, or the same with who may push and pull.
struct RegistrySection {
    static let keys = ["repository", "username", "passwordFile"]

    let paths: LocalPath

    func read(_ field: Field, into service: inout Service) {
        guard field.isMapping else {
            service.registry = field.read(ImageRule.repository)
            return
        }
        guard let section = MappingReader(field, keys: Self.keys) else { return }
        service.registry = section.required("repository", like: "registry.example.org/mlops")?.read(
            ImageRule.repository)
        guard section["username"] != nil || section["passwordFile"] != nil else { return }
        let user = section.required("username", like: "kubeforge")?.read(Self.user)
        let path = section.required("passwordFile", like: "~/keys/registry-password")?.read(paths.file)
        if let user, let path { service.registryLogin = Service.RegistryLogin(user: user, passwordPath: path) }
    }

    /// HTTP's basic authentication puts a colon between both.
    private static func user(_ text: String) throws(ValidationError) -> String {
        if text.contains(":") {
            throw ValidationError("must have no colon in it", why: "a colon ends the name where it is sent")
        }
        return text
    }
}

/// Who may ask a service, how, how many of its pods there are, and what it writes of requests.
struct AccessSection {
    static let tlsKeys = ["certificate", "key"]
    static let replicasKeys = ["min", "max", "cpu"]

    let paths: LocalPath

    func read(_ section: MappingReader, into service: inout Service) {
        service.requestLog = section["log"]?.choice() ?? service.requestLog
        service.tokensPath = section["tokens"]?.read(paths.file)
        service.tls = section["tls"].flatMap(tls)
        service.cors = section["cors"]?.elements()?.compactMap { $0.read(Self.origin) } ?? service.cors
    }

    /// A number, or from how many to how many, and how busy.
    func replicas(_ field: Field, into service: inout Service) {
        guard field.isMapping else {
            service.replicas = field.number(in: 1...1000) ?? service.replicas
            return
        }
        guard let section = MappingReader(field, keys: Self.replicasKeys) else { return }
        service.replicas = section["min"]?.number(in: 1...1000) ?? service.replicas
        let most = section.required("max", like: "8")?.number(in: 1...1000)
        let cpu = section["cpu"].map { $0.number(in: 1...1000) } ?? 70
        guard let most, let cpu else { return }
        if most < service.replicas {
            section["max"]?.fail(
                ValidationError("is less than min, which is \(service.replicas)", fix: "write the larger number here"))
        }
        service.autoscaling = Service.Autoscaling(least: service.replicas, most: most, cpu: cpu)
    }

    private func tls(_ field: Field) -> Service.TLS? {
        guard let section = MappingReader(field, keys: Self.tlsKeys) else { return nil }
        let certificate = section.required("certificate", like: "~/tls/churn.crt")?.read(paths.file)
        let key = section.required("key", like: "~/tls/churn.key")?.read(paths.file)
        guard let certificate, let key else { return nil }
        return Service.TLS(certificatePath: certificate, keyPath: key)
    }

    /// An origin as a browser sends it: without a path.
    private static func origin(_ text: String) throws(ValidationError) -> String {
        if text == "*" { return text }
        let url = try WebAddress.url(text)
        guard url.split(separator: "/", omittingEmptySubsequences: false).count == 3, url == text else {
            throw ValidationError(
                "needs an origin, such as https://app.example.org", why: "a browser sends it without a path")
        }
        return url
    }
}
