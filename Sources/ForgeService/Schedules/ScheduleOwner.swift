import ForgeCore
import ForgeInventory
import ForgePlan

/// Whose CronJob has the name of a schedule: another service's or somebody else's is never changed.
struct ScheduleOwner {
    private let name: String
    private let label: String
    private let kubectl: Kubectl

    /// `name`: the CronJob's.
    init(of name: String, _ service: Service) {
        self.name = name
        label = JobKind.batch.label(service)
        kubectl = Kubectl(namespace: service.namespace)
    }

    /// Prints who manages the CronJob of that name, `/`, and what it is for; nothing where there is none.
    var look: String {
        let path =
            #"""
            jsonpath={range .items[*]}{.metadata.labels.app\.kubernetes\.io/managed-by}/\#
            {.metadata.labels.app\.kubernetes\.io/name}{"\n"}{end}
            """#
        return kubectl.look("get", "cronjobs", "--field-selector", "metadata.name=\(name)", "--output", Word(path))
    }

    /// What keeps the schedule from having the name; nil where nothing does.
    func taken(_ answers: Answers) -> Difference? {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else {
            return Difference("the cluster could not be queried for the CronJob \(name)", silent: answer)
        }
        let owner = answer.text.trimming(while: \.isWhitespace)
        if owner.isEmpty || owner == "kubeforge/\(label)" { return nil }
        let suffix = "-\(JobKind.batch.rawValue)"
        guard owner.hasPrefix("kubeforge/"), owner.hasSuffix(suffix) else {
            return Difference(theirs + "it was not made by kubeforge")
        }
        return Difference(theirs + "it is a schedule of the service \(owner.dropFirst(10).dropLast(suffix.count))")
    }

    /// The problem where the differences say that the CronJob is not the service's.
    func refusal(of differences: [Difference], on host: Host) -> Problem? {
        guard let said = differences.first(where: { $0.text.hasPrefix(theirs) }) else { return nil }
        return Problem(
            what: "\(host.name): \(theirs.dropLast(2)) has the name of the schedule; it was not changed",
            why: String(said.text.dropFirst(theirs.count)), fix: "give the schedule another name: --name")
    }

    /// Throws where the name is not the service's, and where that is not known.
    func check(_ answers: Answers, on host: Host) throws(Problem) {
        guard let taken = taken(answers) else { return }
        throw refusal(of: [taken], on: host) ?? Problem(silent: host.name, answers.command(look))
    }

    /// How the difference begins that says that it is somebody else's.
    private var theirs: String { "CronJob \(kubectl.namespace).\(name): " }
}
