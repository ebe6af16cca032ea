/// Versions and names that this kubeforge does not know.
let versionsFaults = [
    BadInventory(
        "a version that YAML takes for a number",
        "1.36.2", is: "1.30",
        told: """
            inventory.yaml:2:13  kubernetes: needs three numbers, such as 1.36.2
            """),
    BadInventory(
        "a version with a v",
        "1.36.2", is: "v1.36.2",
        told: """
            inventory.yaml:2:13  kubernetes: needs three numbers, such as 1.36.2
              fix  write 1.36.2, without the v
            """),
    BadInventory(
        "a version of four numbers",
        "1.36.2", is: "1.36.2.1",
        told: """
            inventory.yaml:2:13  kubernetes: needs three numbers, such as 1.36.2
            """),
    BadInventory(
        "a version with an empty part",
        "1.36.2", is: "1..36.2",
        told: """
            inventory.yaml:2:13  kubernetes: needs three numbers, such as 1.36.2
            """),
    BadInventory(
        "a version with a leading zero",
        "1.36.2", is: "1.036.2",
        told: """
            inventory.yaml:2:13  kubernetes: needs three numbers, such as 1.36.2
            """),
    BadInventory(
        "a version with a package's revision",
        "1.36.2", is: "1.36.2-1.1",
        told: """
            inventory.yaml:2:13  kubernetes: needs three numbers, such as 1.36.2
            """),
    BadInventory(
        "latest",
        "1.36.2", is: "latest",
        told: """
            inventory.yaml:2:13  kubernetes: needs three numbers, such as 1.36.2
            """),
    BadInventory(
        "a version that is too old",
        "1.36.2", is: "1.19.16",
        told: """
            inventory.yaml:2:13  kubernetes: 1.19.16 is too old
              why  kubeforge knows Kubernetes 1.20 to 1.37
            """),
    BadInventory(
        "a version that pkgs.k8s.io does not have",
        "1.36.2", is: "1.23.17",
        told: """
            inventory.yaml:2:13  kubernetes: 1.23.17 is not available from pkgs.k8s.io
              why  it has Kubernetes 1.24 and newer only
              fix  use a newer version, or name a mirror that has it: mirrors: apt: kubernetes:
            """),
    BadInventory(
        "a version that is too new",
        "1.36.2", is: "1.38.0",
        told: """
            inventory.yaml:2:13  kubernetes: 1.38.0 is newer than this kubeforge
              why  it knows Kubernetes 1.20 to 1.37
            """),
    BadInventory(
        "an unknown runtime",
        adding: "runtime: contianerd",
        told: """
            inventory.yaml:10:10  runtime: there is no contianerd
              fix  did you mean containerd? known here: containerd, docker
            """),
    BadInventory(
        "an unknown source of Docker",
        adding: "docker: { source: debian }",
        told: """
            inventory.yaml:10:19  docker.source: there is no debian
              fix  known here: docker, distribution
            """),
    BadInventory(
        "an unknown CNI",
        adding: "cni: cilium",
        told: """
            inventory.yaml:10:6  cni: there is no cilium
              fix  known here: flannel, calico
            """),
    BadInventory(
        "a version that is too old for its CNI",
        "kubernetes: 1.36.2", is: "cni: calico\nkubernetes: 1.31.14",
        told: """
            inventory.yaml:2:6  cni: calico needs Kubernetes 1.32 or newer
              why  kubernetes: is 1.31.14
              fix  use a newer version, or cni: flannel
            """),
]

