import ForgeCore
import ForgeInventory
import Testing

@Suite("A good inventory")
struct GoodInventoryTests {
    @Test("of nine lines has every default")
    func hasDefaults() throws {
        let scratch = try Scratch()
        let access = Host.Access(user: "root", port: 22, keyPath: nil, knownHostsPath: "/home/ada/.ssh/known_hosts")
        let expected = Cluster(
            name: "lab", path: scratch.path, kubernetes: Version(1, 36, 2), runtime: .containerd, docker: .docker,
            hosts: [
                Host(
                    name: "first", address: IPv4Address("192.168.56.11")!, role: .controlPlane, isSchedulable: false,
                    access: access),
                Host(
                    name: "second", address: IPv4Address("192.168.56.12")!, role: .worker, isSchedulable: true,
                    access: access),
            ],
            podNetwork: IPv4Network("10.244.0.0/16")!, serviceNetwork: IPv4Network("10.96.0.0/12")!, cni: .flannel,
            metricsServer: false, imageRepository: nil, mirrors: Mirrors(),
            service: Service(
                name: "inference", namespace: "mlops", replicas: 2, expose: .nodePort, nodePort: nil, trainingData: nil,
                baseImage: "docker.io/library/python:3.13-slim-trixie", registry: nil))
        #expect(try scratch.read(twoHosts) == expected)
    }

