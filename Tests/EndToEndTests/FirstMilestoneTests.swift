import Foundation
import Testing

/// What a person does, in the order a person does it; each test stands on the one before.
@Suite(
    "From two bare machines to a model that answers", .serialized,
    .enabled(if: TestLab.isWanted, "KUBEFORGE_WITHOUT_LAB is set"),
    .lab("kubeforge-test", "10.78.0", hasOwnData: true, ["kubmaster": "ubuntu-24.04-stand-in", "kubnode": "debian-12"]))
struct FirstMilestoneTests {
    private let lab: TestLab

    init() throws { lab = try #require(TestLab.current.get()) }

    @Test("a dry run changes nothing")
    func dryRun() async throws {
        let run = try await lab.kubeforge("provision", lab.inventory.path, "--dry-run", "--output", "json")
        #expect(run.exitCode == 0, "\(run.everything)")
        let steps = try run.events().filter { $0.event == "step" }
        #expect(steps.contains { $0.outcome == "wouldChange" })
        #expect(steps.allSatisfy { $0.outcome == "wouldChange" || $0.outcome == "unchanged" })
        let traces = try await lab.ssh(
            "kubmaster",
            """
            hostname; ls -d /etc/kubernetes /etc/containerd /var/lib/kubeforge 2>/dev/null; dpkg-query -W kubelet \
            2>/dev/null; true
            """
        )
        #expect(traces.output == "debian\n")
    }

    @Test("an owner's drop-in of containerd is there before kubeforge is")
    func ownDropIn() async throws {
        let text = #"version = 2\n[plugins."io.containerd.gc.v1.scheduler"]\npause_threshold = 0.03\n"#
        let written = try await lab.ssh(
            "kubnode",
            "sudo mkdir -p /etc/containerd/conf.d && printf '\(text)' | sudo tee /etc/containerd/conf.d/99-own.toml")
        #expect(written.exitCode == 0, "\(written.everything)")
    }

    @Test("provision, disturbed at a step that is drawn and run again, makes both nodes Ready")
    func provision() async throws {
        try await lab.disturbOnce("provision", atOneOfTheFirst: 40)
        let run = try await lab.kubeforge("provision", lab.inventory.path, "--output", "json")
        #expect(run.exitCode == 0, "\(run.everything)")
        #expect(try run.events().last?.outcome == "ok")
        let nodes = try await lab.ssh("kubmaster", "kubectl get nodes --no-headers | awk '{print $1, $2}'")
        #expect(nodes.output == "kubmaster Ready\nkubnode Ready\n")
        let tokens = try await lab.ssh(
            "kubmaster", "sudo kubeadm token list --kubeconfig /etc/kubernetes/admin.conf | grep -c 'kubeforge join'")
        #expect(tokens.output == "0\n", "the join token is deleted")
        let containerd = try await lab.ssh(
            "kubnode", "sudo containerd config dump | grep -oE 'pause_threshold = 0.03|SystemdCgroup = true'")
        #expect(
            Set(containerd.output.split(separator: "\n")) == ["pause_threshold = 0.03", "SystemdCgroup = true"],
            "the owner's drop-in counts, and so does kubeforge's own setting")
        let mode =
            try FileManager.default.attributesOfItem(atPath: lab.environment["KUBECONFIG"]!)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("a second provision changes nothing, in at most three round trips for each host")
    func secondProvision() async throws {
        let run = try await lab.kubeforge("provision", lab.inventory.path, "--output", "json")
        #expect(run.exitCode == 0)
        let events = try run.events()
        #expect(events.filter { $0.outcome == "changed" }.compactMap(\.title) == [])
        let summary = try #require(events.last)
        #expect(summary.changed == 0 && summary.failed == 0)
        for (name, host) in try #require(summary.hosts) { #expect(host.roundTrips <= 3, "\(name)") }
    }

    @Test("packets that a firewall drops between the nodes are told, and nothing is changed for them")
    func blockedPodNetwork() async throws {
        func told() async throws -> [String] {
            let run = try await lab.kubeforge("provision", lab.inventory.path, "--dry-run", "--output", "json")
            let events = try run.events("step").filter { $0.outcome != "unchanged" }
            return events.flatMap { $0.differences ?? [] }
        }
        let rule = "INPUT -p udp --dport 8472 -j DROP"
        #expect(try await lab.ssh("kubnode", "sudo iptables -I \(rule)").exitCode == 0)
        let found = try await told()
        #expect(try await lab.ssh("kubnode", "sudo iptables -D \(rule)").exitCode == 0)
        #expect(found.contains { $0.hasSuffix("does not answer through the pod network") }, "\(found)")
        #expect(try await told() == [])
    }

    @Test("another cluster's inventory leaves the machines alone")
    func otherCluster() async throws {
        var other = lab.inventory
        other.cluster = "other"
        let path = lab.directory.appending(path: "other.yaml").path()
        try other.write(to: path)
        let run = try await lab.kubeforge("provision", path)
        #expect(run.exitCode == 1)
        #expect(run.errors.contains("it is a control plane of the cluster kubeforge-test, this one is other"))
    }

    @Test("a worker that cannot be reached is set aside, and the rest is done")
    func unreachableWorker() async throws {
        var larger = lab.inventory
        larger.hosts.append(("kubgone", "10.78.0.99", "worker"))
        let path = lab.directory.appending(path: "larger.yaml").path()
        try larger.write(to: path)
        let run = try await lab.kubeforge("provision", path, "--output", "json")
        #expect(run.exitCode == 2, "\(run.everything)")
        #expect(try run.events().last?.outcome == "incomplete")
        // The two machines now know the third by name; the smaller inventory takes that back.
        #expect(try await lab.kubeforge("provision", lab.inventory.path).exitCode == 0)
    }

    @Test("a control plane takes pods while the inventory says so, and has its own taints again afterwards")
    func schedulable() async throws {
        var open = lab.inventory
        open.hosts[0].role = "control-plane, schedulable: true"
        let path = lab.directory.appending(path: "schedulable.yaml").path()
        try open.write(to: path)
        func taints() async throws -> String {
            try await lab.ssh("kubmaster", "kubectl get node kubmaster -o 'jsonpath={.spec.taints[*].key}'").output
        }
        let own = try await taints()
        #expect(own.contains("node-role.kubernetes.io/"))
        for (inventory, title, expected) in [
            (path, "kubmaster is schedulable", ""), (lab.inventory.path, "kubmaster is not made schedulable", own),
        ] {
            let run = try await lab.kubeforge("provision", inventory, "--output", "json")
            #expect(run.exitCode == 0, "\(run.everything)")
            #expect(try run.events().filter { $0.outcome == "changed" }.compactMap(\.title).contains(title))
            #expect(try await taints() == expected)
        }
        let again = try await lab.kubeforge("provision", lab.inventory.path, "--output", "json")
        #expect(try again.events().filter { $0.outcome == "changed" }.compactMap(\.title) == [])
    }

    @Test("deploy makes the service answer on every node's port")
    func deploy() async throws {
        let run = try await lab.kubeforge("deploy", lab.inventory.path, "--output", "json")
        #expect(run.exitCode == 0, "\(run.everything)")
        // The first pod, under another name, may still be on its way out.
        let own = "-l app.kubernetes.io/name=inference"
        let pods = try await lab.ssh(
            "kubmaster", "kubectl -n mlops get pods \(own) --no-headers -o wide | awk '{print $2, $3, $7}'")
        #expect(pods.output == "1/1 Running kubnode\n1/1 Running kubnode\n")
        for machine in ["kubmaster", "kubnode"] {
            let answer = try await lab.curl("http://\(lab.inventory.address(of: machine)):30080/prediction/23")
            #expect(answer.output.contains("\"lda\""), "\(machine): \(answer.everything)")
        }
    }

    @Test("a second deploy changes nothing")
    func secondDeploy() async throws {
        let run = try await lab.kubeforge("deploy", lab.inventory.path, "--output", "json")
        #expect(run.exitCode == 0)
        #expect(try run.events().filter { $0.outcome == "changed" }.compactMap(\.title) == [])
    }

    @Test("smoke-test compares every answer with what training said")
    func smokeTest() async throws {
        let run = try await lab.kubeforge("smoke-test", lab.inventory.path, "--output", "json")
        #expect(run.exitCode == 0, "\(run.everything)")
        let checks = try run.events().filter { $0.event == "check" }
        #expect(checks.count >= 26)
        #expect(checks.allSatisfy { $0.outcome == "passed" })
    }

    @Test("smoke-test fails, and tells the difference, when one answer is wrong")
    func wrongAnswer() async throws {
        let golden = "golden=$(ls -t /var/lib/kubeforge/releases/*/golden.json | head -n 1)"
        let swap = try await lab.ssh(
            "kubmaster",
            """
            sudo sh -c '\(golden); cp -p $golden /tmp/golden; sed -i \"s/\\\"number\\\": *[0-9]*/\\\"number\\\":99/g\" \
            $golden; ! cmp -s /tmp/golden $golden'
            """
        )
        #expect(swap.exitCode == 0, "\(swap.everything)")
        let run = try await lab.kubeforge("smoke-test", lab.inventory.path)
        _ = try await lab.ssh("kubmaster", "sudo sh -c '\(golden); cp -p /tmp/golden $golden'")
        #expect(run.exitCode == 1, "\(run.everything)")
        #expect((run.output + run.errors).contains("99"))
    }

    @Test("a release whose answers differ from training never reaches users")
    func wrongRelease() async throws {
        let fault = Fault.wrongAnswers
        let run = try await lab.kubeforge(
            "deploy", lab.inventory.path, "--templates", try fault.overlay.make(in: lab.directory))
        #expect(run.exitCode == 1, "\(run.everything)")
        for sentence in fault.says { #expect(run.errors.contains(sentence), "\(run.errors)") }
        let check = try await lab.kubeforge("smoke-test", lab.inventory.path, "--load", "3s", "--concurrency", "2")
        #expect(check.exitCode == 0, "\(check.everything)")
    }

    @Test("a batch in two shards predicts every row, in order")
    func batch() async throws {
        let results = lab.directory.appending(path: "results")
        let run = try await lab.kubeforge(
            "batch", "run", lab.inventory.path, "--shards", "2", "--results", results.path())
        #expect(run.exitCode == 0, "\(run.everything)")
        let lines = try String(contentsOf: results.appending(path: "predictions.csv"), encoding: .utf8).split(
            separator: "\n")
        #expect(lines.dropFirst().map { $0.prefix { $0 != "," } } == (0..<OwnData.rows).map { "\($0)" })
    }

    @Test("a training, a schedule, and what ran and was printed can be told")
    func operation() async throws {
        let path = lab.inventory.path
        let train = try await lab.kubeforge("train", path, "--follow")
        #expect(train.exitCode == 0, "\(train.everything)")
        #expect(train.errors.contains("mlp cross-validation"), "\(train.everything)")
        #expect(try await lab.kubeforge("batch", "schedule", "0 2 * * *", path).exitCode == 0)
        let jobs = try await lab.kubeforge("jobs", path, "--output", "json")
        #expect(try jobs.events("job").map(\.kind) == ["training", "batch run", "batch run"], "\(jobs.everything)")
        #expect(try jobs.events("schedule").count == 1, "\(jobs.everything)")
        #expect(try await lab.kubeforge("batch", "unschedule", path).exitCode == 0)
        let logs = try await lab.kubeforge("logs", "online", path, "--output", "json")
        #expect(Set(try logs.events("output").compactMap(\.pod)).count == 2, "\(logs.everything)")
        let releases = try await lab.kubeforge("releases", path, "--output", "json")
        #expect(try releases.events("release").count == 1, "\(releases.everything)")
    }

    @Test("after a reboot of both machines the service comes back by itself")
    func reboot() async throws {
        let reboot = try await lab.kubeforge("lab", "reboot", "--inventory", lab.inventory.path)
        #expect(reboot.exitCode == 0, "\(reboot.everything)")
        let url = "http://\(lab.inventory.address(of: "kubnode")):30080/readyz"
        let back = try await lab.ssh(
            "kubmaster", "curl -sf --retry 180 --retry-delay 1 --retry-all-errors --max-time 5 -o /dev/null \(url)")
        #expect(back.exitCode == 0)
        let registry = try await lab.ssh(
            "kubmaster",
            """
            sudo curl -sf --retry 60 --retry-delay 1 --retry-all-errors --cacert /etc/kubernetes/pki/ca.crt \
            https://\(lab.inventory.address(of: "kubmaster")):5443/
            """
        )
        #expect(registry.exitCode == 0, "the registry starts with its machine: \(registry.everything)")
        for machine in ["kubmaster", "kubnode"] {
            let kept = try await lab.ssh(machine, "cat /run/lab-swaps 2>/dev/null; cat /proc/sys/net/ipv4/ip_forward")
            #expect(kept.output == "1\n", "\(machine): no swap, and packets are forwarded")
        }
        let again = try await lab.kubeforge("provision", lab.inventory.path, "--output", "json")
        #expect(again.exitCode == 0, "\(again.everything)")
        #expect(try again.events().filter { $0.outcome == "changed" }.compactMap(\.title) == [])
        let run = try await lab.kubeforge("smoke-test", lab.inventory.path)
        #expect(run.exitCode == 0, "\(run.everything)")
    }

    @Test("nothing called crictl but kubeadm 1.20, which cannot do without: newer machines have none")
    func callersOfCrictl() async throws {
        for machine in ["kubmaster", "kubnode"] {
            let callers = try await lab.ssh(machine, "sudo cat /var/log/crictl-callers").output.split(separator: "\n")
            #expect(!callers.isEmpty, "\(machine): the lab's crictl has not noted kubeadm")
            #expect(callers.filter { !$0.hasPrefix("kubeadm < ") } == [], "\(machine)")
        }
    }
}
