import ForgeCore
import ForgeInventory

/// What keeps a lab from being made on a computer: all findings at once, before anything is changed.
struct Preconditions: Sendable {
    let survey: Survey
    let layout: LabLayout

    /// What `up` needs.
    var findings: [Problem] {
        ability + [overlay, tunnel, memory, disk, watches, neighbours, owner].compactMap { $0 } + ports
    }

    /// What every command that changes something needs.
    var ability: [Problem] { [system, user, programs].compactMap { $0 } }

    private var system: Problem? {
        survey.isLinux
            ? nil
            : Problem(
                what: "a lab needs Linux", why: "its machines share this computer's kernel", fix: "run it in a Linux VM"
            )
    }

    private var user: Problem? {
        survey.user == 0
            ? nil
            : Problem(
                what: "the lab requires root",
                why: "it creates mounts, network namespaces and control groups; this is user \(survey.user)",
                fix: "run the same command with sudo")
    }

    private var programs: Problem? {
        guard !survey.missingPrograms.isEmpty else { return nil }
        let packages = Set(survey.missingPrograms.compactMap { LabPrograms.packages(layout.cluster.lab.driver)[$0] })
            .sorted()
        return Problem(
            what: "programs that a lab needs are not installed: \(survey.missingPrograms.joined(separator: ", "))",
            fix: "apt-get install -y --no-install-recommends \(packages.joined(separator: " "))")
    }

    private var overlay: Problem? {
        survey.hasOverlay ? nil : Problem(what: "this kernel has no overlayfs", fix: "modprobe overlay")
    }

    private var tunnel: Problem? {
        guard layout.cluster.lab.driver == .vm, !survey.hasTunnel else { return nil }
        return Problem(what: "this kernel has no /dev/net/tun, which virtual machines hang on", fix: "modprobe tun")
    }

    private var memory: Problem? {
        let needed = layout.cluster.lab.driver.memory * layout.cluster.hosts.count
        guard !survey.isRunning, let free = survey.freeMemory, free < needed else { return nil }
        return Problem(
            what: "too little memory for \(layout.cluster.hosts.count) machines",
            why: "\(ByteCount(free).gibibytes) are free, \(ByteCount(needed).gibibytes) are needed",
            fix: "free some memory, or remove hosts from the inventory")
    }

    private var disk: Problem? {
        let needed = layout.cluster.lab.driver.disk * layout.cluster.hosts.count
        guard !survey.isRunning, let free = survey.freeDisk, free < needed else { return nil }
        return Problem(
            what: "too little disk space in \(layout.cache.root)",
            why: "\(ByteCount(free).gibibytes) are free, \(ByteCount(needed).gibibytes) are needed",
            fix: "set KUBEFORGE_CACHE to a directory on a larger disk")
    }

    private var watches: Problem? {
        survey.isRunning ? nil : survey.inotify?.problem(machines: layout.cluster.hosts.count)
    }

    private var neighbours: Problem? {
        let subnet = layout.network.subnet
        guard let taken = survey.networks.sorted(by: { $0.key < $1.key }).first(where: { $0.value.overlaps(subnet) })
        else { return nil }
        return Problem(
            what: "the lab's network \(subnet) is in use on this computer", why: "\(taken.key) is in \(taken.value)",
            fix: "give the hosts of \(layout.cluster.path) other addresses, such as 10.88.0.11")
    }

    private var owner: Problem? {
        guard let owner = survey.bridgeOwner, owner != layout.name.label else { return nil }
        let named = owner.isEmpty ? "does not name its owner" : "is \(owner)'s"
        return Problem(
            what: "the lab's network \(layout.network.subnet) belongs to another lab",
            why: "the bridge \(layout.network.bridge) \(named)",
            fix: "take that lab down, or give the hosts of \(layout.cluster.path) other addresses")
    }

    private var ports: [Problem] {
        guard !survey.isRunning else { return [] }
        return Servers.ports.filter(survey.takenPorts.contains).map { port in
            let stop =
                port == 5000 ? "systemctl disable --now docker-registry, or stop what else listens there" : "stop it"
            return Problem(
                what: "port \(port) is taken on all addresses",
                why: "the lab serves machines on \(layout.network.bridgeAddress):\(port)",
                fix: "\(stop) (`ss -ltnp sport = :\(port)` says who)")
        }
    }
}
