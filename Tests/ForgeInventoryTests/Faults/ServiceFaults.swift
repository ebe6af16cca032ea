/// Services that cannot be built or reached.
let serviceFaults = [
    BadInventory(
        "no replicas",
        adding: """
            service:
              replicas: 0
            """,
        told: """
            inventory.yaml:11:13  service.replicas: needs a whole number from 1 to 1000
            """),
    BadInventory(
        "half a replica",
        adding: """
            service:
              replicas: 1.5
            """,
        told: """
            inventory.yaml:11:13  service.replicas: needs a whole number from 1 to 1000
            """),
    BadInventory(
        "an unknown exposure",
        adding: """
            service:
              expose: nodeport
            """,
        told: """
            inventory.yaml:11:11  service.expose: there is no nodeport
              fix  did you mean NodePort? known here: NodePort, LoadBalancer, ClusterIP
            """),
    BadInventory(
        "a node port outside the range",
        adding: """
            service:
              nodePort: 8080
            """,
        told: """
            inventory.yaml:11:13  service.nodePort: needs a whole number from 30000 to 32767
            """),
    BadInventory(
        "a node port for ClusterIP",
        adding: """
            service:
              expose: ClusterIP
              nodePort: 30080
            """,
        told: """
            inventory.yaml:12:13  service.nodePort: a Service of type ClusterIP has no port on the nodes
              fix  remove the line, or expose: NodePort
            """),
    BadInventory(
        "a name that begins with a digit",
        adding: """
            service:
              name: 2nd
            """,
        told: """
            inventory.yaml:11:9  service.name: needs a letter at its beginning
            """),
    BadInventory(
        "a namespace of Kubernetes' own",
        adding: """
            service:
              namespace: kube-system
            """,
        told: """
            inventory.yaml:11:14  service.namespace: namespaces that begin with kube- belong to Kubernetes
            """),
    BadInventory(
        "services that share a name, a port, the name of a job, or none",
        adding: """
            services:
              - { name: churn, nodePort: 30080 }
              - { name: churn }
              - { name: price, nodePort: 30080 }
              - replicas: 2
              - name: churn-batch
            service: { name: one }
            """,
        told: """
            inventory.yaml:12:13  services[1].name: services[0] has this name, too
            inventory.yaml:13:30  services[2].nodePort: the service churn has this port, too
            inventory.yaml:14:5  services[3]: has no name
              fix  add a line such as `name: churn`: each service has its own
            inventory.yaml:15:11  services[4].name: is the name of a part of the service churn
              fix  rename one
            inventory.yaml:16:10  service: conflicts with services: (line 10)
              fix  make it the first of that list
            """),
    BadInventory(
        "services that are no list, and a registry of the cluster's own in two images",
        adding: """
            services:
              - { name: churn, registryImage: registry:2 }
              - { name: price, registryImage: registry:3 }
              - { name: own, registry: registry.example.org, registryImage: registry:3 }
            """,
        told: """
            inventory.yaml:12:35  services[1].registryImage: differs from that of churn
              why  the cluster has one registry, which all services without a registry: of their own share
              fix  name the same image in each of them
            """),
    BadInventory(
        "pods, origins and TLS that cannot be",
        adding: """
            service:
              replicas: { min: 4, max: 3, cpu: 0 }
              cors: [https://app.example.org/, app.example.org]
              tls: { certificate: inventory.yaml }
              log: all
            """,
        told: """
            inventory.yaml:11:36  service.replicas.cpu: needs a whole number from 1 to 1000
            inventory.yaml:12:10  service.cors[0]: needs an origin, such as https://app.example.org
              why  a browser sends it without a path
            inventory.yaml:12:36  service.cors[1]: needs a URL that begins with http:// or https://
            inventory.yaml:13:8  service.tls.key: is missing
              fix  add a line such as `key: ~/tls/churn.key`
            inventory.yaml:14:8  service.log: there is no all
              fix  known here: none, requests
            """),
    BadInventory(
        "fewer pods at most than at least",
        adding: "service: { replicas: { min: 4, max: 3 } }",
        told: """
            inventory.yaml:10:37  service.replicas.max: is less than min, which is 4
              fix  write the larger number here
            """),
    BadInventory(
        "no pods at least, and too many at most",
        adding: "service: { replicas: { min: 0, max: 1001 } }",
        told: """
            inventory.yaml:10:29  service.replicas.min: needs a whole number from 1 to 1000
            inventory.yaml:10:37  service.replicas.max: needs a whole number from 1 to 1000
            """),
    BadInventory(
        "services of none",
        adding: """
            services: []
            """,
        told: """
            inventory.yaml:10:11  services: is empty
              fix  name a service, or remove the line
            """),
    BadInventory(
        "examples for somebody",
        adding: """
            service:
              examples: friends
            """,
        told: """
            inventory.yaml:11:13  service.examples: there is no friends
              fix  known here: public, private
            """),
    BadInventory(
        "resources that are no numbers",
        adding: """
            service:
              resources: { cpu: 0.5, memory: 64Mi }
            """,
        told: """
            inventory.yaml:11:21  service.resources.cpu: needs cores or thousandths of one, such as 2 or 500m
            inventory.yaml:11:34  service.resources.memory: needs at least 256Mi, and at most 4096Gi
            """),
    BadInventory(
        "a little less memory than is needed",
        adding: """
            service:
              resources: { memory: 255Mi }
            """,
        told: """
            inventory.yaml:11:24  service.resources.memory: needs at least 256Mi, and at most 4096Gi
            """),
    BadInventory(
        "a little more memory than can be said",
        adding: """
            service:
              resources: { memory: 4097Gi }
            """,
        told: """
            inventory.yaml:11:24  service.resources.memory: needs at least 256Mi, and at most 4096Gi
            """),
    BadInventory(
        "an image that moves",
        adding: """
            service:
              baseImage: python:latest
            """,
        told: """
            inventory.yaml:11:14  service.baseImage: needs a fixed tag or a digest, such as \
            docker.io/library/python:3.13-slim-trixie
            """),
    BadInventory(
        "an image without a tag",
        adding: """
            service:
              baseImage: registry.example.org:5000/python
            """,
        told: """
            inventory.yaml:11:14  service.baseImage: needs a fixed tag or a digest, such as \
            docker.io/library/python:3.13-slim-trixie
            """),
    BadInventory(
        "an image that is none",
        adding: """
            service:
              baseImage: Python 3
            """,
        told: """
            inventory.yaml:11:14  service.baseImage: needs an image, such as docker.io/library/python:3.13-slim-trixie
            """),
    BadInventory(
        "a registry that is a word",
        adding: """
            service:
              registry: mlops
            """,
        told: """
            inventory.yaml:11:13  service.registry: needs a registry with or without a path, such as \
            registry.example.org/team
            """),
    BadInventory(
        "a registry with a user and no password, and no place",
        adding: """
            service:
              registry:
                username: "robot:1"
            """,
        told: """
            inventory.yaml:12:5  service.registry.repository: is missing
              fix  add a line such as `repository: registry.example.org/mlops`
            inventory.yaml:12:5  service.registry.passwordFile: is missing
              fix  add a line such as `passwordFile: ~/keys/registry-password`
            inventory.yaml:12:15  service.registry.username: must have no colon in it
              why  a colon ends the name where it is sent
            """),
    BadInventory(
        "a registry with a password and no user",
        adding: """
            service:
              registry: { repository: registry.example.org/mlops, passwordFile: inventory.yaml }
            """,
        told: """
            inventory.yaml:11:13  service.registry.username: is missing
              fix  add a line such as `username: kubeforge`
            """),
    BadInventory(
        "a registry's password file that is not there, and an image that moves",
        adding: """
            service:
              registry: { repository: registry.example.org/mlops, username: robot, passwordFile: /nowhere/password }
              registryImage: registry:latest
            """,
        told: """
            inventory.yaml:11:86  service.registry.passwordFile: there is no file /nowhere/password
            inventory.yaml:12:18  service.registryImage: needs a fixed tag or a digest, such as \
            docker.io/library/python:3.13-slim-trixie
            """),
]
