import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("The plan of a deploy")
struct ServicePlanTests {
    private func plan(_ cluster: Cluster) throws -> Plan {
        try ServicePlan.make(cluster: cluster, context: Example.context(), templates: Templates(), by: "ann@desk")
    }

    private func text(_ plan: Plan) -> String {
        plan.stages.map { stage in
            stage.name + "\n"
                + stage.work.flatMap { work in work.steps.map { "  \(work.host.name): \($0.title)\n" } }.joined()
        }.joined()
    }

    @Test("reads as its titles")
    func reads() throws {
        try Golden("plan.txt").expect(text(plan(Example.cluster())))
    }

    @Test(
        """
        pushes to the registry that the inventory names, with the login that Docker has or the one that the inventory \
        has
        """
    )
    func pushes() throws {
        try Golden("plan-registry.txt").expect(
            text(plan(Example.cluster(service: Service(registry: "registry.example:5000")))))
    }

    @Test("waits for the load balancer that was asked for, and looks into Docker where Docker runs the pods")
    func loadBalancer() throws {
        var cluster = Example.cluster(runtime: .docker, service: Service(replicas: 1, expose: .loadBalancer))
        cluster.hosts[0].isSchedulable = true
        try Golden("plan-docker-loadbalancer.txt").expect(text(plan(cluster)))
    }

