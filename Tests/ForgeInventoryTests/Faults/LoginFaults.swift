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
