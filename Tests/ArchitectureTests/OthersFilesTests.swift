import Testing

/// Scripts that write, remove or link by themselves, each with the reason why nothing of somebody else's is lost there.
///
/// `Machine.write` and `Machine.remove` keep what others have in /etc: a new one belongs there.
private let mayWrite = [
    "ForgeCore/MachineLock.swift": "a file of /run that is kubeforge's own",
    "ForgeCore/RemoteFile.swift": "kept by OriginalFile, which is there, too, where others write",
    "ForgePlan/Machine.swift": "removed outside of /etc alone",
    "ForgePlan/Questions/PackageManager.swift": "apt-get -s only says what it would do",
    "ForgePlan/Steps/FileIs.swift": "what is there is kept before",
    "ForgePlan/Steps/Kernel.swift": "a file with kubeforge's name",
    "ForgeKubernetes/Host/Download.swift": "below /var/lib/kubeforge, by its sha256",
    "ForgeKubernetes/Host/Hostname.swift": "the difference tells the old hostname; the other file has kubeforge's name",
    "ForgeKubernetes/Runtime/CRIDockerd.swift": "a program, which is kept where it is somebody else's",
    "ForgeKubernetes/Kubeadm/APIServerName.swift": "it keeps the certificate itself",
    "ForgeKubernetes/Kubeadm/Begun.swift": "notes and copies of kubeforge's own",
    "ForgeKubernetes/Kubeadm/Join.swift": "kubeforge's own file with the token",
    "ForgeKubernetes/Kubeconfig/UserKubeconfig.swift": "it keeps the file itself",
    "ForgeService/Build/BuildContextIsUploaded.swift": "below /var/lib/kubeforge",
    "ForgeService/Build/ExpectedAnswersAreSaved.swift": "below /var/lib/kubeforge",
    "ForgeService/Registry/RegistryHasKeys.swift": "below /var/lib/kubeforge",
    "ForgeService/Registry/RegistryIsConfigured.swift": "the manifest of kubeforge's own registry",
]

@Suite("A file of somebody else's")
struct OthersFilesTests {
    @Test("is lost to no script: those that write by themselves are listed, with the reason")
    func scripts() throws {
        let writes = /Command\("(rm|ln|cp|tee)"|\bplace "|\bln -|\binstall -|>>? *"?(\/etc\/|\$path)/
        let modules = ["ForgeCore/", "ForgePlan/", "ForgeKubernetes/", "ForgeService/"]
        var found: Set<String> = []
        for (path, text) in try sources() where modules.contains(where: path.hasPrefix) {
            let lines = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            guard let line = lines.first(where: { $0.contains(writes) }) else { continue }
            found.insert(path)
            #expect(
                mayWrite[path] != nil,
                """
                \(path): `\(line.drop { $0 == " " })`: use Machine.write or Machine.remove, which keep what others have
                """
            )
        }
        for path in mayWrite.keys { #expect(found.contains(path), "\(path) has no such line any more") }
    }

    /// `stat` says 0777 of a link, and a file that is written with this mode is everybody's.
    @Test("gives a new version its mode by `Answers.mode`, which knows links")
    func modes() throws {
        // A directory's, which is compared.
        let others: Set = ["ForgeService/Build/BuildContextIsUploaded.swift"]
        for (path, text) in try sources() where !others.contains(path) {
            #expect(!text.contains(/\.file\([^()]*(\([^()]*\))?\)\?\.mode\b/), "\(path): use Answers.mode")
        }
    }

    /// How many splits at line feeds alone there are in what reads such files, and whose text they split.
    private static let splits: [String: (count: Int, why: String)] = [
        "ForgeKubernetes/Host/HostsFile.swift": (1, "what getent prints"),
        "ForgeKubernetes/Host/SwapOff.swift": (1, "what systemctl prints"),
        "ForgeKubernetes/Preflight/Survey.swift": (1, "what kubeforge's own script prints"),
        "ForgeKubernetes/Runtime/ContainerdConfig.swift": (1, "what kubeforge's own script prints"),
    ]

    /// To Swift "\r\n" is one character: `split(separator: "\n")` gives one line for a whole file of Windows.
    @Test("is read by linesToRead or unixLines, which know how Windows ends lines")
    func lines() throws {
        let looks: Set = [
            "ForgePlan/Packages/AptSources.swift", "ForgePlan/Steps/Kernel.swift",
            "ForgeKubernetes/Runtime/ContainerdExtras.swift",
        ]
        let modules = ["ForgePlan/Packages/", "ForgePlan/Steps/", "ForgeKubernetes/", "ForgeService/"]
        var found: [String: Int] = [:]
        for (path, text) in try sources() where modules.contains(where: path.hasPrefix) {
            guard looks.contains(path) || text.contains(/[.(]contents\(/) || text.contains(".editable(") else {
                continue
            }
            let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            found[path] = code.count {
                $0.contains(/\.split\(\s*separator: "\\n"/) && !$0.contains("unicodeScalars.split(")
            }
        }
        for path in looks { #expect(found[path] != nil, "there is no \(path) any more") }
        for path in Set(found.keys).union(Self.splits.keys).sorted() {
            #expect(
                found[path] ?? 0 == Self.splits[path]?.count ?? 0,
                "\(path): use linesToRead, or say in the table whose text it is")
        }
    }
}
