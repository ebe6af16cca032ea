import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import Foundation

/// The pod that holds a run's rows, as it is found and asked from the control plane.
struct BatchCoordinator: Sendable {
    let pod: String
    let kubectl: Kubectl

    init(_ run: BatchRun) {
        pod = run.coordinator
        kubectl = Kubectl(namespace: run.service.namespace)
    }

    /// Prints what the coordinator says of itself; fails as long as it does not answer. Its address is looked up, so
    /// that it can be asked for before there is a coordinator.
    var look: String { "\(login) | \(curl) --config - \"\(here)/status\"" }

    /// Prints the digest of one of its files: as it tells it, or, for a release from before it did, of what it gives.
    /// Nothing, as long as it has none.
    func digest(of file: String) -> String {
        """
        status=$(\(look)) || exit
        case $status in
        *'"files":'*) printf %s "$status" | sed -n 's/.*"\(file)": "\\([0-9a-f]*\\)".*/\\1/p';;
        *) file=$(mktemp) || exit; trap 'rm -f -- "$file"' EXIT; \(ShellFunction.endsBySignal)
        \(curl) --output "$file" "\(here)/\(file)" && sha256sum < "$file";;
        esac
        """
    }

    /// What lets the run's shards and kubeforge in, and the address that rows are fetched from, in a Secret of the
    /// coordinator's name.
    func secret(_ run: BatchRun) -> Command {
        let token = (0..<32).map { _ in String(UInt8.random(in: 16...255), radix: 16) }.joined()
        let input =
            if case .url(let address) = run.input { "  \(InputAddress.file): \(address.yamlQuoted)\n" } else { "" }
        let manifest = """
            \(kubectl.head(ofSecret: pod, for: JobKind.coordinator.label(run.service), run: run.name))
            type: Opaque
            stringData:
              token: \(token.yamlQuoted)

            """ + input
        return kubectl.apply(secret: manifest)
    }

    /// curl with these options and this address, let in by the token: it is in no program's arguments, which every user
    /// of the host can see.
    /// `readsInput`: whether its standard input is what it sends.
    func request(_ options: [Word], _ url: String, readsInput: Bool = false) -> Command {
        let curl = Command([Word("curl"), "-q", "--noproxy", "*", "--connect-timeout", "5"] + options).line
        let script =
            readsInput
            ? """
            umask 077; login=$(mktemp -p /run) || exit
            trap 'rm -f -- \"$login\"' EXIT; \(ShellFunction.endsBySignal)
            \(login) > \"$login\" && \(curl) --config \"$login\" \(url.shellQuoted)
            """
            : "\(login) | \(curl) --config - \(url.shellQuoted)"
        return Command("sh", "-c", Word(script)).asRoot().leavingHost()
    }

    /// Prints curl's configuration; `printf` is the shell's own.
    private var login: String {
        let get = kubectl.line("get", "secret", Word(pod), "--ignore-not-found", "--output", "jsonpath={.data.token}")
        return "printf 'header = \"Authorization: Bearer %s\"\\n' \"$(\(get) | base64 -d)\""
    }

    /// `http://10.244.1.9:8081`
    func address(on machine: Machine) async throws -> String {
        let answer = try await machine.ask([.command(address)]).command(address)
        guard answer.exitCode == 0, !answer.text.isEmpty else {
            throw Problem(
                what: "\(machine.host.name): the pod \(pod) is gone", why: "its address is not known",
                fix: "run it again")
        }
        return "http://\(answer.text):8081"
    }

    private var curl: String {
        Command("curl", "-q", "-sSf", "--noproxy", "*", "--connect-timeout", "3", "--max-time", "35").line
    }

    private var here: String { "http://$(\(address)):8081" }

    private var address: String { kubectl.line("get", "pod", Word(pod), "--output", "jsonpath={.status.podIP}") }
}

/// What a coordinator says of its run.
struct CourierStatus: Decodable, Sendable, Hashable {
    /// nil until the rows have come and are right.
    var input: Input?
    /// Why there will be no input.
    var error: String?
    var shards: Int
    /// The numbers of the shards whose results it has.
    var done: [Int]
    /// Whether its image reads and writes Parquet; nil of a release from before it told.
    var parquet: Bool?

    struct Input: Decodable, Sendable, Hashable {
        var rows: Int
        /// The digest of the rows as CSV.
        var sha256: String
        /// The digest of the bytes as they came, which may have been packed; nil for a release that is too old to
        /// report it.
        var received: String?
    }

    init?(_ answer: CommandState) {
        guard answer.exitCode == 0, let status = OutsideJSON.decode(Self.self, from: answer.text)
        else { return nil }
        self = status
    }
}

/// How well the models met the truth, as the coordinator counts it.
package struct BatchScores: Decodable, Sendable, Hashable {
    /// Rows that were answered.
    package var rows: Int
    /// By model, from 0 to 1; nil where the input has no truth.
    package var score: [String: Double]?

    package init?(json: [UInt8]) {
        guard let scores = OutsideJSON.decode(Self.self, from: json) else { return nil }
        self = scores
    }

    /// `1300 rows: lda 0.692, mlp 0.715`
    package var sentence: String {
        let scores = score?.sorted { $0.key < $1.key }.map { "\($0) \(Self.rounded($1))" }.joined(separator: ", ")
        return "\(rows) \(rows == 1 ? "row" : "rows"): \(scores ?? "the input has no truth to compare with")"
    }

    private static func rounded(_ value: Double) -> String { String(format: "%.3f", value) }
}
