import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import Foundation

/// The Secret with the address that a schedule fetches rows from. The schedule owns it: what removes that removes the
/// Secret.
struct ScheduleSecret {
    /// Where its pods have it.
    static let directory = "/etc/batch-input"

    /// What there is of it.
    enum State: Equatable {
        case missing
        /// It is there, of an address with this digest.
        case kept(String)
        /// kubeforge did not make it.
        case others
        case unknown
    }

    /// `inference-batch-weekly-input`
    let name: String
    private let schedule: String
    private let service: Service
    private let version: String
    private let kubectl: Kubectl

    /// `schedule`: the CronJob's name.
    init(of schedule: String, _ cluster: Cluster) {
        self.schedule = schedule
        name = "\(schedule)-input"
        service = cluster.service
        version = Schedule.apiVersion(cluster.kubernetes)
        kubectl = Kubectl(namespace: service.namespace)
    }

    static func digest(_ address: String) -> String { SHA256.hex(Array(address.utf8)) }

    /// Prints the digest that it names, and a dash; nothing when it is not there.
    var look: String {
        let path = #"jsonpath={range .items[*]}{.metadata.annotations.kubeforge\.io/digest}{"-"}{end}"#
        return kubectl.line("get", "secrets", "--field-selector", "metadata.name=\(name)", "--output", Word(path))
    }

    func state(_ answers: Answers) -> State {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else { return .unknown }
        switch answer.text {
        case "": return .missing
        case "-": return .others
        case let text: return .kept(text.trimming { $0 == "-" })
        }
    }

    /// Throws where somebody else has a Secret of that name.
    func check(on machine: Machine) async throws {
        guard state(try await machine.ask([.command(look)])) == .others else { return }
        throw Problem(
            what:
                """
                \(machine.host.name): kubeforge did not make the Secret \(service.namespace).\(name); it was not changed
                """,
            why: "the address of the schedule would have its name", fix: "give the schedule another name: --name")
    }

    /// Keeps the address of the schedule, which is there.
    func keep(_ address: String, on machine: Machine) async throws {
        let get = kubectl.line("get", "cronjob", Word(schedule), "--output", "jsonpath={.metadata.uid}")
        let owner = try await machine.ask([.command(get)]).command(get)
        guard owner.exitCode == 0, !owner.text.isEmpty else {
            throw Problem(
                what: "\(machine.host.name): the schedule \(schedule) is gone", why: owner.text, fix: "run it again")
        }
        try await machine.run(applied(address, owner: owner.text), fix: "see what the API server says above")
    }

    /// One of somebody else's stays.
    var removed: Command {
        kubectl.command("delete", "secrets", "--selector", selector, "--field-selector", "metadata.name=\(name)")
    }

    private var selector: Word {
        "app.kubernetes.io/managed-by=kubeforge,app.kubernetes.io/name=\(JobKind.batch.label(service))"
    }

    private func applied(_ address: String, owner: String) -> Command {
        let manifest = """
            \(kubectl.head(ofSecret: name, for: JobKind.batch.label(service)))
              annotations:
                kubeforge.io/digest: \(Self.digest(address).yamlQuoted)
              ownerReferences:
                - apiVersion: \(version)
                  kind: CronJob
                  name: \(schedule.yamlQuoted)
                  uid: \(owner.yamlQuoted)
            type: Opaque
            data:
              \(InputAddress.file): \(Data(address.utf8).base64EncodedString())

            """
        return kubectl.apply(secret: manifest)
    }
}
