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
