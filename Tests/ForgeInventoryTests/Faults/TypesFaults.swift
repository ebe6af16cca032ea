/// Values of the wrong kind.
let typesFaults = [
    BadInventory(
        "a list where keys belong",
        adding: "ssh: [root, 22]",
        told: """
            inventory.yaml:10:6  ssh: needs keys with values, not a list
            """),
    BadInventory(
        "a word where keys belong",
        adding: "mirrors: none",
        told: """
            inventory.yaml:10:10  mirrors: needs keys with values, not one value
            """),
    BadInventory(
        "keys where a list belongs",
        """
        cluster: lab
        kubernetes: 1.36.2
        hosts:
          first: 192.168.56.11

        """,
        told: """
            inventory.yaml:4:3  hosts: needs a list, not keys with values
            """),
    BadInventory(
        "a list where a word belongs",
        "cluster: lab", is: "cluster: [lab]",
        told: """
            inventory.yaml:1:10  cluster: needs one value, not a list
            """),
    BadInventory(
        "a word as a host",
        "cluster: lab\nkubernetes: 1.36.2\nhosts: [first, second]\n",
        told: """
            inventory.yaml:3:9  hosts[0]: needs keys with values, not one value
            inventory.yaml:3:16  hosts[1]: needs keys with values, not one value
            """),
    BadInventory(
        "a whole file that is one word",
        "kubernetes\n",
        told: """
            inventory.yaml:1:1  needs keys with values, not one value
            """),
    BadInventory(
        "a key without a value",
        "cluster: lab", is: "cluster:",
        told: """
            inventory.yaml:1:1  cluster: has no value
              fix  give it one, or remove the line
            """),
    BadInventory(
        "a key with nothing but a tilde",
        adding: """
            service:
              data: ~
            """,
        told: """
            inventory.yaml:11:3  service.data: has no value
              fix  give it one, or remove the line
            """),
    BadInventory(
        "a section whose lines are all comments",
        adding: """
            service:
              # replicas: 2
            """,
        told: """
            inventory.yaml:10:1  service: has no value
              fix  give it one, or remove the line
            """),
    BadInventory(
        "quotes around nothing",
        "cluster: lab", is: "cluster: ''",
        told: """
            inventory.yaml:1:10  cluster: is empty
            """),
    BadInventory(
        "a type written into the file",
        "cluster: lab", is: "cluster: !!binary bGFi",
        told: """
            inventory.yaml:1:10  cluster: has a YAML tag (!…), which inventories do not use
              fix  write the value alone
            """),
    BadInventory(
        "a type written before keys",
        adding: "ssh: !login { user: root }",
        told: """
            inventory.yaml:10:6  ssh: has a YAML tag (!…), which inventories do not use
              fix  write the value alone
            """),
    BadInventory(
        "yes for true",
        "role: control-plane",
        is: """
            role: control-plane
                schedulable: yes
            """,
        told: """
            inventory.yaml:7:18  hosts[0].schedulable: needs true or false
            """),
]
