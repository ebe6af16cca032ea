/// Keys that are wrong, missing or there twice.
let keysFaults = [
    BadInventory(
        "a key that is nearly right",
        adding: "podNetwrok: 10.1.0.0/16",
        told: """
            inventory.yaml:10:1  podNetwrok: unknown key
              fix  did you mean podNetwork? known here: cluster, kubernetes, runtime, docker, hosts, ssh, podNetwork, \
            serviceNetwork, cni, metricsServer, imageRepository, mirrors, proxy, service, services, lab
            """),
    BadInventory(
        "a key with two letters swapped",
        "name: second",
        is: "nmae: second",
        told: """
            inventory.yaml:7:5  hosts[1].nmae: unknown key
              fix  did you mean name? known here: name, address, role, schedulable, ssh
            inventory.yaml:7:5  hosts[1].name: is missing
              fix  add a line such as `name: node1`
            """),
    BadInventory(
        "a key that is like no other",
        adding: "flavour: sweet",
        told: """
            inventory.yaml:10:1  flavour: unknown key
              fix  known here: cluster, kubernetes, runtime, docker, hosts, ssh, podNetwork, serviceNetwork, cni, \
            metricsServer, imageRepository, mirrors, proxy, service, services, lab
            """),
    BadInventory(
        "an unknown key of a host",
        "role: worker",
        is: """
            role: worker
                taint: none
            """,
        told: """
            inventory.yaml:10:5  hosts[1].taint: unknown key
              fix  known here: name, address, role, schedulable, ssh
            """),
    BadInventory(
        "a key that is there twice",
        adding: "cluster: other",
        told: """
            inventory.yaml:1:1  cluster: appears more than once
              fix  keep one of them
            """),
    BadInventory(
        "a merge key",
        adding: "<<: { cni: flannel }",
        told: """
            inventory.yaml:10:1  <<: merge keys are not read
              fix  write the lines out
            """),
    BadInventory(
        "a key that is a list",
        adding: """
            ? [a, b]
            : c
            """,
        told: """
            inventory.yaml:10:3  a key must be a plain word
            """),
    BadInventory(
        "no cluster and no version",
        "cluster: lab\nkubernetes: 1.36.2\n", is: "",
        told: """
            inventory.yaml:1:1  cluster: is missing
              fix  add a line such as `cluster: lab`
            inventory.yaml:1:1  kubernetes: is missing
              fix  add a line such as `kubernetes: 1.36.2`
            """),
    BadInventory(
        "a host without name, address and role",
        """
        cluster: lab
        kubernetes: 1.36.2
        hosts:
          - schedulable: true

        """,
        told: """
            inventory.yaml:4:5  hosts[0].name: is missing
              fix  add a line such as `name: node1`
            inventory.yaml:4:5  hosts[0].address: is missing
              fix  add a line such as `address: 192.168.56.11`
            inventory.yaml:4:5  hosts[0].role: is missing
              fix  add a line such as `role: worker`
            """),
    BadInventory(
        "several faults, told in the order of the file",
        """
        cluster: Lab
        kubernetes: 1.30
        hosts:
          - name: first
            address: 10.96.0.5
            role: master
        podNetwrok: x
        service:
          replicas: 0

        """,
        told: """
            inventory.yaml:1:10  cluster: needs lower-case letters, digits and dashes, with a letter or digit at both \
            ends
              fix  did you mean lab?
            inventory.yaml:2:13  kubernetes: needs three numbers, such as 1.36.2
            inventory.yaml:5:14  hosts[0].address: 10.96.0.5 lies inside serviceNetwork 10.96.0.0/12
              fix  set `serviceNetwork:` to a network without machines, or give the machine another address
            inventory.yaml:6:11  hosts[0].role: there is no master
              fix  did you mean control-plane? known here: control-plane, worker
            inventory.yaml:7:1  podNetwrok: unknown key
              fix  did you mean podNetwork? known here: cluster, kubernetes, runtime, docker, hosts, ssh, podNetwork, \
            serviceNetwork, cni, metricsServer, imageRepository, mirrors, proxy, service, services, lab
            inventory.yaml:9:13  service.replicas: needs a whole number from 1 to 1000
            """),
]

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
