import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The model store's Secret")
struct StoreSecretTests {
    private let look = #"""
        kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops get secret --field-selector metadata.name=inference-store -o 'jsonpath={range .items[*]}{.metadata.annotations.kubeforge\.io/digest}{"-"}{end}' 2>&1
        """#

    @Test("is not there for models in the image")
    func notForImages() throws {
        let step = try StoreSecret(Example.cluster())
        #expect(step.map(\.title) == nil)
    }

    @Test("is missing, as it shall be, or made from other files, and tells no more")
    func differences() async throws {
        try await TemporaryFolder.during { folder in
            let step = try secret(folder)
            #expect(step.title == "pods may reach the model store")
            #expect(step.looks == [look])
            #expect(step.differences(whenLookEnds: 0, "") == ["Secret mlops.inference-store is missing"])
            #expect(step.differences(whenLookEnds: 0, "-") == ["Secret mlops.inference-store was made from other files"])
            #expect(step.differences(whenLookEnds: 0, try digest(step) + "-") == [])
            try write("another key", to: folder.path("key"))
            #expect(
                try self.step(folder).differences(whenLookEnds: 0, digest(step) + "-") == [
                    "Secret mlops.inference-store was made from other files"
                ])
            #expect(
                step.differences(whenLookEnds: 1, "Unable to connect") == [
                    "Secret mlops.inference-store cannot be read: Unable to connect"
                ])
        }
    }

    @Test("goes to the cluster over standard input, as a secret, and into no annotation")
    func apply() async throws {
        try await TemporaryFolder.during { folder in
            let command = try secret(folder).applied
            guard case .secret(let input) = command.input else { throw Problem(what: "it is not sent as a secret") }
            #expect(
                command.line == """
                    sh -c 'kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops get namespace mlops >/dev/null 2>&1 || \
                    kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops create namespace mlops && \
                    kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops apply --server-side --force-conflicts --field-manager=kubeforge -f -'
                    """)
            let digest = try digest(secret(folder))
            #expect(
                String(decoding: input, as: UTF8.self) == """
                    apiVersion: v1
                    kind: Secret
                    metadata:
                      name: "inference-store"
                      namespace: "mlops"
                      labels:
                        app.kubernetes.io/name: "inference"
                        app.kubernetes.io/managed-by: kubeforge
                      annotations:
                        kubeforge.io/digest: "\(digest)"
                    type: Opaque
                    data:
                      key: YSBrZXk=
                      known_hosts: aG9zdHM=

                    """)
        }
    }

    @Test("says which file it cannot read")
    func unreadable() throws {
        let store = ModelStore(url: "sftp://models@store/srv", keyPath: "/nowhere/key", knownHostsPath: "/h")
        let problem = #expect(throws: Problem.self) { try StoreSecret(Example.cluster(service: Service(models: store))) }
        #expect(problem?.what == "/nowhere/key cannot be read")
        #expect(problem?.fix == "correct service: models: key: in inventory/lab.yaml")
    }

    private func secret(_ folder: TemporaryFolder) throws -> StoreSecret {
        try write("a key", to: folder.path("key"))
        try write("hosts", to: folder.path("known_hosts"))
        return try step(folder)
    }

    private func step(_ folder: TemporaryFolder) throws -> StoreSecret {
        let store = ModelStore(
            url: "sftp://models@store/srv", keyPath: folder.path("key"), knownHostsPath: folder.path("known_hosts"))
        return try #require(try StoreSecret(Example.cluster(service: Service(models: store))))
    }

    private func digest(_ step: StoreSecret) throws -> String {
        guard case .secret(let input) = step.applied.input else { return "" }
        return String(try #require(String(decoding: input, as: UTF8.self).firstMatch(of: /digest: "([0-9a-f]{64})"/)).1)
    }

    private func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }
}
