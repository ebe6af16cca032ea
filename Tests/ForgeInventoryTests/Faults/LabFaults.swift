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
