import Foundation

/// Files as kubeadm 1.20 wrote them.
enum Recorded {
    /// PEM in base64, as kubeconfigs hold it.
    static func pem(_ label: String, _ body: String) -> String {
        Data("-----BEGIN \(label)-----\n\(body)\n-----END \(label)-----\n".utf8).base64EncodedString()
    }

    static let authority = pem("CERTIFICATE", "MIIauthority+/=")
    static let certificate = pem("CERTIFICATE", "MIIadministrator")
    static let key = pem("RSA PRIVATE KEY", "MIIkey")

    static func kubeletConfig(server: String = "https://10.77.0.11:6443") -> String {
        """
        apiVersion: v1
        clusters:
        - cluster:
            certificate-authority-data: LS0tLS1CRUdJTg==
            server: \(server)
          name: lab
        contexts:
        - context:
            cluster: lab
            user: system:node:kubnode
          name: system:node:kubnode@lab
        current-context: system:node:kubnode@lab
        kind: Config
        preferences: {}
        users:
        - name: system:node:kubnode
          user:
            client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem
            client-key: /var/lib/kubelet/pki/kubelet-client-current.pem

        """
    }

    static func adminConfig(
        cluster: String = "lab", server: String = "https://10.77.0.11:6443", authority: String = authority
    ) -> String {
        """
        apiVersion: v1
        clusters:
        - cluster:
            certificate-authority-data: \(authority)
            server: \(server)
          name: \(cluster)
        contexts:
        - context:
            cluster: \(cluster)
            user: kubernetes-admin
          name: kubernetes-admin@\(cluster)
        current-context: kubernetes-admin@\(cluster)
        kind: Config
        preferences: {}
        users:
        - name: kubernetes-admin
          user:
            client-certificate-data: \(certificate)
            client-key-data: \(key)

        """
    }
}
