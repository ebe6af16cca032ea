import ForgeCore
import ForgeTemplates
import Foundation

/// A Lease as kubectl shows it.
struct LeaseObject: Decodable, Sendable {
    struct Metadata: Decodable, Sendable {
        var name: String
        var namespace: String?
        var resourceVersion: String?
    }

    struct Spec: Decodable, Sendable {
        var holderIdentity: String?
        var leaseDurationSeconds: Int?
        var acquireTime: String?
        var renewTime: String?
        var leaseTransitions: Int?
    }

    var metadata: Metadata
    var spec: Spec?

    static func list(_ json: String) -> [LeaseObject]? {
        ObjectList<LeaseObject>.items(json)
    }

    var holder: Holder? { spec?.holderIdentity.flatMap { Holder(line: $0) } }

    /// Whether nobody has it, or nobody has renewed it for as long as it lasts. `now`: seconds since 1970, by the clock
    /// that renewed it.
    func isFree(at now: Int) -> Bool {
        guard let spec, spec.holderIdentity?.isEmpty == false else { return true }
        guard let age = age(at: now) else { return false }
        return age > min(3600, max(0, spec.leaseDurationSeconds ?? 0))
    }

    /// Seconds since it was renewed; nil where that cannot be told.
    func age(at now: Int) -> Int? {
        guard let text = spec?.renewTime, let time = Date(kubernetes: text.replacing(/\.[0-9]+/, with: "")) else {
            return nil
        }
        return now - Int(time.timeIntervalSince1970, in: .times)
    }

    /// What is written for the holder.
    static func manifest(_ place: LeasePlace, _ holder: Holder, seconds: Int, now: Int, replacing old: LeaseObject?)
        -> String
    {
        let time = Date(timeIntervalSince1970: Double(now)).formatted(.iso8601).dropLast() + ".000000Z"
        let version = old?.metadata.resourceVersion.map { "  resourceVersion: \($0.yamlQuoted)\n" } ?? ""
        return """
            apiVersion: coordination.k8s.io/v1
            kind: Lease
            metadata:
              name: \(place.name.yamlQuoted)
              namespace: \(place.namespace.yamlQuoted)
            \(version)  labels:
                app.kubernetes.io/managed-by: kubeforge
            spec:
              holderIdentity: \(holder.line.yamlQuoted)
              leaseDurationSeconds: \(seconds)
              acquireTime: "\(time)"
              renewTime: "\(time)"
              leaseTransitions: \(min(max(old?.spec?.leaseTransitions ?? -1, -1), 1_000_000) + 1)

            """
    }
}
