import ForgeCore
import ForgePlan

/// Nobody else listens where Kubernetes will: kubeadm says so, too, but only when the machine has been changed.
struct PortsAreFree: PreflightCheck {
    let role: Host.Role

    var title: String { "no other program listens where Kubernetes does" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        answers.command(look).text.split(separator: "\n").compactMap { line in
            guard let port = line.firstMatch(of: #/:(\d+) /#)?.1,
                let name = line.firstMatch(of: #/users:\(\("([^"]+)"/#)?.1
            else {
                return nil
            }
            return Self.own.contains(String(name)) ? nil : "\(name) listens on \(port)/tcp"
        }.uniqued()
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): another program uses ports that Kubernetes needs; it was left untouched",
            why: differences.map(\.text).joined(separator: "\n"),
            fix:
                """
                `sudo ss -ltnp` on \(host.name) tells more: give it another port, or stop it if it is no longer \
                wanted; or use another machine
                """
        )
    }

    private static let own: Set = [
        "kubelet", "kube-apiserver", "kube-controller", "kube-controller-manager", "kube-scheduler", "etcd",
    ]

    private var ports: [Int] { role == .controlPlane ? [6443, 2379, 2380, 10250, 10257, 10259] : [10250] }

    /// iproute2 is no part of the smallest images; where it is missing, kubeadm finds it later.
    private var look: String {
        let filter = ports.map { "sport = :\($0)" }.joined(separator: " or ")
        return "command -v ss >/dev/null || exit 0; ss -Hltnp '( \(filter) )'"
    }
}
