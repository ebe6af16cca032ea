import Foundation
import Testing

/// Its name comes after that of the file with the other tests of the suite: they run in this order.
extension ServiceTests {
    @Test("puts its own models into an empty store, and serves them from there")
    func emptyStore() async throws {
        let store = try await StoreOnMaster()
        for verb in ["provision", "deploy", "smoke-test"] {
            let run = try await store.lab.kubeforge(verb, store.inventory)
            #expect(run.exitCode == 0, "\(run.everything)")
        }
        #expect(try await store.wanted() == "image")
        let versions = try await store.versions()
        try #require(versions.count == 1, "\(versions)")
        #expect(try await store.shell("readlink store/current") == "versions/\(versions[0])")
        let again = try await store.lab.kubeforge("deploy", store.inventory, "--output", "json")
        #expect(try again.events().filter { $0.outcome == "changed" }.compactMap(\.title) == [])
    }

    @Test("keeps answering when the models of a training were changed in the store, and says which")
    func changedModel() async throws {
        let store = try await StoreOnMaster()
        let train = try await store.lab.kubeforge("train", store.inventory)
        #expect(train.exitCode == 0, "\(train.everything)")
        let version = try #require(try await store.versions().last)
        let model = "store/versions/\(version)/mlp.joblib"
        _ = try await store.shell(
            "cp -p \(model) mlp; printf X | dd of=\(model) bs=1 seek=500 conv=notrunc status=none")
        let statuses = try await Watch(lab: store.lab).statuses {
            let run = try await store.lab.kubeforge("deploy", store.inventory, "--timeout", "30s")
            #expect(run.exitCode == 1, "\(run.everything)")
            #expect(
                run.errors.contains("versions/\(version)/mlp.joblib: is not what was trained: sha256 "), "\(run.errors)"
            )
            #expect(run.errors.contains("keeps serving"), "\(run.errors)")
        }
        #expect(statuses.count > 100)
        #expect(statuses.filter { $0 != "200" } == [])
        #expect(try await store.wanted() == "image")
        _ = try await store.shell("cp -p mlp \(model)")
    }

    @Test("serves the models of a training after the next deploy, and earlier ones after a rollback")
    func trained() async throws {
        let store = try await StoreOnMaster()
        let deploy = try await store.lab.kubeforge("deploy", store.inventory)
        #expect(deploy.exitCode == 0, "\(deploy.everything)")
        let versions = try await store.versions()
        #expect(try await store.wanted() == versions.last)
        #expect(try await store.shell("readlink store/current") == "versions/\(versions.last ?? "")")
        #expect(try await store.lab.kubeforge("smoke-test", store.inventory).exitCode == 0)
        let back = try await store.lab.kubeforge("rollback", versions[0], "--inventory", store.inventory)
        #expect(back.exitCode == 0, "\(back.everything)")
        #expect(try await store.wanted() == "image")
        #expect(try await store.lab.kubeforge("smoke-test", store.inventory).exitCode == 0)
    }
}

/// A model store on the control plane's own sshd: a user with a key of the test's, and an inventory that names it.
private struct StoreOnMaster {
    let lab: TestLab

    var inventory: String { lab.directory.appending(path: "with-store.yaml").path() }

    init() async throws {
        lab = try #require(TestLab.current.get())
        if !FileManager.default.fileExists(atPath: inventory) { try await make() }
    }

    private func make() async throws {
        let key = lab.directory.appending(path: "store-key").path()
        let made = try await Program(
            path: "/usr/bin/ssh-keygen", arguments: ["-q", "-t", "ed25519", "-N", "", "-C", "models", "-f", key],
            environment: [:]
        ).run()
        #expect(made.exitCode == 0, "\(made.everything)")
        let user = try await lab.ssh(
            "kubmaster",
            """
            sudo useradd --create-home models && sudo install -d -m 700 -o models ~models/.ssh &&
            echo '\(try String(contentsOfFile: key + ".pub", encoding: .utf8))' |
            sudo install -m 600 -o models /dev/stdin ~models/.ssh/authorized_keys
            """)
        #expect(user.exitCode == 0, "\(user.everything)")
        try write(key)
    }

