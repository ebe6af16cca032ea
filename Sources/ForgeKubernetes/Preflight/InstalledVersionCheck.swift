import ForgeCore
import ForgeInventory
import ForgePlan

/// What is installed can become what shall be installed. It stops `provision` before it would upgrade a cluster.
struct InstalledVersionCheck: PreflightCheck {
    let version: Version

    var title: String { "its Kubernetes version matches the inventory" }

    var questions: [Question] { [.package("kubelet"), .file(HostKubectl.kubeletConfig)] }

    func differences(given answers: Answers) -> [Difference] {
        let text = answers.package("kubelet").installed.map { String($0.prefix { $0 != "-" }) }
        guard let installed = text.flatMap({ Version($0) }), answers.file(HostKubectl.kubeletConfig) != nil else {
            return []
        }
        return installed == version ? [] : [Difference("its kubelet", from: installed, to: version)]
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): runs another version of Kubernetes; it was left untouched",
            why: differences.map(\.text).joined(separator: "\n"),
            fix:
                """
                provision does not upgrade a running cluster: write the running version into the inventory, or upgrade \
                it with kubeadm
                """
        )
    }
}
