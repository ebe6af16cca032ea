import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import Foundation

struct PushCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Put a model that was trained elsewhere into the model store.",
        discussion: """
            The image that runs stays: columns, example rows, packages and modules of your own must be its. The next \
            deploy brings the model into service, past the canary check, and a rollback takes it out again.
            """)

    @Argument(
        help: ArgumentHelp("A model directory, as `service: model:` names one.", valueName: "dir"),
        completion: .directory)
    var directory: String

    @OptionGroup var inventory: InventoryOption

    @Flag(help: "Follow the log of the pod.")
    var follow = false

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func action(_ surroundings: ProcessEnvironment) throws -> Action {
        let path = surroundings.absolute(directory)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw Problem(
                .usage, what: "\(directory) cannot be pushed",
                why: FileManager.default.fileExists(atPath: path) ? "it is a file" : "there is no such directory",
                fix: "name a directory with a trained model and test.csv; `kubeforge init` makes one")
        }
        return .push(
            PushOrder(
                directory: path, typed: directory, isFollowed: follow, time: Timestamp(surroundings.now()).text))
    }
}

/// What was typed after `push`.
struct PushOrder: Sendable {
    /// Absolute.
    let directory: String
    /// The directory, as it was typed.
    let typed: String
    let isFollowed: Bool
    /// A part of the run's name.
    let time: String
}

extension Action {
    static func push(_ order: PushOrder) -> Action {
        var action = Action("push") { context in
            let (run, signer) = try await order.prepare(context)
            return try TrainingPlan.make(
                cluster: context.cluster, run: run, templates: context.templates, isFollowed: order.isFollowed,
                signer: signer
            ) {
                context.report(.note($0))
            }
        } next: { context in
            ["kubeforge deploy\(context.inventoryArgument)   (into service after the canary check)"]
        }
        action.afterwards = {
            await clear(.train, TrainingRun.name($0.cluster.service, isPush: true, time: order.time), $0)
        }
        action.lease = { .jobs(.train, $0.service) }
        action.takesOneService = true
        action.arguments = " \(order.typed.shellQuoted)\(order.isFollowed ? " --follow" : "") --inventory"
        (action.goesOn, action.showsOutput) = (false, order.isFollowed)
        return action.onFirstControlPlane()
    }
}

extension PushOrder {
    /// Everything that can be wrong here is told before anything is sent.
    fileprivate func prepare(_ context: ActionContext) async throws -> (TrainingRun, ModelSigner?) {
        let cluster = context.cluster
        guard cluster.service.models != nil else { throw Problem(withoutStore: cluster, pushing: typed) }
        let release = try await context.deployedRelease()
        try TrainingPlan.check(release, cluster.service)
        let looked = try await DataCheck(pushing: directory, as: typed, to: cluster, templates: context.templates)
            .look(on: LocalTransport())
        for note in looked.notes { context.report(.note(note)) }
        if let found = looked.description { try await check(found, context) }
        let pushed = try PushedModel(directory, as: typed)
        let signer = ModelSigner(cluster, on: LocalTransport())
        try await signer?.check()
        return (TrainingRun(of: cluster, release: release, pushing: pushed, time: time), signer)
    }

    private func check(_ found: ModelDescription, _ context: ActionContext) async throws {
        let (check, (host, transport)) = (PushCheck(context.cluster.service), try context.firstControlPlane())
        try check.check(
            found, try await transport.ask(check.questions, of: host), as: typed, inventory: context.cluster.path)
    }
}

extension Problem {
    fileprivate init(withoutStore cluster: Cluster, pushing directory: String) {
        let inventory = cluster.path.isEmpty ? "the inventory" : cluster.path
        self.init(
            .usage, what: "\(cluster.service.name) has no model store to push to",
            why: "its models are in its image (service: models: image)",
            fix: """
                write service: model: \(directory) in \(inventory) and `kubeforge deploy`; or give it a store: \
                models: { url: sftp://models@store.example.org/srv/models, key: ~/.ssh/store_ed25519, knownHosts: \
                ~/.ssh/known_hosts }
                """)
    }
}
