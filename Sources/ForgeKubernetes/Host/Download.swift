import ForgeCore
import ForgeInventory
import ForgePlan

/// A file from the internet, trusted by its sha256 alone: whoever cannot reach its URL may put a copy there by hand.
struct Download: Step {
    let title: String
    let url: String
    let sha256: String
    let path: String
    let proxy: Proxy?

    init(_ title: String, url: String, sha256: String, path: String, proxy: Proxy?) {
        self.title = title
        self.url = url
        self.sha256 = sha256
        self.path = path
        self.proxy = proxy
    }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        switch answers.command(look).text.prefix(while: { $0 != " " }) {
        case sha256: []
        case "": ["\(path) is missing"]
        case let other: [Difference("the sha256 of \(path)", from: other, to: sha256)]
        }
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(
            Command("sh", "-c", Word(Self.script), "sh", Word(url), Word(sha256), Word(path)).through(proxy).asRoot(),
            fix:
                """
                does \(machine.host.name) reach \(url)? Else copy that file to \(path) on \(machine.host.name), and \
                run again
                """
        )
    }

    private var look: String { "sha256sum \(path) 2>/dev/null" }

    /// Renamed into its place when it is whole and right.
    private static let script = """
        set -e
        \(ShellFunction.place)
        mkdir -p "$(dirname "$3")"
        \(fetch("$3.new"))
        place "$3.new" "$3"
        """

    /// Lines of a shell script that fetch the URL `$1` into a file, and fail unless its sha256 is `$2`.
    static func fetch(_ file: String) -> String {
        """
        curl -qfsSL --proto =http,https --retry 3 --max-time 300 -o "\(file)" -- "$1" || { rm -f "\(file)"; exit 1; }
        sum=$(sha256sum <"\(file)")
        if [ "${sum%% *}" != "$2" ]; then
          rm -f "\(file)"; echo "the sha256 of $1 is ${sum%% *}, expected $2" >&2; exit 1
        fi
        """
    }
}
