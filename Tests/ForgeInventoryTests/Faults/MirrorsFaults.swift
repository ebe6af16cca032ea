/// Mirrors that cannot be reached or believed.
let mirrorsFaults = [
    BadInventory(
        "a repository without a key",
        adding: """
            mirrors:
              apt:
                docker: { url: https://mirror.example.org }
            """,
        told: """
            inventory.yaml:12:13  mirrors.apt.docker.key: is missing
              fix  add a line such as `key: ~/keys/mirror.asc`
            """),
    BadInventory(
        "a fetched key without its fingerprint",
        adding: """
            mirrors:
              apt:
                docker:
                  url: https://mirror.example.org
                  key: https://mirror.example.org/gpg
            """,
        told: """
            inventory.yaml:14:12  mirrors.apt.docker.key: a key that is fetched needs a `fingerprint`
              fix  add `fingerprint:` with the 40 hexadecimal digits that its owner publishes
            """),
    BadInventory(
        "a fingerprint that is too short",
        adding: """
            mirrors:
              apt:
                docker:
                  url: https://mirror.example.org
                  key: https://mirror.example.org/gpg
                  fingerprint: 9DC8 5822
            """,
        told: """
            inventory.yaml:15:20  mirrors.apt.docker.fingerprint: needs the 40 hexadecimal digits of the key's \
            fingerprint
              fix  gpg --show-keys KEYFILE prints it
            """),
    BadInventory(
        "a fingerprint of other letters",
        adding: """
            mirrors:
              apt:
                docker:
                  url: https://mirror.example.org
                  key: https://mirror.example.org/gpg
                  fingerprint: \(String(repeating: "Z", count: 40))
            """,
        told: """
            inventory.yaml:15:20  mirrors.apt.docker.fingerprint: needs the 40 hexadecimal digits of the key's \
            fingerprint
              fix  gpg --show-keys KEYFILE prints it
            """),
    BadInventory(
        "a digest of other letters",
        adding: """
            mirrors:
              criDockerd:
                url: https://mirror.example.org/cri-dockerd.tgz
                sha256: \(String(repeating: "z", count: 64))
            """,
        told: """
            inventory.yaml:13:13  mirrors.criDockerd.sha256: needs the 64 hexadecimal digits of the file's sha256
              fix  sha256sum FILE prints it
            """),
    BadInventory(
        "a fingerprint beside a key file",
        adding: """
            mirrors:
              apt:
                docker:
                  url: https://mirror.example.org
                  key: ~/key.asc
                  fingerprint: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
            """,
        told: """
            inventory.yaml:15:20  mirrors.apt.docker.fingerprint: is for a key that is fetched; a key file is trusted \
            as it is
              fix  remove the line
            """),
    BadInventory(
        "a URL of another scheme",
        adding: """
            mirrors:
              python: ftp://mirror.example.org
            """,
        told: """
            inventory.yaml:11:11  mirrors.python: needs a URL that begins with http:// or https://
            """),
    BadInventory(
        "a URL without a host",
        adding: """
            mirrors:
              python: https:///simple
            """,
        told: """
            inventory.yaml:11:11  mirrors.python: needs a host after https://, such as https://mirror.example.org
            """),
    BadInventory(
        "a URL with a space",
        adding: """
            mirrors:
              python: https://mirror.example.org/my wheels
            """,
        told: """
            inventory.yaml:11:11  mirrors.python: " " cannot be part of the URL
              fix  write it as %20
            """),
    BadInventory(
        "a URL with a quote",
        adding: """
            mirrors:
              python: https://mirror.example.org/'$(reboot)'
            """,
        told: """
            inventory.yaml:11:11  mirrors.python: "'" cannot be part of the URL
              fix  write it as %27
            """),
    BadInventory(
        "a URL with a command",
        adding: """
            mirrors:
              python: https://mirror.example.org/$(reboot)
            """,
        told: """
            inventory.yaml:11:11  mirrors.python: "$" cannot be part of the URL
              fix  write it as %24
            """),
    BadInventory(
        "a URL with a password",
        adding: """
            mirrors:
              python: https://ada:secret@mirror.example.org
            """,
        told: """
            inventory.yaml:11:11  mirrors.python: has a user name in it
              why  an inventory is no place for passwords, and they would be shown
            """),
    BadInventory(
        "a URL with a port beyond the last",
        adding: """
            mirrors:
              python: https://mirror.example.org:70000
            """,
        told: """
            inventory.yaml:11:11  mirrors.python: needs a host after https://, such as https://mirror.example.org
            """),
    BadInventory(
        "a registry with a scheme",
        adding: """
            mirrors:
              registries:
                https://docker.io: https://mirror.example.org
            """,
        told: """
            inventory.yaml:12:5  mirrors.registries.https://docker.io: needs a registry's name, such as docker.io or \
            registry.example.org:5000
            """),
    BadInventory(
        "a registry that could be a user of Docker Hub",
        adding: """
            mirrors:
              registries:
                dockerhub: https://mirror.example.org
            """,
        told: """
            inventory.yaml:12:5  mirrors.registries.dockerhub: needs a registry's name, such as docker.io or \
            registry.example.org:5000
            """),
    BadInventory(
        "an image repository with a scheme",
        adding: "imageRepository: https://registry.example.org/kubernetes/",
        told: """
            inventory.yaml:10:18  imageRepository: needs a registry with or without a path, such as \
            registry.example.org/team
              fix  write registry.example.org/kubernetes, without http://
            """),
    BadInventory(
        "an image repository with a slash at its end",
        adding: "imageRepository: registry.example.org/kubernetes/",
        told: """
            inventory.yaml:10:18  imageRepository: needs a registry with or without a path, such as \
            registry.example.org/team
            """),
]

/// Ports that are none.
let portsFaults: [BadInventory] = ["", "0", "080", "80:90"].map { port in
    BadInventory(
        "a URL with the port '\(port)'",
        adding: """
            mirrors:
              python: "https://mirror.example.org:\(port)"
            """,
        told: """
            inventory.yaml:11:11  mirrors.python: needs a host after https://, such as https://mirror.example.org
            """)
}
