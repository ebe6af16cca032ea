/// Files that are not YAML, or more YAML than is read.
let yamlFaults = [
    BadInventory(
        "an empty file",
        "",
        told: """
            inventory.yaml:1:1  is empty
              fix  inventory/example.yaml of kubeforge shows every key
            """),
    BadInventory(
        "a file of blanks",
        "\n  \n",
        told: """
            inventory.yaml:1:1  is empty
              fix  inventory/example.yaml of kubeforge shows every key
            """),
    BadInventory(
        "a file of comments",
        "# cluster: lab\n",
        told: """
            inventory.yaml:1:1  has nothing but comments
              fix  inventory/example.yaml of kubeforge shows every key
            """),
    BadInventory(
        "a file of one letter",
        "k",
        told: """
            inventory.yaml:1:1  needs keys with values, not one value
            """),
    BadInventory(
        "a character that no text has",
        "cluster: la\u{FFFF}b\n",
        told: """
            inventory.yaml:1:12  is not YAML: control characters are not allowed
            """),
    BadInventory(
        "a tab before the only key",
        "\tcluster: lab",
        told: """
            inventory.yaml:1:1  a tab
              why  YAML is indented with spaces only
              fix  replace it by spaces
            """),
    BadInventory(
        "a tab before a key",
        "cluster: lab\nhosts:\n\t- name: first\n",
        told: """
            inventory.yaml:3:1  a tab
              why  YAML is indented with spaces only
              fix  replace it by spaces
            """),
    BadInventory(
        "a tab that goes on with a value",
        "cluster: lab\n\tkubernetes: 1.36.2\n",
        told: """
            inventory.yaml:2:1  a tab
              why  YAML is indented with spaces only
              fix  replace it by spaces
            """),
    BadInventory(
        "a bracket that is never closed",
        "cluster: lab\nhosts: [\n",
        told: """
            inventory.yaml:3:1  is not YAML: did not find expected node content
              why  while parsing a flow node that begins in line 3
            """),
    BadInventory(
        "a line that is no key",
        "cluster: lab\nkubernetes\nhosts: []\n",
        told: """
            inventory.yaml:3:1  is not YAML: could not find expected ':'
              why  while scanning a simple key that begins in line 2
            """),
    BadInventory(
        "wrong indentation",
        "cluster: lab\n  kubernetes: 1.36.2\n",
        told: """
            inventory.yaml:2:13  is not YAML: mapping values are not allowed in this context
            """),
    BadInventory(
        "a second document",
        adding: """
            ---
            cluster: other
            """,
        told: """
            inventory.yaml:10:1  a second document begins here
              why  the file must be a single YAML document
            """),
    BadInventory(
        "an alias",
        adding: """
            podNetwork: &net 10.1.0.0/16
            serviceNetwork: *net
            """,
        told: """
            inventory.yaml:11:17  aliases (*name) are not read
              fix  write the value out
            """),
    BadInventory(
        "an alias of nothing",
        adding: "podNetwork: *net",
        told: """
            inventory.yaml:10:13  aliases (*name) are not read
              fix  write the value out
            """),
    BadInventory(
        "a merge of an alias",
        adding: """
            ssh: &login { user: root }
            service:
              <<: *login
            """,
        told: """
            inventory.yaml:12:7  aliases (*name) are not read
              fix  write the value out
            """),
]

