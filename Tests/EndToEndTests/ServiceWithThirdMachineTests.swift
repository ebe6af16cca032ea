import Testing

/// Its name comes after those of the files with the other tests of the suite: from here on the lab has three machines.
extension ServiceTests {
    @Test("lets a machine that joins later pull what its pods need by itself")
    func joinsLater() async throws {
        var larger = lab.inventory
        larger.hosts.append(("kubextra", "\(lab.inventory.network).13", "worker"))
        larger.distributions["kubextra"] = "debian-13"
        try larger.write()
        for verb in [["lab", "up"], ["provision"]] {
            let run = try await lab.kubeforge(verb + [larger.path])
            try #require(run.exitCode == 0, "\(verb): \(run.everything)")
        }
        let scaled = try await lab.ssh(
            "kubmaster",
            "kubectl -n mlops scale deployment inference --replicas=4 && kubectl -n mlops rollout status deployment/inference --timeout=180s"
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
