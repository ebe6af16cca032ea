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

    /// As a browser sends it: without a path.
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
