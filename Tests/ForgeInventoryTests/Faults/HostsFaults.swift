/// Machines that cannot be told apart, reached or named.
let hostsFaults = [
    BadInventory(
        "no hosts",
        "cluster: lab\nkubernetes: 1.36.2\nhosts: []\n",
        told: """
            inventory.yaml:3:8  hosts: needs at least one host
            """),
    BadInventory(
        "no control plane",
        "role: control-plane", is: "role: worker",
        told: """
            inventory.yaml:4:3  hosts: needs a host with `role: control-plane`
            """),
    BadInventory(
        "two control planes",
        "role: worker", is: "role: control-plane",
        told: """
            inventory.yaml:9:11  hosts[1].role: a second control plane is not supported yet
              why  high availability is not built: one control plane, any number of workers
              fix  make it a worker
            """),
    BadInventory(
        "an unknown role",
        "role: worker", is: "role: wroker",
        told: """
            inventory.yaml:9:11  hosts[1].role: there is no wroker
              fix  did you mean worker? known here: control-plane, worker
            """),
    BadInventory(
        "a role with two pairs of letters swapped",
        "role: worker", is: "role: wrokre",
        told: """
            inventory.yaml:9:11  hosts[1].role: there is no wrokre
              fix  did you mean worker? known here: control-plane, worker
            """),
    BadInventory(
        "two hosts of one name",
        "name: second", is: "name: first",
        told: """
            inventory.yaml:7:11  hosts[1].name: first is taken by the host of line 4
            """),
    BadInventory(
        "two hosts of one address",
        "192.168.56.12", is: "192.168.56.11",
        told: """
            inventory.yaml:8:14  hosts[1].address: 192.168.56.11 is taken by the host of line 5
            """),
    BadInventory(
        "an SSH address with a label that no name server takes",
        "role: worker",
        is: """
            role: worker
                ssh: { address: \(String(repeating: "a", count: 64)).example.org }
            """,
        told: """
            inventory.yaml:10:21  hosts[1].ssh.address: needs an IPv4 address or a DNS name, such as node1.example.org
            """),
    BadInventory(
        "a name with capitals",
        "name: second", is: "name: KubNode_2",
        told: """
            inventory.yaml:7:11  hosts[1].name: needs lower-case letters, digits and dashes, with a letter or digit at \
            both ends
              fix  did you mean kubnode-2?
            """),
    BadInventory(
        "a name of two labels",
        "name: second", is: "name: second.example.org",
        told: """
            inventory.yaml:7:11  hosts[1].name: needs lower-case letters, digits and dashes, with a letter or digit at \
            both ends
              fix  did you mean second-example-org?
            """),
    BadInventory(
        "a name that is too long",
        "name: second", is: "name: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
        told: """
            inventory.yaml:7:11  hosts[1].name: is longer than 63 characters
            """),
    BadInventory(
        "a name that begins with a dash",
        "name: second", is: "name: -second",
        told: """
            inventory.yaml:7:11  hosts[1].name: needs lower-case letters, digits and dashes, with a letter or digit at \
            both ends
            """),
    BadInventory(
        "a name that ends with a dash",
        "name: second", is: "name: second-",
        told: """
            inventory.yaml:7:11  hosts[1].name: needs lower-case letters, digits and dashes, with a letter or digit at \
            both ends
            """),
    BadInventory(
        "a name that is every machine's own",
        "name: second", is: "name: localhost",
        told: """
            inventory.yaml:7:11  hosts[1].name: localhost is every machine's name for itself
            """),
    BadInventory(
        "a name that is a command",
        "name: second", is: "name: $(reboot)",
        told: """
            inventory.yaml:7:11  hosts[1].name: needs lower-case letters, digits and dashes, with a letter or digit at \
            both ends
            """),
    BadInventory(
        "a name instead of an address",
        "192.168.56.12", is: "second.example.org",
        told: """
            inventory.yaml:8:14  hosts[1].address: needs an IPv4 address, such as 192.168.56.11
              why  host names are not supported: the cluster stores the address it was created with
            """),
    BadInventory(
        "an IPv6 address",
        "192.168.56.12", is: "fd00::12",
        told: """
            inventory.yaml:8:14  hosts[1].address: needs an IPv4 address, such as 192.168.56.11
              why  IPv6 is not supported yet
            """),
    BadInventory(
        "an address with leading zeros",
        "192.168.56.12", is: "192.168.056.012",
        told: """
            inventory.yaml:8:14  hosts[1].address: needs an IPv4 address, such as 192.168.56.11
              why  a leading 0 means octal to some programs
            """),
    BadInventory(
        "an address with one leading zero",
        "192.168.56.12", is: "192.168.56.05",
        told: """
            inventory.yaml:8:14  hosts[1].address: needs an IPv4 address, such as 192.168.56.11
              why  a leading 0 means octal to some programs
            """),
    BadInventory(
        "an address with a number that is too large",
        "192.168.56.12", is: "192.168.0.300",
        told: """
            inventory.yaml:8:14  hosts[1].address: needs an IPv4 address, such as 192.168.56.11
            """),
    BadInventory(
        "an address with a slash and no prefix",
        "192.168.56.12", is: "192.168.56.12/",
        told: """
            inventory.yaml:8:14  hosts[1].address: needs an IPv4 address, such as 192.168.56.11
              fix  write 192.168.56.12, without /
            """),
    BadInventory(
        "an address with a port",
        "192.168.56.12", is: "192.168.56.12:22",
        told: """
            inventory.yaml:8:14  hosts[1].address: needs an IPv4 address, such as 192.168.56.11
              why  a port belongs under `ssh:`
            """),
    BadInventory(
        "an address of too many parts",
        "192.168.56.12", is: "192.168.56.12.1",
        told: """
            inventory.yaml:8:14  hosts[1].address: needs an IPv4 address, such as 192.168.56.11
            """),
    BadInventory(
        "an address of loopback",
        "192.168.56.12", is: "127.0.0.1",
        told: """
            inventory.yaml:8:14  hosts[1].address: 127.0.0.1 is not an address that other machines can reach
            """),
    BadInventory(
        "a worker without pods",
        "role: worker",
        is: """
            role: worker
                schedulable: false
            """,
        told: """
            inventory.yaml:10:18  hosts[1].schedulable: workers are always schedulable
              fix  remove the line
            """),
]

