import ForgeCore
import ForgeTemplates

/// What a lab offers its machines on the bridge's address: packages over HTTP on port 8000, images on port 5000.
struct Servers: Sendable {
    static let ports: [UInt16] = [8000, 5000]

    let layout: LabLayout

    /// Starts those that do not run, and waits until they take connections.
    func start() async throws {
        try layout.computer.makeDirectory(layout.cache.apt)
        try layout.computer.makeDirectory(layout.cache.registry)
        try await configureRegistry()
        for (server, port) in zip([http, registry], Self.ports) {
            if try await server.group.processes().isEmpty { try await server.start(log: log(server)) }
            try await waitUntilOpen(port, server)
        }
    }

    /// One that runs has read what it was started with, such as an older kubeforge's configuration.
    private func configureRegistry() async throws {
        let path = "\(layout.directory)/registry.yml"
        let text = try Self.registryConfiguration(
            layout.templates, storage: layout.cache.registry, address: "\(layout.network.bridgeAddress)")
        guard layout.computer.read(path) != text else { return }
        try await registry.group.end()
        try layout.computer.replace(path, with: text)
    }

    /// The configuration of a registry that only reads: images are put into its storage by
    /// `templates/lab/build/registry.sh`, with a registry of its own.
    static func registryConfiguration(_ templates: Templates, storage: String, address: String) throws(Problem)
        -> String
    {
        try templates["lab/machine/registry.yml"].render(["storage": storage, "address": address])
    }

    private var http: GroupedCommand {
        let place: [Word] = [
            "--bind", "\(layout.network.bridgeAddress)", "--directory", Word(layout.cache.apt), "8000",
        ]
        return server("http", ["python3", "-m", "http.server"] + place)
    }

    private var registry: GroupedCommand {
        server("registry", ["docker-registry", "serve", "\(layout.directory)/registry.yml"])
    }

    private func server(_ name: String, _ words: [Word]) -> GroupedCommand {
        GroupedCommand(part: "\(name).server", command: Command(words), layout: layout)
    }

    private func log(_ server: GroupedCommand) -> String { "\(layout.directory)/\(server.part).log" }

    /// It ends, also where a server takes the connection and says nothing.
    private static let probe: [Word] = ["curl", "-q", "--silent", "--max-time", "5", "--output", "/dev/null"]

    private func waitUntilOpen(_ port: UInt16, _ server: GroupedCommand) async throws {
        let address = "\(layout.network.bridgeAddress):\(port)"
        var isOpen = false
        let isOver = try await layout.computer.poll(within: .seconds(20), every: .milliseconds(50)) {
            isOpen = try await layout.computer.run(Command(Self.probe + ["http://\(address)/"])).isSuccess
            if isOpen { return true }
            return try await server.group.processes().isEmpty
        }
        guard isOver, isOpen else {
            let last = layout.computer.read(log(server))?.split(separator: "\n").last.map(String.init)
            throw Problem(
                what: "the lab's server on \(address) does not answer", why: last, fix: "look at \(log(server))")
        }
    }
}
