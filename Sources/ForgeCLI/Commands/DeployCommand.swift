import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgeKubernetes
import ForgePlan
import ForgeService
import Foundation

struct DeployCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Build the inference service and roll it out on the cluster.")

    @OptionGroup var inventory: InventoryArgument

    @Flag(help: "Show what would change without changing anything.")
    var dryRun = false

    @Flag(help: "Pull the base image and build without Docker's cache. The image gets a new tag.")
    var rebuild = false

    @Option(
        help: ArgumentHelp(
            "Roll back if pods are not ready within this time: 90s, 5m. (default: 5m)", valueName: "time"),
        transform: DurationArgument.rollout)
    var timeout: Duration?

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        let time = rebuild ? surroundings.now().formatted(.iso8601) : nil
        return .deploy(isDryRun: dryRun, rebuiltAt: time, within: timeout ?? .seconds(300))
    }
}

extension Action {
    /// `time`: that of this build, `2026-11-26T20:21:31Z`, where the image is to be rebuilt.
    static func deploy(isDryRun: Bool, rebuiltAt time: String? = nil, within limit: Duration) -> Action {
        var action = Action("deploy", isDryRun: isDryRun) { context in
            let check = try DataCheck(cluster: context.cluster, templates: context.templates)
            for note in try await check?.notes(on: LocalTransport()) ?? [] { context.report(.note(note)) }
            let (service, (first, transport)) = (context.cluster.service, try context.firstControlPlane())
            let (models, build, pods) = (
                NextModelVersion(service), LastBuild(service), CurrentReplicas(service)
            )
            let (certificates, server) = (CertificatesLast(cluster: context.cluster), APIServer(context.cluster))
            var answers = Answers()
            func ask() async throws {
                answers = try await transport.ask(
                    certificates.questions + models.questions + build.questions + pods.questions + server.questions,
                    of: first)
            }
            try await ask()
            // After a power cut the machine accepts logins before its API server answers.
            if server.isAwaited(answers), certificates.differences(given: answers).isEmpty {
                context.report(.note("the API server of \(first.name) does not answer: waiting for it"))
                try await context.wait(within: APIServer.patience) {
                    try await ask()
                    return !server.isAwaited(answers)
                }
            }
            let version: ModelVersion?
            do {
                version = try models.models(answers, from: first.name)
            } catch {
                let expired = certificates.differences(given: answers)
                throw expired.isEmpty ? error : certificates.finding(expired, on: first)
            }
            let buildContext = try BuildContext.make(
                cluster: context.cluster, templates: context.templates, rebuilt: time ?? build.time(answers))
            return try ServicePlan.make(
                cluster: context.cluster.only(pods.service(answers)), context: buildContext, models: version,
                isAnew: time != nil,
                templates: context.templates, by: context.person, within: limit
            ).beginning(with: certificates, on: first)
        } next: { context in
            let url = await ServiceURL(context.cluster).ask(context.fleet)
            return ["kubeforge smoke-test\(context.inventoryArgument)"]
                + (url.map { [example(of: context.cluster.service, at: $0)] } ?? [])
        }.holding { .service($0.service) }
        if time != nil { action.arguments = " --rebuild" }
        return action
    }

    /// A first request to the service. Row 23 is the one in the articles that the example is from.
    private static func example(of service: Service, at url: String) -> String {
        // The first line that holds one, without the end that Windows gives it.
        let token = service.tokensPath.map { path in
            " -H \"Authorization: Bearer $(grep -v '^\\s*#' \(path.shellQuoted) | grep -om1 '\\S\\+')\""
        }
        let path = service.examples == .private ? "score" : service.model == nil ? "prediction/23" : "prediction/0"
        return "curl\(token ?? "") \(url)/\(path)"
    }
}