/// Ways to log in that are none.
let loginFaults = [
    BadInventory(
        "a user name that is an option",
        adding: """
            ssh:
              user: -l
            """,
        told: """
            inventory.yaml:11:9  ssh.user: needs a login name: letters, digits, and . _ - @ inside
            """),
    BadInventory(
        "a user name that begins with a dot",
        adding: """
            ssh:
              user: .ada
            """,
        told: """
            inventory.yaml:11:9  ssh.user: needs a login name: letters, digits, and . _ - @ inside
            """),
    BadInventory(
        "a user name that is a command",
        adding: """
            ssh:
              user: root; reboot
            """,
        told: """
            inventory.yaml:11:9  ssh.user: needs a login name: letters, digits, and . _ - @ inside
            """),
    BadInventory(
        "a port beyond the last",
        adding: """
            ssh:
              port: 65536
            """,
        told: """
            inventory.yaml:11:9  ssh.port: needs a whole number from 1 to 65535
            """),
    BadInventory(
        "a port that is a word",
        adding: """
            ssh:
              port: ssh
            """,
        told: """
            inventory.yaml:11:9  ssh.port: needs a whole number from 1 to 65535
            """),
    BadInventory(
        "a port with an underscore",
        adding: """
            ssh:
              port: 2_222
            """,
        told: """
            inventory.yaml:11:9  ssh.port: needs a whole number from 1 to 65535
            """),
    BadInventory(
        "a port of zero, for one host",
        "role: worker",
        is: """
            role: worker
                ssh: { port: 0 }
            """,
        told: """
            inventory.yaml:10:18  hosts[1].ssh.port: needs a whole number from 1 to 65535
            """),
    BadInventory(
        "an address of SSH with a port in it",
        "role: worker",
        is: """
            role: worker
                ssh: { address: "node1.example.org:2222" }
            """,
        told: """
            inventory.yaml:10:21  hosts[1].ssh.address: needs an IPv4 address or a DNS name, such as node1.example.org
              why  a port belongs under `ssh:`
            """),
    BadInventory(
        "an address of SSH that is neither an address nor a name",
        "role: worker",
        is: """
            role: worker
                ssh: { address: "$(reboot)" }
            """,
        told: """
            inventory.yaml:10:21  hosts[1].ssh.address: needs an IPv4 address or a DNS name, such as node1.example.org
            """),
    BadInventory(
        "an address of SSH with a number that is too large",
        "role: worker",
        is: """
            role: worker
                ssh: { address: 203.0.113.300 }
            """,
        told: """
            inventory.yaml:10:21  hosts[1].ssh.address: needs an IPv4 address or a DNS name, such as node1.example.org
            """),
    BadInventory(
        "an address of SSH for all hosts",
        adding: """
            ssh:
              address: 203.0.113.11
            """,
        told: """
            inventory.yaml:11:3  ssh.address: unknown key
              fix  known here: user, port, key, knownHosts
            """),
    BadInventory(
        "one address of SSH for two hosts",
        """
        cluster: lab
        kubernetes: 1.36.2
        hosts:
          - { name: first, address: 192.168.56.11, role: control-plane, ssh: { address: gate.example.org } }
          - { name: second, address: 192.168.56.12, role: worker, ssh: { address: gate.example.org } }
          - { name: third, address: 192.168.56.13, role: worker, ssh: { address: gate.example.org, port: 2223 } }

        """,
        told: """
            inventory.yaml:5:75  hosts[1].ssh.address: gate.example.org:22 is also the SSH address of another host
              fix  correct one of them, or give each its own `port:` where a gateway forwards it
            """),
    BadInventory(
        "a key with a line break in it",
        adding: #"""
            ssh:
              key: "~/key\nProxyCommand reboot"
            """#,
        told: #"""
            inventory.yaml:11:8  ssh.key: has a line break or control character in it
              why  it is "~/key\u{a}ProxyCommand reboot"
            """#),
    BadInventory(
        "a key with an invisible character",
        adding: #"""
            ssh:
              key: "~/key\e[2J"
            """#,
        told: #"""
            inventory.yaml:11:8  ssh.key: has a line break or control character in it
              why  it is "~/key\u{1b}[2J"
            """#),
    BadInventory(
        "a key of another user's home",
        adding: """
            ssh:
              key: ~ada/.ssh/id
            """,
        told: """
            inventory.yaml:11:8  ssh.key: only ~/ is supported: the home directory of the user who runs kubeforge
            """),
]

/// Names that no name server takes.
let outerNamesFaults: [BadInventory] = [
    "-node.example.org", "node-.example.org", "node..example.org", longestName + "a",
].map { name in
    BadInventory(
        "an address of SSH that is \(name.prefix(20))",
        "role: worker",
        is: """
            role: worker
                ssh: { address: "\(name)" }
            """,
        told: """
            inventory.yaml:10:21  hosts[1].ssh.address: needs an IPv4 address or a DNS name, such as node1.example.org
            """)
}

/// Of 253 characters.
let longestName = [63, 63, 63, 61].map { String(repeating: "a", count: $0) }.joined(separator: ".")