/// What people write who know another tool's inventory.
let foreignFaults = [
    BadInventory(
        "Ansible's variables of a host",
        "address: 192.168.56.12",
        is: """
            ansible_host: 192.168.56.12
                ansible_user: ubuntu
                ansible_ssh_private_key_file: ~/.ssh/id
            """,
        told: """
            inventory.yaml:7:5  hosts[1].address: is missing
              fix  add a line such as `address: 192.168.56.11`
            inventory.yaml:8:5  hosts[1].ansible_host: unknown key
              fix  did you mean address? known here: name, address, role, schedulable, ssh
            inventory.yaml:9:5  hosts[1].ansible_user: unknown key
              fix  write `ssh: { user: … }`; known here: name, address, role, schedulable, ssh
            inventory.yaml:10:5  hosts[1].ansible_ssh_private_key_file: unknown key
              fix  write `ssh: { key: … }`; known here: name, address, role, schedulable, ssh
            """),
    BadInventory(
        "a host's name and address as others call them",
        "- name: second\n    address: 192.168.56.12",
        is: "- hostname: second\n    privateAddress: 192.168.56.12\n    publicAddress: 203.0.113.12",
        told: """
            inventory.yaml:7:5  hosts[1].hostname: unknown key
              fix  did you mean name? known here: name, address, role, schedulable, ssh
            inventory.yaml:7:5  hosts[1].name: is missing
              fix  add a line such as `name: node1`
            inventory.yaml:7:5  hosts[1].address: is missing
              fix  add a line such as `address: 192.168.56.11`
            inventory.yaml:8:5  hosts[1].privateAddress: unknown key
              fix  did you mean address? known here: name, address, role, schedulable, ssh
            inventory.yaml:9:5  hosts[1].publicAddress: unknown key
              fix  write `ssh: { address: … }`; known here: name, address, role, schedulable, ssh
            """),
    BadInventory(
        "a login at the host itself",
        "role: worker",
        is: """
            role: worker
                user: ubuntu
                keyPath: ~/.ssh/id
                password: secret
                bastion: 203.0.113.1
            """,
        told: """
            inventory.yaml:10:5  hosts[1].user: unknown key
              fix  write `ssh: { user: … }`; known here: name, address, role, schedulable, ssh
            inventory.yaml:11:5  hosts[1].keyPath: unknown key
              fix  write `ssh: { key: … }`; known here: name, address, role, schedulable, ssh
            inventory.yaml:12:5  hosts[1].password: unknown key
              fix  kubeforge types no passwords: use a key, and sudo without a password; known here: name, address, \
            role, schedulable, ssh
            inventory.yaml:13:5  hosts[1].bastion: unknown key
              fix  kubeforge connects directly: run it on that machine, or let it forward a port to each host (`ssh: \
            { address: …, port: … }`); known here: name, address, role, schedulable, ssh
            """),
    BadInventory(
        "a login as ssh_config calls it",
        adding: """
            ssh:
              username: ubuntu
              identityFile: ~/.ssh/id
            """,
        told: """
            inventory.yaml:11:3  ssh.username: unknown key
              fix  did you mean user? known here: user, port, key, knownHosts
            inventory.yaml:12:3  ssh.identityFile: unknown key
              fix  did you mean key? known here: user, port, key, knownHosts
            """),
    BadInventory(
        "other tools' roles",
        """
        cluster: lab
        kubernetes: 1.36.2
        hosts:
          - { name: a, address: 192.168.56.11, role: controller+worker }
          - { name: b, address: 192.168.56.12, role: master }
          - { name: c, address: 192.168.56.13, role: agent }

        """,
        told: """
            inventory.yaml:4:46  hosts[0].role: there is no controller+worker
              fix  write control-plane, and `schedulable: true` below it; known here: control-plane, worker
            inventory.yaml:5:46  hosts[1].role: there is no master
              fix  did you mean control-plane? known here: control-plane, worker
            inventory.yaml:6:46  hosts[2].role: there is no agent
              fix  did you mean worker? known here: control-plane, worker
            """),
    BadInventory(
        "an address with its network",
        "192.168.56.12", is: "192.168.56.12/24",
        told: """
            inventory.yaml:8:14  hosts[1].address: needs an IPv4 address, such as 192.168.56.11
              fix  write 192.168.56.12, without /24
            """),
    BadInventory(
        "a value in typographic quotes",
        "name: second", is: "name: “second”",
        told: """
            inventory.yaml:7:11  hosts[1].name: has typographic quotes, which YAML takes for a part of it
              fix  write second, without quotes or with plain ones
            """),
    BadInventory(
        "a key in typographic quotes",
        "role: worker", is: "“role”: worker",
        told: """
            inventory.yaml:7:5  hosts[1].role: is missing
              fix  add a line such as `role: worker`
            inventory.yaml:9:5  hosts[1].“role”: unknown key
              fix  did you mean role, without the typographic quotes? known here: name, address, role, schedulable, ssh
            """),
    BadInventory(
        "hosts by another name, where no other key is meant",
        "hosts:", is: "nodes:",
        told: """
            inventory.yaml:1:1  hosts: is missing
              fix  add a line such as `hosts: [{name: node1, address: 192.168.56.11, role: control-plane}]`
            inventory.yaml:3:1  nodes: unknown key
              fix  did you mean hosts? known here: cluster, kubernetes, runtime, docker, hosts, ssh, podNetwork, \
            serviceNetwork, cni, metricsServer, imageRepository, mirrors, proxy, service, services, lab
            """),
]
