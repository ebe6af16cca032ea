import Foundation
import Testing

/// The cluster's own registry, and nodes that need an image of it.
extension ServiceTests {
    private var registry: String { "\(lab.inventory.address(of: "kubmaster")):5443" }

    @Test("gives a node that lost its images all of them again, without a deploy")
    func lostImages() async throws {
        let scaled = "kubectl -n mlops scale deployment inference --replicas"
        let gone = try await lab.ssh(
            // Pods that have ended go, too: containerd fetches no layer that a container of theirs still holds
            // unpacked.
            "kubmaster", "\(scaled)=0 && kubectl -n mlops delete pods --all --timeout=120s")
        #expect(gone.exitCode == 0, "\(gone.everything)")
        let left = try await lab.ssh("kubnode", "sudo sh -c '\(Self.loseImages)'")
        #expect(left.output == "0\n", "\(left.everything)")
        let bytes = try await sentByRegistry {
            let back = try await lab.ssh(
                "kubmaster", "\(scaled)=2 && kubectl -n mlops rollout status deployment/inference --timeout=180s")
            #expect(back.exitCode == 0, "\(back.everything)")
        }
        #expect(bytes > 20_000_000, "\(bytes)")
        let answer = try await lab.curl("http://\(lab.inventory.address(of: "kubnode")):30080/prediction/23")
        #expect(answer.output.contains("\"lda\""), "\(answer.everything)")
    }

    /// Waits until the kubelet has removed the containers of pods that are gone: containerd fetches no layer that one
    /// of them holds unpacked. Then removes the images.
    private static let loseImages =
        #"timeout 180 sh -c "while ctr -n k8s.io containers ls | grep -q /inference; do sleep 1; done""# + "\n"
        + forgetImages

    /// Removes the service's images by all of their names, waits until layers that nothing holds are gone, and prints
    /// how many names are left.
    static let forgetImages = #"""
        digests=$(ctr -n k8s.io images ls | grep /inference | tr -s " " | cut -d " " -f 3 | sort -u)
        for digest in $digests; do ctr -n k8s.io images ls | grep " $digest " | cut -d " " -f 1 | xargs -r ctr -n \#
        k8s.io images rm --sync; done >/dev/null
        ctr -n k8s.io images ls -q | grep -c /inference
        """#

    @Test("shows its images to nobody without the password, and speaks TLS alone")
    func closed() async throws {
        func code(_ words: String) async throws -> String {
            try await lab.ssh("kubnode", "sudo curl -s -o /dev/null -w '%{http_code}' --max-time 10 \(words)").output
        }
        let authority = "--cacert /etc/kubernetes/pki/ca.crt"
        let answers = [
            try await code("\(authority) https://\(registry)/v2/mlops/inference/tags/list"),
            try await code("\(authority) -u kubeforge:kubeforge https://\(registry)/v2/mlops/inference/tags/list"),
            try await code("https://\(registry)/v2/"), try await code("http://\(registry)/v2/"),
        ]
        #expect(answers == ["401", "401", "000", "400"])
        // The password is nowhere but in files of root's and in the Secret: no log of kubeforge's has it.
        let password = try await lab.ssh("kubmaster", "sudo cat /var/lib/kubeforge/registry/login/password").output
        let logs = try FileManager.default.subpathsOfDirectory(atPath: lab.directory("state").path()).filter {
            $0.hasSuffix(".log")
        }
        #expect(!logs.isEmpty)
        for log in logs {
            let text = try String(contentsOf: lab.directory("state").appending(path: log), encoding: .utf8)
            #expect(!text.contains(password.prefix(48)), "\(log)")
        }
    }

    /// The tags that the registry has.
    func published() async throws -> [String] {
        let list = try await lab.ssh(
            "kubmaster",
            """
            sudo curl -s -K /var/lib/kubeforge/registry/login/curl --cacert /etc/kubernetes/pki/ca.crt \
            https://\(registry)/v2/mlops/inference/tags/list
            """
        )
        struct Answer: Decodable { var tags: [String] }
        return try JSONDecoder().decode(Answer.self, from: Data(list.output.utf8)).tags
    }

    /// Bytes that the registry sent to the worker meanwhile, as the kernel counts its packets.
    func sentByRegistry(during body: () async throws -> Void) async throws -> Int {
        let rule = "OUTPUT -p tcp --sport 5443 -d \(lab.inventory.address(of: "kubnode"))"
        #expect(try await lab.ssh("kubmaster", "sudo iptables -I \(rule)").exitCode == 0)
        try await body()
        let count = try await lab.ssh(
            "kubmaster", "sudo iptables -nvxL OUTPUT | grep spt:5443 | tr -s ' ' | cut -d ' ' -f 3")
        #expect(try await lab.ssh("kubmaster", "sudo iptables -D \(rule)").exitCode == 0)
        return Int(count.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }
}