    /// Generated data, whatever the test before had.
    private func write(_ key: String) throws {
        var own = lab.inventory
        let address = own.address(of: "kubmaster")
        own.service = [
            """
            models: { url: \"sftp://models@\(address)/home/models/store\", key: \(key), knownHosts: \(own.knownHosts) }
            """
        ]
        try own.write(to: inventory)
        let text = try String(contentsOfFile: inventory, encoding: .utf8)
        let archive = URL(filePath: own.key).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "apt/key.asc"
        ).path()
        let debian = "    debian: { url: \"http://\(own.network).1:8000/debian\", key: \(archive) }\n"
        try text.replacing("  apt:\n", with: "  apt:\n" + debian).write(
            toFile: inventory, atomically: true, encoding: .utf8)
    }

    /// The version that the pods' description names.
    func wanted() async throws -> String {
        try await lab.ssh(
            "kubmaster",
            """
            kubectl -n mlops get deployment inference -o \
            jsonpath='{.spec.template.spec.initContainers[0].env[?(@.name==\"MODEL_VERSION\")].value}'
            """
        ).output
    }

    /// What the store has, the oldest first.
    func versions() async throws -> [String] {
        try await shell("ls store/versions").split(separator: "\n").map(String.init)
    }

    /// In the home of the store's user.
    func shell(_ line: String) async throws -> String {
        let end = try await lab.ssh("kubmaster", "sudo -u models sh -c 'cd && \(line)'")
        #expect(end.exitCode == 0, "\(end.everything)")
        return end.output.trimmingCharacters(in: .newlines)
    }
}

/// Its name comes after those of the files with the other tests of the suite: from here on the lab has three machines.
extension ServiceTests {
    @Test("lets a machine that joins later pull what its pods need by itself")
    func joinsLater() async throws {
        var larger = lab.inventory
        larger.hosts.append(("kubextra", "\(lab.inventory.network).13", "worker"))
        larger.distributions["kubextra"] = "debian-13"
        try larger.write()
        let up = try await lab.kubeforge("lab", "up", larger.path)
        try #require(up.exitCode == 0, "\(up.everything)")
        // A firewall keeps it from the API server: told before it joins, and the others are as they were.
        let rule = "INPUT -s \(lab.inventory.network).13 -p tcp --dport 6443 -j DROP"
        #expect(try await lab.ssh("kubmaster", "sudo iptables -I \(rule)").exitCode == 0)
        let blocked = try await lab.kubeforge("provision", larger.path)
        #expect(try await lab.ssh("kubmaster", "sudo iptables -D \(rule)").exitCode == 0)
        #expect(blocked.exitCode == 2, "\(blocked.everything)")
        #expect(blocked.errors.contains("port 6443/tcp of kubmaster"), "\(blocked.everything)")
        let run = try await lab.kubeforge("provision", larger.path)
        try #require(run.exitCode == 0, "\(run.everything)")
        let scaled = try await lab.ssh(
            "kubmaster",
            """
            kubectl -n mlops scale deployment inference --replicas=4 && kubectl -n mlops rollout status \
            deployment/inference --timeout=180s
            """
        )
        #expect(scaled.exitCode == 0, "\(scaled.everything)")
        let pods = try await lab.ssh(
            "kubmaster",
            "kubectl -n mlops get pods --field-selector spec.nodeName=kubextra,status.phase=Running -o name")
        #expect(pods.output.contains("pod/inference-"), "\(pods.everything)")
        let answer = try await lab.curl("http://\(larger.address(of: "kubextra")):30080/prediction/23")
        #expect(answer.output.contains("\"lda\""), "\(answer.everything)")
    }
}
