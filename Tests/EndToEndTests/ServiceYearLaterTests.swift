import Foundation
import Testing

/// Its name comes after those of the files with the other tests of the suite: no test has to stand on a control plane
/// that was down.
extension ServiceTests {
    @Test("says that certificates have expired, changes nothing for that, and answers again once they are renewed")
    func expiredCertificates() async throws {
        let path = lab.inventory.path
        let expired = try await lab.ssh("kubmaster", "sudo sh -s <<'END'\n\(Self.expire)\nEND")
        try #require(expired.exitCode == 0, "\(expired.everything)")
        let before = try await files()
        for verb in ["deploy", "provision"] {
            let run = try await lab.kubeforge(verb, path, "--output", "json")
            #expect(run.exitCode == 1, "\(run.everything)")
            try expectExpiry(in: run)
        }
        #expect(try await files() == before)

        let renewed = try await lab.kubeforge("provision", path, "--renew-certificates", "--output", "json")
        try #require(renewed.exitCode == 0, "\(renewed.everything)")
        let step = try renewed.events("step").first { $0.title == "the certificates of kubmaster are renewed" }
        #expect(step?.outcome == "changed", "\(renewed.everything)")
        let nodes = try await lab.ssh("kubmaster", "kubectl get nodes --no-headers | awk '{print $2}' | sort -u")
        #expect(nodes.output == "Ready\n", "\(nodes.everything)")
        let admin = try await lab.ssh(
            "kubmaster", "sudo sed -n 's/^ *client-certificate-data: *//p' /etc/kubernetes/admin.conf"
        ).output.trimmingCharacters(in: .newlines)
        let own = try String(contentsOfFile: lab.environment["KUBECONFIG"]!, encoding: .utf8)
        #expect(!admin.isEmpty && own.contains(admin), "kubectl on this computer has the new certificate")
        let smoke = try await lab.kubeforge("smoke-test", path)
        #expect(smoke.exitCode == 0, "\(smoke.everything)")
        let again = try await lab.kubeforge("provision", path, "--output", "json")
        #expect(again.exitCode == 0, "\(again.everything)")
        #expect(try again.events().filter { $0.outcome == "changed" }.compactMap(\.title) == [])
    }

    /// One problem names all of them, with the command that renews them, and nothing was changed.
    private func expectExpiry(in run: Finished) throws {
        let what = "kubmaster: certificates of the cluster have expired"
        let problem = try run.events("problem").first { $0.what == what }
        let lines = (problem?.why ?? "").split(separator: "\n")
        #expect(lines.map { String($0.prefix { $0 != " " }) } == Self.certificates, "\(run.everything)")
        let sentence = /\S+ expired on \d{4}-\d\d-\d\d; the machine's clock says \d{4}-\d\d-\d\d/
        #expect(lines.filter { $0.wholeMatch(of: sentence) == nil } == [])
        #expect(
            problem?.fix?.hasPrefix("`kubeforge provision --renew-certificates ") == true, "\(run.everything)")
        #expect(try run.events().filter { $0.outcome == "changed" }.compactMap(\.title) == [])
    }

    /// A digest of what kubeadm and kubeforge have written for the control plane and its users.
    private func files() async throws -> String {
        let digest = "find /etc/kubernetes ~ubuntu/.kube/config -type f -exec sha256sum {} + | sort | sha256sum"
        let run = try await lab.ssh("kubmaster", "sudo sh -c '\(digest)'")
        #expect(run.exitCode == 0, "\(run.everything)")
        return run.output
    }

    /// All that kubeadm renews, as kubeforge names them.
    private static let certificates = [
        "pki/apiserver.crt", "pki/apiserver-kubelet-client.crt", "pki/apiserver-etcd-client.crt",
        "pki/front-proxy-client.crt", "pki/etcd/server.crt", "pki/etcd/peer.crt", "pki/etcd/healthcheck-client.crt",
        "admin.conf", "controller-manager.conf", "scheduler.conf",
    ]

    /// Signs them again, as they are but for their dates, which are past. Then the API server is started anew, as with
    /// its machine: etcd's certificate lets it in no longer, so it does not come back.
    /// openssl signs what is not its own only as a request, and before 3.4 it takes no dates but days from now.
    private static let expire = #"""
        set -eu; umask 077; cd /etc/kubernetes/pki
        past='-days -1'
        if openssl x509 -help 2>&1 | grep -q -e -not_after; then
          past='-not_before 20250101000000Z -not_after 20260101000000Z'
        fi
        sign() {
          openssl x509 -x509toreq -copy_extensions copy -in "$1" -key "$2" -out "$1.request"
          openssl x509 -req -copy_extensions copy -in "$1.request" -CA "$3.crt" -CAkey "$3.key" $past -out "$1.signed"
          cat "$1.signed" > "$1"; rm "$1.request" "$1.signed"
        }
        for name in apiserver apiserver-kubelet-client; do sign $name.crt $name.key ca; done
        for name in apiserver-etcd-client etcd/server etcd/peer etcd/healthcheck-client; do
          sign $name.crt $name.key etcd/ca
        done
        sign front-proxy-client.crt front-proxy-client.key front-proxy-ca
        work=$(mktemp -d)
        for file in ../admin.conf ../controller-manager.conf ../scheduler.conf ~ubuntu/.kube/config; do
          for part in certificate key; do
            sed -n "s/^ *client-$part-data: *//p" "$file" | base64 -d > "$work/$part"
          done
          sign "$work/certificate" "$work/key" ca
          sed -i "s|\(client-certificate-data:\).*|\1 $(base64 -w 0 "$work/certificate")|" "$file"
        done
        rm -r "$work"
        tasks=$(ctr -n k8s.io tasks ls)
        for id in $(ctr -n k8s.io containers ls -q 'labels."io.kubernetes.container.name"==kube-apiserver'); do
          if echo "$tasks" | grep -q "^$id .*RUNNING"; then ctr -n k8s.io tasks kill --signal SIGKILL "$id"; fi
        done
        if kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=5s get --raw /readyz; then exit 1; fi
        """#
}
