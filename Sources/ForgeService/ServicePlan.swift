import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// From files to a model that answers: the table of contents of `kubeforge deploy`.
package enum ServicePlan {
    /// `person`: who deploys, `user@computer`. `limit`: how long pods may take to be ready. `models`: nil where they
    /// are in the image.
    /// `isAnew`: whether the image is rebuilt, with what its base image is now.
    package static func make(
        cluster: Cluster, context: BuildContext, models: ModelVersion? = nil, isAnew: Bool = false,
        templates: Templates,
        by person: String, within limit: Duration = .seconds(300)
    ) throws(Problem) -> Plan {
        let service = cluster.service
        let release = Release(of: context, in: cluster)
        let secret = try StoreSecret(cluster, for: .pods)
        let forTraining = try StoreSecret(cluster, for: .training)
        let access = try AccessSecret(cluster)
        let models = models.map { ModelVersion(url: $0.url, version: $0.version, secret: secret?.name) }
        let manifests = try Manifests.make(
            cluster: cluster, release: release, models: models, secret: secret?.digest ?? "", access: access?.name,
            templates: templates)
        let canary = CanaryDeployment(release: release)
        let gate = CanaryCheck(
            canary,
            manifests: try Manifests.canary(
                canary, cluster: cluster, models: models, secret: secret?.digest ?? "", access: access?.name,
                templates: templates),
            namespace: service.namespace, with: try ServiceCredentials(cluster), within: limit)
        let registry = try RegistryStages(cluster, release: release, templates: templates)
        let schedules = SchedulesUseRelease(
            release, models: models, store: forTraining, of: cluster, templates: templates)
        let inUse = [PullSecret.name(of: cluster)] + [forTraining?.name, access?.name].compactMap { $0 }
        let first = [cluster.firstControlPlane]
        let server = APIServer(cluster)

        return Plan(
            stages: [
                Stage("the cluster can take the service", goesOnAfterFailure: true, on: cluster.hosts) { host in
                    when(
                        host == cluster.firstControlPlane, Preflight.builds(cluster), Preflight.takesPods(cluster),
                        server, OneArchitecture(cluster),
                        server.asked(ObjectsAreOurs.requirement(cluster)))
                        + when(
                            host == cluster.firstControlPlane && service.autoscaling != nil,
                            server.asked(Autoscaler.isMeasured(cluster)))
                        + when(
                            host == cluster.firstControlPlane && !isAnew,
                            server.asked(LastBuild(service).requirement(release.rebuilt)))
                        + (host == cluster.firstControlPlane
                            ? NodePortIsFree.requirement(service).map { [server.asked($0)] } ?? [] : [])
                        + registry.preflight(host) + when(cluster.takesPods(host), Preflight.runsContainers(cluster))
                },
                registry.made,
                Stage("the image is built", on: first) { _ in
                    [
                        BuildContextIsUploaded(context, of: service),
                        ImageIsBuilt(release, arguments: context.arguments, isAnew: isAnew, proxy: cluster.outgoing),
                        ExpectedAnswersAreSaved(release),
                    ]
                },
                registry.filled,
                registry.reached,
                Stage("the service runs", on: first) { _ in
                    [PullSecret(cluster)] + (secret.map { [$0] } ?? []) + (access.map { [$0] } ?? []) + [
                        ManifestsAreApplied(manifests, release: release, after: gate, namespace: service.namespace),
                        RolloutIsComplete(
                            release, replicas: service.replicas, namespace: service.namespace, within: limit,
                            orElse: AutomaticRollback(
                                release: release, template: manifests.template, namespace: service.namespace,
                                replicas: service.replicas)),
                        ServiceIsReached.step(
                            service.name, namespace: service.namespace, hasTLS: service.tls != nil,
                            from: cluster.firstControlPlane.name),
                        ReleaseIsRecorded(
                            release, template: manifests.template, models: models, by: person,
                            namespace: service.namespace),
                        schedules,
                    ]
                        + when(service.autoscaling == nil, AutoscalerIsGone(service))
                        + when(
                            service.expose == .loadBalancer,
                            LoadBalancerAnswers(
                                service.name, namespace: service.namespace,
                                node: cluster.firstControlPlane.address.description))
                },
                Stage(
                    "old releases are removed",
                    on: cluster.hosts.filter { $0 == first[0] || cluster.takesPods($0) }
                ) { host in
                    [
                        OldReleasesAreRemoved(
                            release, runtime: cluster.takesPods(host) ? cluster.runtime : nil,
                            builder: host == first[0] ? host : nil,
                            of: cluster)
                    ]
                        + when(host == first[0], OldSecretsAreRemoved(service, but: inUse))
                },
            ].filter { !$0.work.isEmpty },
            essential: [cluster.firstControlPlane.name])
    }
}

extension Cluster {
    /// Whether the service's pods can run there.
    func takesPods(_ host: Host) -> Bool { host.role == .worker || host.isSchedulable }
}

/// What must be so before anything is sent.
private enum Preflight {
    static func builds(_ cluster: Cluster) -> Requirement {
        let look = "docker version --format '{{.Server.Version}}' 2>&1"
        return Requirement("Docker can build images", asking: [.command(look)], fix: provision(cluster)) { answers in
            answers.command(look).exitCode == 0
                ? [] : [Difference(said(answers.command(look), else: "Docker does not answer"))]
        }
    }

    static func takesPods(_ cluster: Cluster) -> Requirement {
        let isTaken = cluster.hosts.contains(where: cluster.takesPods)
        return Requirement(
            "a host takes the service's pods", asking: [],
            fix:
                """
                add a worker to the inventory, or `schedulable: true` to \(cluster.firstControlPlane.name), and \
                `kubeforge provision`
                """
        ) { _ in isTaken ? [] : ["it has no worker, and its control plane takes none"] }
    }

    static func runsContainers(_ cluster: Cluster) -> Requirement {
        let look = sign(of: cluster.runtime) + " 2>&1"
        return Requirement("\(cluster.runtime.rawValue) runs", asking: [.command(look)], fix: provision(cluster)) {
            answers in
            answers.command(look).exitCode == 0
                ? [] : [Difference(said(answers.command(look), else: "\(cluster.runtime.rawValue) does not answer"))]
        }
    }

    /// Whether the runtime runs at all.
    private static func sign(of runtime: Cluster.Runtime) -> String {
        switch runtime {
        case .containerd: "ctr version"
        case .docker: "docker version"
        }
    }

    private static func said(_ state: CommandState, else silence: String) -> String {
        state.text.split(whereSeparator: \.isNewline).last.map(String.init) ?? silence
    }

    private static func provision(_ cluster: Cluster) -> String {
        "create the cluster first: `kubeforge provision \(cluster.path)`"
    }
}
