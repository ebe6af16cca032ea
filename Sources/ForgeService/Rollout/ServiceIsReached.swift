import ForgeCore
import ForgePlan

/// A machine gets to the service at its address in the cluster, and to each pod that is ready.
///
/// What the API server knows of pods outlives a power cut: for a minute it counts pods as available that no node
/// reaches, because kube-proxy and the pod network of the machine are not up yet.
enum ServiceIsReached {
    static func step(
        _ service: String, namespace: String, hasTLS: Bool, from host: String, within limit: Duration = .seconds(120),
        every pause: Duration = .seconds(1)
    ) -> WaitUntil {
        let look = look(service, scheme: hasTLS ? "https" : "http", Kubectl(namespace: namespace))
        return WaitUntil(
            "\(host) reaches \(service)", within: limit, every: pause, asking: [.command(look)],
            fix:
                """
                see whether kube-proxy and the pod network run on \(host): `kubectl get pods --all-namespaces \
                --output wide`; then deploy again
                """
        ) { answers in
            let answer = answers.command(look)
            if answer.exitCode == 0 { return [] }
            let last = answer.text.split(whereSeparator: \.isNewline).last.map(String.init)
            return answer.exitCode == unreached
                ? [Difference(last ?? "no answer")]
                : [Difference("the cluster could not be queried about \(service)", silent: answer)]
        }
    }

    /// What `look` ends with when an address is not reached.
    private static let unreached = 99

    /// Any answer will do: what the pods say is for probes and for the smoke test. curl ends with 7 where nothing
    /// listens, with 28 where nothing comes back.
    private static func look(_ service: String, scheme: String, _ kubectl: Kubectl) -> String {
        let fields = [
            ".items[0].spec.clusterIP", ".items[0].spec.ports[0].port", ".items[1].subsets[0].ports[0].port",
            ".items[1].subsets[*].addresses[*].ip",
        ]
        let places = kubectl.look(
            "get", Word("service/\(service)"), Word("endpoints/\(service)"), "--ignore-not-found", "--output",
            Word("jsonpath=" + fields.map { "{\($0)}" }.joined(separator: " ")))
        return """
            said=$(\(places)) || { code=$?; printf '%s\\n' "$said"; exit "$code"; }
            set -- $said
            if [ $# -lt 4 ]; then echo 'no pod is ready'; exit \(unreached); fi
            reach() {
              case $1 in *:*) set -- "[$1]" "$2";; esac
              said=$(curl -qsS --noproxy '*' --connect-timeout 3 --max-time 10 --output /dev/null \
            "\(scheme)://$1:$2/healthz" 2>&1)
              case $? in 7|28) printf '%s:%s: %s\\n' "$1" "$2" "$said"; exit \(unreached);; esac
            }
            reach "$1" "$2"; port=$3; shift 3
            for pod do reach "$pod" "$port"; done
            """
    }
}
