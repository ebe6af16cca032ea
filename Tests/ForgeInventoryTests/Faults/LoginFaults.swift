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
            inventory.yaml:5:75  hosts[1].ssh.address: gate.example.org:22 is where SSH of another host goes, too
              fix  correct one of them, or give each its own `port:` where a gateway passes it on
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
            inventory.yaml:11:8  ssh.key: only ~/ is known, the home folder of who runs kubeforge
            """),
]
