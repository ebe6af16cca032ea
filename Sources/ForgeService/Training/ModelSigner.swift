import ForgeCore
import ForgeInventory
import ForgePlan

/// Signs versions of models on this computer, with OpenSSH: the key stays where it is, in a file or in ssh-agent.
package struct ModelSigner: Sendable {
    /// A signature that was made for something else counts for nothing; signing.py has the same word.
    static let namespace = "kubeforge-model"

    private let signing: ModelStore.Signing
    private let inventory: String
    private let here: any Transport

    /// nil where versions are not signed. `here`: this computer.
    package init?(_ cluster: Cluster, on here: any Transport) {
        guard let signing = cluster.service.models?.signing else { return nil }
        self.signing = signing
        self.here = here
        inventory = cluster.path.isEmpty ? "the inventory" : cluster.path
    }

    /// Whether the key can be used, and pods would take what it signs: that is known before the first minute of work.
    package func check() async throws { _ = try await sign(Array("kubeforge looks whether it can sign\n".utf8)) }

    /// The signature of these bytes, made by a key that the pods trust.
    func sign(_ content: [UInt8]) async throws -> [UInt8] {
        let command = Command(
            "sh", "-c", Word(Self.script), "sh", Word(signing.keyPath), Word(signing.signersPath), Word(Self.namespace))
        let output = try await here.run(command.reading(.bytes(content)).within(.seconds(120)))
        guard output.isSuccess, !output.standardOutput.isEmpty else { throw problem(output) }
        return output.standardOutput
    }

    /// It reads all of its input, however it ends. Nobody is asked for a passphrase, over a screen that is being
    /// written to: such a key is in ssh-agent.
    private static let script = """
        umask 077
        new=$(mktemp -d) || { cat >/dev/null; exit 1; }
        trap 'rm -rf -- "$new"' EXIT; \(ShellFunction.endsBySignal)
        cat > "$new/text" || exit
        command -v ssh-keygen >/dev/null || exit \(Fault.missing.rawValue)
        export SSH_ASKPASS=/bin/false SSH_ASKPASS_REQUIRE=force
        ssh-keygen -Y sign -n "$3" -f "$1" "$new/text" >&2 || exit \(Fault.unsigned.rawValue)
        names=$(ssh-keygen -Y find-principals -s "$new/text.sig" -f "$2") || exit \(Fault.unknown.rawValue)
        name=$(printf '%s\\n' "$names" | head -n 1)
        ssh-keygen -Y verify -n "$3" -f "$2" -I "$name" -s "$new/text.sig" < "$new/text" >&2 \\
        || exit \(Fault.unknown.rawValue)
        cat -- "$new/text.sig"
        """

    /// Exit codes of the script.
    private enum Fault: Int {
        case missing = 80
        case unsigned, unknown
    }

    private func problem(_ output: Output) -> Problem {
        let fault = if case .code(let code) = output.exit { Fault(rawValue: code) } else { Fault?.none }
        let (key, signers) = (signing.keyPath, signing.signersPath)
        switch fault {
        case .missing:
            return Problem(
                what: "models cannot be signed", why: "this computer has no ssh-keygen",
                fix: "install OpenSSH's client: `sudo apt-get install openssh-client`")
        case .unknown:
            return Problem(
                .invalidInventory, what: "pods would not accept what \(key) signs",
                why: "\(signers) does not name it, or not for \(Self.namespace)"
                    + (output.lastLine.map { ": \($0)" } ?? ""),
                fix:
                    """
                    add a line with its public key: `echo "$(whoami) $(ssh-keygen -y -f \(key.shellQuoted))" >> \
                    \(signers.shellQuoted)`; or correct service: models: signers: or signWith: in \(inventory)
                    """)
        case .unsigned, nil:
            return Problem(
                what: "models cannot be signed with \(key)", why: output.lastLine,
                fix:
                    """
                    a key with a passphrase must be in ssh-agent: `ssh-add \(key.shellQuoted)`, then run it again; \
                    another key: service: models: signWith: in \(inventory)
                    """)
        }
    }
}

/// The metadata.json of models that were just made, looked at before it is signed: it describes the version that its
/// pod names, and the digest in that name is the one of its files.
struct VersionDescription: Sendable {
    static let largest = DeployedModelFiles.largestMetadata

    /// The bytes as they are signed.
    let bytes: [UInt8]

    /// Throws what is wrong with it. `host`: where it comes from.
    init(_ bytes: [UInt8], of version: String, from host: String) throws(Problem) {
        self.bytes = bytes
        guard let fault = Self.fault(bytes, version) else { return }
        throw Problem(
            what: "\(host): version \(version) is not signed", why: "its metadata.json \(fault)", fix: "run it again")
    }

    private static func fault(_ bytes: [UInt8], _ version: String) -> String? {
        if bytes.count > largest { return "has more than \(ByteCount(largest).mebibytes)" }
        guard let content = JSONValue(bytes) else { return "is not JSON" }
        guard let said = content["version"]?.text, said == version else {
            return "is of version \(content["version"]?.description.shortened ?? "nothing")"
        }
        guard case .object(let files)? = content["files"], let golden = digest(files[Self.golden]) else {
            return "does not name golden.json with its sha256"
        }
        let others = files.keys.filter { $0 != Self.golden }.sorted {
            $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
        }
        let digests = others.compactMap { digest(files[$0]) }
        guard digests.count == others.count else { return "has a file without a sha256" }
        let sum = SHA256.hex((digests + [golden]).joined()).prefix(32)
        return version.hasSuffix("-\(sum)") ? nil : "describes other files than the version's name says"
    }

    private static let golden = "golden.json"

    private static func digest(_ file: JSONValue?) -> String? {
        file?["sha256"]?.text.flatMap { $0.wholeMatch(of: /[0-9a-f]{64}/) == nil ? nil : $0 }
    }
}