    @Test("tells all that is wrong before it changes anything, and stops at the first failure from then on")
    func goesOn() throws {
        #expect(
            try plan(Example.cluster()).stages.map(\.goesOnAfterFailure) == [
                true, false, false, false, false, false, false,
            ])
    }

    @Test("asks the control plane alone for what a node port and autoscaling need")
    func needs() throws {
        let autoscaling = Service.Autoscaling(least: 2, most: 4, cpu: 70)
        let plan = try plan(Example.cluster(service: Service(nodePort: 30080, autoscaling: autoscaling)))
        let needs = ["port 30080 of the nodes is free for the service", "the cluster measures how busy pods are"]
        let first = try #require(plan.stages.first)
        #expect(Set(first.steps(for: "kubmaster").map(\.title)).isSuperset(of: needs))
        #expect(first.steps(for: "kubnode").map(\.title) == ["containerd runs"])
    }

    @Test("looks into the images of pods where pods run, and into what a build leaves where images are built")
    func cleaning() throws {
        let plan = try plan(Example.cluster())
        func look(_ host: String) throws -> String {
            let steps = plan.stages.flatMap { $0.steps(for: host) }
            return try #require(steps.first { $0 is OldReleasesAreRemoved }?.looks.first)
        }
        let (builder, node) = (try look("kubmaster"), try look("kubnode"))
        #expect(builder.contains("docker image ls") && !builder.contains("ctr "))
        #expect(node.contains("ctr ") && !node.contains("docker image ls"))
    }

    @Test("reaches the service by TLS where it has a certificate")
    func scheme() async throws {
        func look(_ service: Service) throws -> String {
            let steps = try plan(Example.cluster(service: service)).stages.flatMap { $0.steps(for: "kubmaster") }
            return try #require(steps.first { $0.title == "kubmaster reaches inference" }?.looks.first)
        }
        #expect(try look(Service()).contains("http://$1:$2/healthz"))
        try await TemporaryDirectory.during { directory in
            try TestCertificate.write("own", in: directory)
            let tls = Service.TLS(certificatePath: directory.path("own.crt"), keyPath: directory.path("own.key"))
            #expect(try look(Service(tls: tls)).contains("https://$1:$2/healthz"))
        }
    }

    @Test("asks a host everything in one look")
    func asksOnce() async throws {
        let plan = try plan(Example.cluster())
        let looks = plan.questions(for: "kubmaster").count + plan.questions(for: "kubnode").count
        #expect(looks == 43)
        let scripts = ScriptedTransport { _ in nil }
        let fleet = await Fleet.connect([Example.master, Example.node], width: 2) { _ in scripts }
        _ = await Executor(fleet: fleet, reporter: Silence(), options: .init(isDryRun: true)).run(plan)
        #expect(await scripts.commands.count == 2)
    }

    @Test("builds anew under another tag when it is told to, and later deploys keep that build as long as it runs")
    func rebuild() throws {
        let first = "2026-11-26T20:21:31Z"
        func plan(_ time: String?, isAnew: Bool) throws -> [any Step] {
            let context = try BuildContext(
                files: Example.context().files, arguments: ["BASE_IMAGE": "python:3"], rebuilt: time)
            return try ServicePlan.make(
                cluster: Example.cluster(), context: context, isAnew: isAnew, templates: Templates(), by: "ann@desk"
            ).stages.flatMap { $0.steps(for: "kubmaster") }
        }
        func image(_ steps: [any Step]) throws -> ImageIsBuilt {
            try #require(steps.compactMap { $0 as? ImageIsBuilt }.first)
        }
        let (plain, anew, later) = try (plan(nil, isAnew: false), plan(first, isAnew: true), plan(first, isAnew: false))
        #expect(try image(anew).release.tag != image(plain).release.tag)
        #expect(try image(anew).release == image(later).release)
        let builds = try [plain, anew, later].map {
            try image($0).build.words[2].text.contains("docker build --force-rm --pull --no-cache ")
        }
        #expect(builds == [false, true, false])
        // The pods say when it was, and that is where the next deploy reads it.
        func deployment(_ steps: [any Step]) throws -> String {
            let files = try #require(steps.compactMap { $0 as? ManifestsAreApplied }.first).manifests.files
            return String(
                decoding: try #require(files.first { $0.path.hasSuffix("deployment.yaml") }).content, as: UTF8.self)
        }
        #expect(try deployment(anew).contains("\n        kubeforge.io/rebuilt: \"\(first)\"\n      labels:"))
        #expect(try deployment(later) == deployment(anew))
        #expect(try !deployment(plain).contains("rebuilt"))
    }

    @Test("goes on only when it is certain which build runs; to build anew it need not know")
    func lastBuild() throws {
        let time = "2026-11-26T20:21:31Z"
        let build = LastBuild(Service())
        guard case .command(let look)? = build.questions.first else { throw Problem(what: "it asks no command") }
        #expect(
            look == #"""
                { said=$(kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops get \#
                deployments --field-selector metadata.name=inference --output 'jsonpath={range \#
                .items[*]}{.spec.template.metadata.annotations.kubeforge\.io/rebuilt}{end}' 2>&1 >&3 3>&-) || { \#
                code=$?; printf '\n%s\n' "$said"; exit "$code"; }; } 3>&1
                """#)
        func read(_ state: CommandState) -> String? { build.time(Example.answers([look: state])) }
        #expect(read(CommandState(text: time)) == time)
        #expect(read(CommandState(text: "")) == nil)
        #expect(read(CommandState(exitCode: 1, text: "Unable to connect")) == nil)
        func steps(isAnew: Bool) throws -> [any Step] {
            let context = try BuildContext(files: [:], arguments: [:], rebuilt: time)
            return try ServicePlan.make(
                cluster: Example.cluster(), context: context, isAnew: isAnew, templates: Templates(), by: "ann@desk"
            ).stages[0].steps(for: "kubmaster").filter { $0.looks.first == look }
        }
        let step = try #require(try steps(isAnew: false).first)
        #expect(step.title == "the build of the release that runs is known")
        func texts(_ exitCode: Int, _ text: String) -> [String] {
            let answers = [look: CommandState(exitCode: exitCode, text: text), Self.ready: CommandState(text: "ok")]
            return step.differences(given: Example.answers(answers)).map(\.text)
        }
        #expect(texts(0, time) == [])
        #expect(texts(0, "") == ["rebuilt: \(time) → never"])
        #expect(texts(0, "2026-11-27T00:00:00Z") == ["rebuilt: \(time) → 2026-11-27T00:00:00Z"])
        #expect(
            texts(1, "\nUnable to connect\n") == ["the cluster does not say what it runs: Unable to connect"])
        #expect(try steps(isAnew: true).isEmpty)
    }

    /// What an API server that answers says to.
    private static let ready = APIServer(Example.cluster()).looks[0]

    @Test("tells an API server that does not answer with its cause, and nothing that only it could say")
    func silentServer() throws {
        let steps = try plan(Example.cluster()).stages[0].steps(for: "kubmaster")
        let server = try #require(steps.first { $0.looks.first == Self.ready } as? APIServer)
        func told(isMade: Bool) -> [String] {
            let state = CommandState(exitCode: 1, text: "\nThe connection to the server 10.77.0.11:6443 was refused")
            var answers = Example.answers(
                Dictionary(steps.flatMap(\.looks).filter { $0.contains("kubectl") }.map { ($0, state) }) { $1 })
            answers.merge(Example.answers([server.looks[1]: CommandState(exitCode: isMade ? 0 : 1, text: "")]))
            let about = ["no object of others", "the build of the release", "port 30080", "the cluster's API"]
            return steps.filter { step in about.contains { step.title.hasPrefix($0) } }.flatMap { step in
                let found = step.differences(given: answers)
                #expect(found.isEmpty || step.title == server.title, "\(step.title)")
                return found.isEmpty ? [] : [step.refusal(of: found, on: Example.master)?.description ?? ""]
            }
        }
        #expect(
            told(isMade: true) == [
                """
                kubmaster: requirement not met: the cluster's API answers
                  why  The connection to the server 10.77.0.11:6443 was refused
                  fix  `kubeforge provision inventory/lab.yaml` starts what should run; `sudo journalctl -u kubelet \
                -n 50` on kubmaster tells why it does not
                """
            ])
        #expect(
            told(isMade: false) == [
                """
                kubmaster: requirement not met: the cluster's API answers
                  why  kubeadm has made no API server there
                  fix  create the cluster first: `kubeforge provision inventory/lab.yaml`
                """
            ])
    }

    @Test("says before the build that no host takes pods")
    func takesPods() throws {
        func found(_ hosts: [Host]) throws -> [String] {
            var cluster = Example.cluster()
            cluster.hosts = hosts
            let steps = try plan(cluster).stages[0].steps(for: "kubmaster")
            let step = try #require(steps.first { $0.title == "a host takes the service's pods" })
            return step.differences(given: Example.answers([:])).map(\.text)
        }
        var master = Example.master
        #expect(try found([master]) == ["it has no worker, and its control plane takes none"])
        #expect(try found([master, Example.node]) == [])
        master.isSchedulable = true
        #expect(try found([master]) == [])
    }

    @Test("says what to do when the cluster is not there yet")
    func preflight() async throws {
        let runtime = try #require(
            try plan(Example.cluster()).stages[0].steps(for: "kubnode").first { $0.title == "containerd runs" })
        #expect(runtime.differences(whenLookEnds: 1, "ctr: connection refused") == ["ctr: connection refused"])
        let warned = "ctr: an old configuration\nctr: connection refused\n"
        #expect(runtime.differences(whenLookEnds: 1, warned) == ["ctr: connection refused"])
        #expect(runtime.differences(whenLookEnds: 1) == ["containerd does not answer"])
        #expect(runtime.differences(whenLookEnds: 0, "1.7.24") == [])
        let requirement = try #require(try plan(Example.cluster()).stages[0].steps(for: "kubmaster").first)
        #expect(requirement.differences(whenLookEnds: 127, "sh: 1: docker: not found") == ["sh: 1: docker: not found"])
        #expect(requirement.differences(whenLookEnds: 0, "20.10.24") == [])
        let host = ScriptedTransport { _ in
            Output(answering: CommandState(exitCode: 127, text: "sh: 1: docker: not found"))
        }
        let error = await #expect(throws: Problem.self) {
            try await requirement.apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(
            error?.description == """
                kubmaster: requirement not met: Docker can build images
                  why  sh: 1: docker: not found
                  fix  create the cluster first: `kubeforge provision inventory/lab.yaml`
                """)
    }
}