    @Test("lets a host log in differently, key by key")
    func hostsDiffer() throws {
        let own = "role: worker\n    ssh: { port: 2222, knownHosts: /etc/known }"
        let text = twoHosts.replacing("role: worker", with: own) + "ssh: { user: ubuntu, port: 22, key: ~/.ssh/id }\n"
        let hosts = try Scratch().read(text).hosts
        #expect(
            hosts.map(\.access) == [
                Host.Access(
                    user: "ubuntu", port: 22, keyPath: "/home/ada/.ssh/id", knownHostsPath: "/home/ada/.ssh/known_hosts"
                ),
                Host.Access(user: "ubuntu", port: 2222, keyPath: "/home/ada/.ssh/id", knownHostsPath: "/etc/known"),
            ])
    }

    @Test("lets its control plane take pods when it says so")
    func isSchedulable() throws {
        let text = twoHosts.replacing("role: control-plane", with: "role: control-plane\n    schedulable: true")
        #expect(try Scratch().read(text).firstControlPlane.isSchedulable)
    }

    @Test("has metrics-server where it says so")
    func metricsServer() throws {
        #expect(try Scratch().read(twoHosts + "metricsServer: true\n").metricsServer)
        #expect(try !Scratch().read(twoHosts + "metricsServer: false\n").metricsServer)
        #expect(
            try Scratch().problems(twoHosts + "metricsServer: 0.9.0\n") == [
                "inventory.yaml:10:16  metricsServer: needs true or false"
            ])
    }

    @Test("believes a fetched key by its fingerprint, and a key file as it is")
    func believesKeys() throws {
        let mirrors = """
            mirrors:
              apt:
                docker:
                  url: https://mirror.example.org/docker//
                  key: https://mirror.example.org/gpg
                  fingerprint: 9dc8 5822 9fc7 dd38 854a e2d8 8d81 803c 0ebf cd88
                kubernetes: { url: "http://10.77.0.1:8000/core:/stable:", key: keys/mirror.asc }

            """
        let scratch = try Scratch()
        let read = try scratch.read(twoHosts + mirrors).mirrors
        let key = Mirrors.Key.url(
            "https://mirror.example.org/gpg", fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88")
        #expect(read.docker == Mirrors.AptRepository(url: "https://mirror.example.org/docker", key: key))
        #expect(
            read.kubernetes
                == .init(
                    url: "http://10.77.0.1:8000/core:/stable:", key: .file(path: scratch.directory + "/keys/mirror.asc")
                ))
    }

    @Test(
        "finds data beside itself, as a directory or by name",
        arguments: ["data: eeg", "data: { train: ./eeg/train.csv, test: eeg/test.csv }"])
    func findsData(line: String) throws {
        let scratch = try Scratch()
        let train = try scratch.write([65], to: "eeg/train.csv")
        let test = try scratch.write([65], to: "eeg/test.csv")
        let service = try scratch.read(twoHosts + "service:\n  \(line)\n").service
        #expect(service.trainingData == Service.TrainingData(train: train, test: test))
    }

    @Test(
        "says what a pod gets, and what is left out stays as it is",
        arguments: [
            ("{ cpu: 500m, memory: 1536Mi }", Service.Resources(cpu: "500m", memory: 1536 << 20), "1536Mi"),
            ("{ cpu: 2 }", Service.Resources(cpu: "2"), "1Gi"),
            ("{ memory: 2048Mi }", Service.Resources(memory: 2 << 30), "2Gi"),
            ("{ memory: 3Gi }", Service.Resources(memory: 3 << 30), "3Gi"),
            ("{ memory: 256Mi }", Service.Resources(memory: 256 << 20), "256Mi"),
            ("{ memory: 4096Gi }", Service.Resources(memory: 4096 << 30), "4096Gi"),
        ])
    func resources(line: String, expected: Service.Resources, memory: String) throws {
        let service = try Scratch().read(twoHosts + "service:\n  resources: \(line)\n  examples: private\n").service
        #expect(service.resources == expected)
        #expect(service.resources.memoryText == memory)
        #expect(service.examples == .private)
    }

    @Test("says who may ask a service, how, and from how many to how many pods there are")
    func access() throws {
        let scratch = try Scratch()
        for file in ["t", "c", "k"] { try scratch.write([65], to: file) }
        let text = """
            service:
              replicas: { min: 3, max: 9 }
              log: requests
              tokens: t
              tls: { certificate: c, key: k }
              cors: ["*", "http://localhost:3000"]

            """
        let service = try scratch.read(twoHosts + text).service
        #expect(service.replicas == 3)
        #expect(service.autoscaling == Service.Autoscaling(least: 3, most: 9, cpu: 70))
        #expect(service.requestLog == .requests)
        #expect(service.tokensPath == scratch.directory + "/t")
        #expect(
            service.tls == Service.TLS(certificatePath: scratch.directory + "/c", keyPath: scratch.directory + "/k"))
        #expect(service.cors == ["*", "http://localhost:3000"])
        let fixed = try scratch.read(twoHosts + "service: { replicas: { min: 3, max: 3, cpu: 1000 } }\n").service
        #expect(fixed.autoscaling == Service.Autoscaling(least: 3, most: 3, cpu: 1000))
    }

    @Test(
        "may name a registry of its own in a word, or as keys, with nobody who logs in",
        arguments: ["localhost/mlops", "registry:5000/mlops", "docker.io"])
    func registry(name: String) throws {
        for line in ["registry: \"\(name)\"", "registry: { repository: \"\(name)\" }"] {
            let service = try Scratch().read(twoHosts + "service:\n  \(line)\n").service
            #expect(service.registry == name)
            #expect(service.registryLogin == nil)
        }
    }

    @Test("may have a model store, at its own port or that of SSH")
    func store() throws {
        func store(_ address: String) throws -> ModelStore? {
            let files = "key: inventory.yaml, knownHosts: inventory.yaml"
            let text = twoHosts + "service:\n  models: { url: \"\(address)\", \(files) }\n"
            return try Scratch().read(text).service.models
        }
        let own = try store("sftp://u9x@store.example.org:2290/srv/9a/m9")
        #expect(own?.url == "sftp://u9x@store.example.org:2290/srv/9a/m9")
        #expect(own?.port == 2290)
        #expect(try store("sftp://models@store/srv/models")?.port == 22)
    }

    @Test("may leave it to each host which distribution of a mirror of Docker's packages it takes")
    func leavesDistributionOpen() throws {
        let docker = "{ url: https://mirror.example.org/linux/<distribution>/, key: mirror.asc }"
        let read = try Scratch().read(twoHosts + "mirrors: { apt: { docker: \(docker) } }\n")
        #expect(read.mirrors.docker?.url == "https://mirror.example.org/linux/<distribution>")
        #expect(
            try Scratch().problems(twoHosts + "mirrors: { apt: { kubernetes: \(docker) } }\n") == [
                """
                inventory.yaml:10:38  mirrors.apt.kubernetes.url: "<" cannot be part of the URL
                  fix  write it as %3C
                """
            ])
    }

    @Test("says what a lab's machines are, all of them and by name")
    func describesMachines() throws {
        #expect(
            try Scratch().read(twoHosts).lab == LabSettings(distribution: .debian13, driver: .nspawn, profile: .bare))
        let hosts = "hosts: { second: { distribution: debian-13 } }"
        let text = twoHosts + "lab: { distribution: debian-12, profile: cloud, driver: vm, \(hosts) }\n"
        var lab = try Scratch().read(text).lab
        #expect(
            lab
                == LabSettings(
                    distribution: .debian12, driver: .vm, profile: .cloud,
                    hosts: ["second": .init(distribution: .debian13)]))
        #expect(["first", "second"].map(lab.distribution) == [.debian12, .debian13])
        #expect(["first", "second"].map(lab.profile) == [.cloud, .cloud])
        lab.install(.ubuntuStandIn)
        #expect(["first", "second"].map(lab.distribution) == [.ubuntuStandIn, .ubuntuStandIn])
    }

    @Test("may name Docker's packages in one word")
    func namesDockerInOneWord() throws {
        #expect(try Scratch().read(twoHosts + "docker: distribution\n").docker == .distribution)
        #expect(try Scratch().read(twoHosts + "docker: { source: distribution }\n").docker == .distribution)
    }

    @Test(
        "keeps what is text as text", arguments: ["\"1.36.2\"", "'1.36.2'", "!!str 1.36.2", "1.36.2   # the newest"])
    func keepsText(version: String) throws {
        #expect(try Scratch().read(twoHosts.replacing("1.36.2", with: version)).kubernetes == Version(1, 36, 2))
    }

    @Test("may have a byte order mark and the line ends of Windows")
    func mayComeFromWindows() throws {
        let text = twoHosts.replacing("\n", with: "\r\n").replacing("lab", with: "Lab")
        #expect(
            try Scratch().problems([0xEF, 0xBB, 0xBF] + Array(text.utf8)) == [
                """
                inventory.yaml:1:10  cluster: needs lower-case letters, digits and dashes, with a letter or digit at \
                both ends
                  fix  did you mean lab?
                """
            ])
        #expect(try Scratch().problems([0xEF, 0xBB, 0xBF] + Array(text.replacing("Lab", with: "lab").utf8)) == [])
    }

    @Test("may have an anchor that nothing refers to, and ampersands and asterisks in its values and comments")
    func mayHaveAmpersands() throws {
        let text = twoHosts + "ssh: &login\n  key: \"~/R&D *keys*/id\" # &net *net\n"
        #expect(try Scratch().read(text).hosts[0].access.keyPath == "/home/ada/R&D *keys*/id")
    }

    @Test("takes every Kubernetes from 1.20 to 1.37", arguments: ["1.20.0", "1.24.17", "1.30.14", "1.37.3"])
    func takesVersions(version: String) throws {
        let mirror = "mirrors: { apt: { kubernetes: { url: http://10.77.0.1, key: mirror.asc } } }\n"
        #expect(
            try Scratch().read(twoHosts.replacing("1.36.2", with: version) + mirror).kubernetes.description == version)
    }

    @Test("takes the oldest Kubernetes that has packages, and the oldest that Calico is made for")
    func takesOldest() throws {
        #expect(try Scratch().problems(twoHosts.replacing("1.36.2", with: "1.24.0")) == [])
        let calico = twoHosts.replacing("1.36.2", with: "1.32.0") + "cni: calico\n"
        #expect(try Scratch().read(calico).cni == .calico)
    }

    @Test("takes a pod network with a /24 for each node")
    func takesSmallNetwork() throws {
        let network = try Scratch().read(twoHosts + "podNetwork: 10.244.0.0/23\n").podNetwork
        #expect(network == IPv4Network("10.244.0.0/23"))
    }

    @Test("takes a mirror at the first of all ports")
    func takesFirstPort() throws {
        let mirrors = try Scratch().read(twoHosts + "mirrors: { python: \"http://10.77.0.1:1/simple\" }\n").mirrors
        #expect(mirrors.python == "http://10.77.0.1:1/simple")
    }

    @Test("takes login names with capitals, and with the domain that they are of")
    func takesUsers() throws {
        let host = try Scratch().read(twoHosts + "ssh: { user: Ada_L@corp.example }\n").hosts[0]
        #expect(host.access.user == "Ada_L@corp.example")
    }

    @Test(
        "takes names as long as they may be, and no longer",
        arguments: [
            ("service: { namespace: NAME }", 63), ("service: { name: NAME }", 51), ("ssh: { user: NAME }", 64),
            ("ssh: { key: /NAME }", 4095), ("imageRepository: registry.example.org/NAME", 234),
            ("service: { baseImage: \"registry.example.org/NAME:1\" }", 489),
        ])
    func takesLongNames(line: String, length: Int) throws {
        func problems(_ length: Int) throws -> [String] {
            let name = String(repeating: "n", count: length)
            return try Scratch().problems(twoHosts + line.replacing("NAME", with: name) + "\n")
        }
        #expect(try problems(length) == [])
        #expect(try problems(length + 1).count == 1)
    }

    @Test("counts paths from its own directory, whatever that is called")
    func directory() throws {
        let scratch = try Scratch()
        let text = twoHosts + "ssh: { key: keys/id }\n"
        let path = try scratch.write(Array(text.utf8), to: "my lab/inventory.yaml")
        let host = try InventoryReader(home: "/home/ada").read(path).hosts[0]
        #expect(host.access.keyPath == scratch.directory + "/my lab/keys/id")
    }

    @Test("has its own registry trusted where the runtime looks for it")
    func registryIsTrusted() throws {
        let registry = try #require(try Scratch().read(twoHosts).ownRegistry)
        #expect(registry.authorityLink(for: .docker) == "/etc/docker/certs.d/192.168.56.11:5443/ca.crt")
        #expect(registry.authorityLink(for: .containerd) == "/etc/containerd/certs.d/192.168.56.11:5443/ca.crt")
    }

    @Test(
        "lets SSH go elsewhere than the nodes do, to an address or a name",
        arguments: ["203.0.113.11", "node1.example.org", "127.0.0.1", longestName])
    func outerAddress(way: String) throws {
        let host = try Scratch().read(
            twoHosts.replacing("role: worker", with: "role: worker\n    ssh: { address: \(way) }")
        ).hosts[1]
        #expect(host.address == IPv4Address("192.168.56.12"))
        #expect(host.outerAddress == way)
        // Vagrant forwards a port of 127.0.0.1 to SSH alone.
        #expect(host.publicAddress == (way == "127.0.0.1" ? "192.168.56.12" : way))
    }

    @Test(
        "takes images with a tag that stays or a digest",
        arguments: [
            "python:3.11", "docker.io/library/python:3.13-slim-trixie", "registry.example.org:5000/a/b_c:1",
            "localhost/python@sha256:" + String(repeating: "0a", count: 32),
        ])
    func takesImages(image: String) throws {
        #expect(try Scratch().read(twoHosts + "service: { baseImage: \"\(image)\" }\n").service.baseImage == image)
    }

    @Test(
        "takes no image whose first part is neither a registry nor a user of Docker Hub",
        arguments: [
            "Team/python:3.11", "-a.b/python:3.11", "Registry.example.org:3.11", "registry.example.org//python:3.11",
        ])
    func refusesImages(image: String) throws {
        let problems = try Scratch().problems(Array((twoHosts + "service: { baseImage: \"\(image)\" }\n").utf8))
        #expect(problems.contains { $0.contains("service.baseImage: needs an image, such as ") }, "\(problems)")
    }

    @Test(
        "keeps names that mean something to a shell exactly as they are",
        arguments: ["it's", "$(reboot)", "-rf", "a b", "`id`", "ü;é"])
    func keepsOddPaths(name: String) throws {
        let text = twoHosts + "ssh: { key: \"/keys/\(name)\" }\n"
        #expect(try Scratch().read(text).hosts[0].access.keyPath == "/keys/" + name)
    }
}
