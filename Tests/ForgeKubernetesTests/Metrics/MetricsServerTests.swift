import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing
import Yams

@testable import ForgeKubernetes

@Suite("metrics-server")
struct MetricsServerTests {
    private static func metrics(_ version: String = "1.36.2", _ change: (inout Cluster) -> Void = { _ in }) throws
        -> MetricsServer
    {
        try MetricsServer(
            Example.cluster(version) {
                $0.metricsServer = true
                change(&$0)
            }, Example.templates)
    }

    private static func objects(_ metrics: MetricsServer) throws -> [Node] {
        try Array(Yams.compose_all(yaml: String(decoding: metrics.manifest.content, as: UTF8.self)))
    }

    /// As the table of its README has it, and kubeforge's oldest and newest Kubernetes.
    @Test(
        "is of the newest release for the cluster's Kubernetes",
        arguments: [
            ("1.20.2", "0.5.2"), ("1.24.17", "0.5.2"), ("1.25.0", "0.6.4"), ("1.26.15", "0.6.4"), ("1.27.0", "0.7.2"),
            ("1.30.14", "0.7.2"), ("1.31.0", "0.8.1"), ("1.33.9", "0.8.1"), ("1.34.0", "0.9.0"), ("1.37.0", "0.9.0"),
        ])
    func version(kubernetes: String, release: String) throws {
        let metrics = try Self.metrics(kubernetes)
        #expect(metrics.image == "registry.k8s.io/metrics-server/metrics-server:v\(release)")
        #expect(metrics.steps.last?.title == "metrics-server \(release) is applied")
        let role = try Self.objects(metrics).first {
            $0["metadata"]?["name"]?.scalar?.string == "system:metrics-server"
        }
        // 0.5 reads another page of the kubelet than later releases do.
        #expect(
            role?["rules"]?[0]?["resources"]?[0]?.scalar?.string
                == (release == "0.5.2" ? "nodes/stats" : "nodes/metrics"))
    }

    @Test("reads as it is applied, and comes from the repository of Kubernetes' own images")
    func manifest() throws {
        let metrics = try Self.metrics { $0.imageRepository = "registry.example.org/kubernetes" }
        #expect(metrics.manifest.path == "/var/lib/kubeforge/metrics-server.yaml")
        let written = String(decoding: metrics.manifest.content, as: UTF8.self)
        #expect(written == Golden.text("metrics-server.yaml", insteadOf: written))
        #expect(written.contains("registry.example.org/kubernetes/metrics-server/metrics-server:v0.9.0"))
    }

    @Test("marks each object as kubeforge's, asks for each of them whose it is, and has a pod that fits its Service")
    func objects() throws {
        let objects = try Self.objects(try Self.metrics())
        let kinds = [
            "APIService": "apiservices", "Deployment": "deployments", "Service": "services",
            "ServiceAccount": "serviceaccounts", "ClusterRole": "clusterroles",
            "ClusterRoleBinding": "clusterrolebindings", "RoleBinding": "rolebindings",
        ]
        var asked: Set<String> = []
        for object in objects {
            let metadata = try #require(object["metadata"])
            #expect(metadata["labels"]?["app.kubernetes.io/managed-by"]?.scalar?.string == "kubeforge")
            let kind = try #require(kinds[object["kind"]?.scalar?.string ?? ""])
            asked.insert("\(kind)/\(metadata["name"]?.scalar?.string ?? "")")
        }
        let words = MetricsServer.ownerLook.split(separator: " ").map(String.init)
        #expect(Set(words.filter { $0.contains("s/") && !$0.contains("/etc") && !$0.contains("{") }) == asked)
        func first(_ kind: String) throws -> Node { try #require(objects.first { $0["kind"]?.scalar?.string == kind }) }
        let pod = try #require(try first("Deployment")["spec"]?["template"])
        let selector = try first("Service")["spec"]?["selector"]?["k8s-app"]?.scalar?.string
        #expect(selector != nil && pod["metadata"]?["labels"]?["k8s-app"]?.scalar?.string == selector)
        let container = try #require(pod["spec"]?["containers"]?[0])
        #expect(container["args"]?.array().compactMap(\.scalar?.string).contains("--secure-port=10250") == true)
        #expect(container["ports"]?[0]?["containerPort"]?.int == 10250)
        #expect(container["securityContext"]?["readOnlyRootFilesystem"]?.bool == true)
        #expect(try first("APIService")["spec"]?["service"]?["name"]?.scalar?.string == "metrics-server")
    }

    /// kubectl's own lines: kind, name, and the label, where there is one.
    private static let ours = """
        APIService v1beta1.metrics.k8s.io kubeforge
        Deployment metrics-server kubeforge
        Service metrics-server kubeforge
        """
    private static let adapter = "APIService v1beta1.metrics.k8s.io \n"
    private static let helm = """
        APIService v1beta1.metrics.k8s.io Helm
        Deployment metrics-server Helm
        ClusterRole system:metrics-server \n
        """

    private func answers(_ step: any Step, _ owner: CommandState, others: CommandState) -> [Question: Answer] {
        Dictionary(
            step.questions.compactMap { question in
                guard case .command(let line) = question else { return nil }
                return (question, .command(line == MetricsServer.ownerLook ? owner : others))
            }
        ) { first, _ in first }
    }

    @Test("of somebody else stays as it is, and that is said once")
    func others() async throws {
        let metrics = try Self.metrics()
        for (found, names) in [
            (Self.adapter, "APIService v1beta1.metrics.k8s.io"),
            (
                Self.helm,
                "APIService v1beta1.metrics.k8s.io, Deployment metrics-server, ClusterRole system:metrics-server"
            ),
        ] {
            let all = metrics.steps + [metrics.measures]
            var notes: [String] = []
            for step in all {
                let given = answers(step, CommandState(text: found), others: CommandState(exitCode: 1))
                #expect(step.texts(given) == [], "\(step.title)")
                notes += step.notes(given: Answers(given), on: Example.master)
                // It came between the look and the change.
                let (machine, transport) = Example.machine(Example.master, answering: frame(found))
                try await step.apply(to: machine)
                #expect(await transport.changes == [], "\(step.title)")
            }
            #expect(notes == ["metrics-server stays as it is: kubeforge did not make \(names)"])
        }
    }

    @Test("is applied where nothing or kubeforge's own is there, and never where that is not known")
    func own() async throws {
        let metrics = try Self.metrics()
        for found in ["", Self.ours] {
            let given = answers(metrics.steps[1], CommandState(text: found), others: CommandState(exitCode: 1))
            #expect(
                metrics.steps[1].texts(given) == ["the cluster differs from /var/lib/kubeforge/metrics-server.yaml"])
            #expect(metrics.steps[0].notes(given: Answers(given), on: Example.master) == [])
            let (machine, transport) = Example.machine(Example.master, answering: frame(found))
            try await metrics.steps[1].apply(to: machine)
            #expect(
                await transport.changes == [
                    """
                    kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f /var/lib/kubeforge/metrics-server.yaml
                    """
                ])
        }
        let (machine, transport) = Example.machine(Example.master, answering: frame("", code: 1))
        let problem = await #expect(throws: Problem.self) { try await metrics.steps[1].apply(to: machine) }
        #expect(problem?.why == "its owner could not be determined")
        #expect(await transport.changes == [])
    }

    @Test("is waited for until the API server has its answers, in the API server's own words")
    func measures() throws {
        let step = try Self.metrics().measures
        func texts(_ text: String, exitCode: Int = 0) -> [String] {
            step.texts(
                answers(step, CommandState(text: Self.ours), others: CommandState(exitCode: exitCode, text: text)))
        }
        #expect(texts("True Passed: all checks passed") == [])
        #expect(
            texts("False MissingEndpoints: endpoints for service/metrics-server in \"kube-system\" have no addresses")
                == [
                    """
                    v1beta1.metrics.k8s.io is not available: MissingEndpoints: endpoints for service/metrics-server \
                    in "kube-system" have no addresses
                    """
                ])
        #expect(texts("") == ["v1beta1.metrics.k8s.io is not available: it has no status yet"])
        #expect(texts("", exitCode: 1) == ["the cluster says nothing about v1beta1.metrics.k8s.io"])
    }

    @Test("has a pod that is the cluster's own where kubeforge made it, and is only told of otherwise")
    func pod() throws {
        let step = SystemPods.step(for: Example.cni(), and: try Self.metrics())
        let pods = "metrics-server-6f-abcde|kubnode|Pending|False|ImagePullBackOff |ReplicaSet|metrics-server-6f\n"
        let own = "etcd-kubmaster|kubmaster|Running|True||Node|kubmaster\n"
        func given(_ owner: String) -> [Question: Answer] {
            var all = answers(step, CommandState(text: owner), others: CommandState(text: own + pods))
            all[.command(Nodes.look(HostKubectl.asAdmin))] = .command(
                CommandState(text: "kubmaster=True=\nkubnode=True="))
            return all
        }
        #expect(step.texts(given(Self.ours)) == ["metrics-server-6f-abcde: ImagePullBackOff"])
        #expect(step.texts(given(Self.helm)) == [])
        #expect(step.notes(given: Answers(given(Self.helm)), on: Example.master).count == 1)
        #expect(SystemPods.step(for: Example.cni()).questions.count == 2)
    }

    @Test("is on Docker's nodes before, where its registry has a mirror that Docker itself cannot use")
    func docker() throws {
        func questions(_ runtime: Cluster.Runtime) throws -> [String] {
            let cluster = Example.cluster("1.36.2") {
                $0.runtime = runtime
                $0.metricsServer = true
                $0.mirrors.registries = ["registry.k8s.io": "http://10.77.0.1:5000"]
            }
            let step = try Example.plan(cluster).stages.flatMap(\.work).flatMap(\.steps).first {
                $0.title == "node images are present"
            }
            guard let step else { return [] }
            let given = Dictionary(
                step.questions.map { question in
                    if case .command(let line) = question, line.contains("kubeadm config") {
                        return (question, Answer.command(CommandState(text: "registry.k8s.io/pause:3.10\n")))
                    }
                    return (question, .command(CommandState()))
                }
            ) { first, _ in first }
            return step.texts(given)
        }
        let missing = "registry.k8s.io/metrics-server/metrics-server:v0.9.0 is missing"
        #expect(try questions(.docker).contains(missing))
        #expect(try !questions(.containerd).contains(missing))
    }
}
