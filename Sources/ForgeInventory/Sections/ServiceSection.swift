import Foundation

/// The inference service.
struct ServiceSection {
    static let keys = ["name", "namespace", "replicas", "expose", "nodePort", "data", "baseImage", "registry"]
    static let dataKeys = ["train", "test"]

    let paths: LocalPath

    func read(_ field: Field) -> Service {
        var service = Service()
        guard let section = Section(field, keys: Self.keys) else { return service }
        service.name = section["name"]?.read(NameRule.service) ?? service.name
        service.namespace = section["namespace"]?.read(NameRule.namespace) ?? service.namespace
        service.replicas = section["replicas"]?.number(in: 1...1000) ?? service.replicas
        service.expose = section["expose"]?.choice() ?? service.expose
        service.nodePort = section["nodePort"]?.number(in: 30000...32767)
        service.trainingData = section["data"].flatMap(trainingData)
        service.baseImage = section["baseImage"]?.read(ImageRule.image) ?? service.baseImage
        service.registry = section["registry"]?.read(ImageRule.repository)
        if service.expose == .clusterIP {
            let fix = "remove the line, or expose: NodePort"
            section["nodePort"]?.fail(Complaint("a Service of type ClusterIP has no port on the nodes", fix: fix))
        }
        return service
    }

    /// A folder with train.csv and test.csv, or both files by name.
    private func trainingData(_ field: Field) -> Service.TrainingData? {
        if !field.isMapping { return field.read(folder) }
        guard let section = Section(field, keys: Self.dataKeys) else { return nil }
        let train = section.required("train", like: "data/train.csv")?.read(paths.file)
        let test = section.required("test", like: "data/test.csv")?.read(paths.file)
        guard let train, let test else { return nil }
        return Service.TrainingData(train: train, test: test)
    }

    private func folder(_ text: String) throws(Complaint) -> Service.TrainingData {
        var isFolder: ObjCBool = false
        let path = try paths.absolute(text)
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw Complaint("there is no folder \(path)") }
        guard isFolder.boolValue else {
            throw Complaint("needs a folder with train.csv and test.csv", fix: "or name both files: data: {train: …, test: …}")
        }
        let base = path.hasSuffix("/") ? path : path + "/"
        return Service.TrainingData(train: try paths.file(base + "train.csv"), test: try paths.file(base + "test.csv"))
    }
}
