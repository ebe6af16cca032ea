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
              why  an inventory is one document
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