/// Networks that are malformed, of the wrong size, or in each other's way.
let networksFaults = [
    BadInventory(
        "a machine inside the pod network",
        "192.168.56.12", is: "10.244.3.7",
        told: """
            inventory.yaml:8:14  hosts[1].address: 10.244.3.7 lies inside podNetwork 10.244.0.0/16
              fix  set `podNetwork:` to a network without machines, or give the machine another address
            """),
    BadInventory(
        "a machine inside the default Service network",
        "192.168.56.12", is: "10.99.0.12",
        told: """
            inventory.yaml:8:14  hosts[1].address: 10.99.0.12 lies inside serviceNetwork 10.96.0.0/12
              fix  set `serviceNetwork:` to a network without machines, or give the machine another address
            """),
    BadInventory(
        "networks that overlap",
        adding: "podNetwork: 10.96.0.0/16",
        told: """
            inventory.yaml:10:13  podNetwork: 10.96.0.0/16 overlaps with serviceNetwork 10.96.0.0/12
            """),
    BadInventory(
        "two written networks that overlap",
        adding: """
            podNetwork: 10.0.0.0/12
            serviceNetwork: 10.1.0.0/16
            """,
        told: """
            inventory.yaml:11:17  serviceNetwork: 10.1.0.0/16 overlaps with podNetwork 10.0.0.0/12
            """),
    BadInventory(
        "a network with host bits",
        adding: "podNetwork: 10.244.1.5/16",
        told: """
            inventory.yaml:10:13  podNetwork: needs an IPv4 network, such as 10.244.0.0/16
              why  10.244.1.5 lies inside the network and is not its first address
              fix  did you mean 10.244.0.0/16?
            """),
    BadInventory(
        "a network with host bits of a size that would not be taken",
        adding: "podNetwork: 10.244.1.5/26",
        told: """
            inventory.yaml:10:13  podNetwork: needs an IPv4 network, such as 10.244.0.0/16
            """),
    BadInventory(
        "a network with host bits and a slash too many",
        adding: "podNetwork: 10.244.1.5/16/",
        told: """
            inventory.yaml:10:13  podNetwork: needs an IPv4 network, such as 10.244.0.0/16
            """),
    BadInventory(
        "a network without a prefix",
        adding: "podNetwork: 10.244.0.0",
        told: """
            inventory.yaml:10:13  podNetwork: needs an IPv4 network, such as 10.244.0.0/16
            """),
    BadInventory(
        "an IPv6 network",
        adding: "serviceNetwork: fd00::/108",
        told: """
            inventory.yaml:10:17  serviceNetwork: needs an IPv4 network, such as 10.96.0.0/12
              why  IPv6 is not supported yet
            """),
    BadInventory(
        "a prefix beyond 32",
        adding: "podNetwork: 10.244.0.0/33",
        told: """
            inventory.yaml:10:13  podNetwork: needs an IPv4 network, such as 10.244.0.0/16
            """),
    BadInventory(
        "a Service network that is too large",
        adding: "serviceNetwork: 11.0.0.0/8",
        told: """
            inventory.yaml:10:17  serviceNetwork: needs a network from /12 to /28
              why  that is what the API server takes
            """),
    BadInventory(
        "a pod network that is too small",
        adding: "podNetwork: 10.244.0.0/26",
        told: """
            inventory.yaml:10:13  podNetwork: needs a network from /8 to /24
              why  each node gets a /24 of it
            """),
    BadInventory(
        "a pod network without room for all nodes",
        adding: "podNetwork: 10.244.0.0/24",
        told: """
            inventory.yaml:4:3  hosts: podNetwork 10.244.0.0/24 is too small for 2 of them
              why  each node gets a /24 of it
            """),
]

/// Machines of a lab that cannot be made.
let labFaults = [
    BadInventory(
        "a distribution that the lab does not have",
        adding: "lab: { distribution: debian-11 }",
        told: """
            inventory.yaml:10:22  lab.distribution: there is no debian-11
              fix  did you mean debian-13? known here: debian-13, debian-12, ubuntu-24.04-stand-in
            """),
    BadInventory(
        "a driver and a profile that the lab does not have",
        adding: """
            lab:
              driver: qemu
              profile: clouds
            """,
        told: """
            inventory.yaml:11:11  lab.driver: there is no qemu
              fix  known here: nspawn, vm
            inventory.yaml:12:12  lab.profile: there is no clouds
              fix  did you mean cloud? known here: bare, cloud
            """),
    BadInventory(
        "a driver with another letter",
        adding: "lab: { driver: vn }",
        told: """
            inventory.yaml:10:16  lab.driver: there is no vn
              fix  did you mean vm? known here: nspawn, vm
            """),
    BadInventory(
        "a lab's machine of a host that is not there",
        adding: """
            lab:
              hosts:
                secnod: { profile: cloud }
            """,
        told: """
            inventory.yaml:12:5  lab.hosts.secnod: there is no host of this name
              fix  did you mean second? known here: first, second
            """),
    BadInventory(
        "keys that a lab's machine does not have",
        adding: """
            lab:
              machines: 2
              hosts:
                second: { driver: vm }
            """,
        told: """
            inventory.yaml:11:3  lab.machines: unknown key
              fix  known here: distribution, driver, profile, hosts
            inventory.yaml:13:15  lab.hosts.second.driver: unknown key
              fix  known here: distribution, profile
            """),
    BadInventory(
        "a lab that says nothing",
        adding: "lab:",
        told: """
            inventory.yaml:10:1  lab: has no value
              fix  give it one, or remove the line
            """),
]
