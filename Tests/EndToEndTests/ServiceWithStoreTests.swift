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

    @Test("keeps the predictions of a schedule's run in the store, and its pod says where")
    func scheduled() async throws {
        let store = try await StoreOnMaster()
        let made = try await store.lab.kubeforge("batch", "schedule", "0 2 * * *", store.inventory)
        #expect(made.exitCode == 0, "\(made.everything)")
        #expect(made.errors.contains("each run puts predictions.csv and scores.json into sftp://models@"))
        let begun = try await store.lab.ssh(
            "kubmaster",
            """
            kubectl -n mlops create job --from=cronjob/inference-batch by-hand >/dev/null &&
            kubectl -n mlops wait --for=condition=complete --timeout=120s job/by-hand >/dev/null && kubectl -n mlops \
            logs job/by-hand
            """)
        let place = "store/predictions/inference-batch"
        let run = try await store.shell("ls \(place)")
        #expect(begun.output.hasSuffix("/\(place)/\(run)\n"), "\(begun.everything)")
        #expect(try await store.shell("ls \(place)/\(run)") == "predictions.csv\nscores.json")
        #expect(try await store.shell("wc -l < \(place)/\(run)/predictions.csv") == "1301")
        let gone = try await store.lab.kubeforge("batch", "unschedule", store.inventory)
        #expect(gone.exitCode == 0, "\(gone.everything)")
        #expect(try await store.shell("ls \(place)") == run, "predictions stay")
    }

    @Test("serves a model that was pushed from a directory, and signed here")
    func pushed() async throws {
        let store = try await StoreOnMaster()
        let push = try await store.push(with: store.signing)
        #expect(push.exitCode == 0, "\(push.everything)")
        let version = try #require(try await store.versions().last)
        #expect(try await store.files(of: version).contains("metadata.json.sig"))
        #expect(try await store.wanted() == "image", "a push changes no pod")
        let deploy = try await store.lab.kubeforge("deploy", store.signing)
        #expect(deploy.exitCode == 0, "\(deploy.everything)")
        #expect(try await store.wanted() == version)
        let smoke = try await store.lab.kubeforge("smoke-test", store.signing)
        #expect(smoke.exitCode == 0, "\(smoke.everything)")
        let address = store.lab.inventory.address(of: "kubnode")
        let answer = try await store.lab.curl("http://\(address):30080/prediction/23").output
        #expect(answer.contains(#""lda":{"#) && !answer.contains(#""mlp""#), "of two models one was pushed: \(answer)")
    }

    @Test("takes no version that nobody has signed where the inventory names signers, and keeps answering")
    func unsigned() async throws {
        let store = try await StoreOnMaster()
        let signed = try await store.wanted()
        // By somebody whose inventory names none.
        let push = try await store.push(with: store.inventory)
        #expect(push.exitCode == 0, "\(push.everything)")
        let version = try #require(try await store.versions().last)
        #expect(try await !store.files(of: version).contains("metadata.json.sig"))
        let statuses = try await Watch(lab: store.lab).statuses {
            let run = try await store.lab.kubeforge("deploy", store.signing, "--timeout", "30s")
            #expect(run.exitCode == 1, "\(run.everything)")
            #expect(run.errors.contains("versions/\(version) is not signed"), "\(run.errors)")
            #expect(run.errors.contains("keeps serving"), "\(run.errors)")
        }
        #expect(statuses.count > 100)
        #expect(statuses.filter { $0 != "200" } == [])
        #expect(try await store.wanted() == signed)
    }

    @Test("starts no new pod where the metadata.json of a signed version was changed, and the old ones go on answering")
    func changedDescription() async throws {
        let store = try await StoreOnMaster()
        let version = try await store.wanted()
        let file = "store/versions/\(version)/metadata.json"
        // All that pods need of it is as it was.
        _ = try await store.shell("cp -p \(file) whole && sed -i s/created/changed/ \(file)")
        let statuses = try await Watch(lab: store.lab).statuses {
            let stopped = try await store.lab.ssh("kubmaster", Self.thirdPodStops)
            let reason = "versions/\(version) has a signature that does not match its metadata.json ("
            #expect(stopped.output.contains(reason), "\(stopped.everything)")
            #expect(stopped.output.hasSuffix("\n2\n"), "two pods run as before: \(stopped.everything)")
        }
        #expect(statuses.count > 100)
        #expect(statuses.filter { $0 != "200" } == [])
        _ = try await store.shell("cp -p whole \(file)")
        let scaled = try await store.lab.ssh("kubmaster", Self.scale(3))
        #expect(scaled.exitCode == 0, "as it was signed it is served: \(scaled.everything)")
        #expect(try await store.lab.ssh("kubmaster", Self.scale(2)).exitCode == 0)
    }

    @Test("brings an old pod back after a deploy with a wrong key, which changes nothing for those who ask")
    func wrongKey() async throws {
        let store = try await StoreOnMaster()
        let version = try await store.wanted()
        try #require(!version.isEmpty, "pods fetch their models from the store by now")
        let statuses = try await Watch(lab: store.lab).statuses {
            let run = try await store.lab.kubeforge("deploy", store.withWrongKey, "--timeout", "30s")
            #expect(run.exitCode == 1, "\(run.everything)")
            #expect(run.errors.contains("does not let this user in with this key"), "\(run.errors)")
            #expect(run.errors.contains("keeps serving"), "\(run.errors)")
        }
        #expect(statuses.count > 100)
        #expect(statuses.filter { $0 != "200" } == [])
        #expect(try await store.wanted() == version)
        // It fetches its models with the key of its own release.
        try await store.lab.replaceOnePod()
        let smoke = try await store.lab.kubeforge("smoke-test", store.signing)
        #expect(smoke.exitCode == 0, "\(smoke.everything)")
    }

    private static func scale(_ count: Int) -> String {
        """
        kubectl -n mlops scale deployment inference --replicas=\(count) >/dev/null && kubectl -n mlops rollout status \
        deployment/inference --timeout=180s
        """
    }

    /// Asks for a third pod, waits until its kubelet has given it up for a while, prints what it said and how many run;
    /// then it is not asked for any more.
    private static let thirdPodStops = """
        kubectl -n mlops scale deployment inference --replicas=3 >/dev/null
        timeout 240 kubectl -n mlops get pods -l app.kubernetes.io/name=inference --no-headers --watch |
        while read -r pod ready status others; do
        [ "$status" = Init:CrashLoopBackOff ] || continue
        kubectl -n mlops logs "$pod" -c models
        kubectl -n mlops get pods -l app.kubernetes.io/name=inference --field-selector status.phase=Running -o name |
        wc -l
        kubectl -n mlops scale deployment inference --replicas=2 >/dev/null
        break
        done
        """
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
