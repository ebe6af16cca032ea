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
            inventory.yaml:2:13  kubernetes: 1.23.17 cannot be had from pkgs.k8s.io
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
]
