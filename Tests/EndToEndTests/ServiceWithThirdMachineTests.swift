import Testing

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
