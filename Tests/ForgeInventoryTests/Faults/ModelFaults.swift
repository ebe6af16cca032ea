/// Models, data and model stores that cannot be had.
let modelFaults = [
    BadInventory(
        "a directory of a model that is not there",
        adding: """
            service:
              model: churn
              target: ''
            """,
        told: """
            inventory.yaml:11:10  service.model: there is no directory churn
              fix  `kubeforge init --model FILE` makes one
            inventory.yaml:12:11  service.target: is empty
            """),
    BadInventory(
        "a directory of data that is not there",
        adding: """
            service:
              data: eeg
            """,
        told: """
            inventory.yaml:11:9  service.data: there is no directory eeg
            """),
    BadInventory(
        "a file where a directory of data belongs",
        adding: """
            service:
              data: inventory.yaml
            """,
        told: """
            inventory.yaml:11:9  service.data: needs a directory with train.csv and test.csv
              fix  or name both files: data: {train: …, test: …}
            """),
    BadInventory(
        "one data file of two",
        adding: """
            service:
              data: { train: inventory.yaml }
            """,
        told: """
            inventory.yaml:11:9  service.data.test: is missing
              fix  add a line such as `test: data/test.csv`
            """),
    BadInventory(
        "a data file that is not there",
        adding: """
            service:
              data: { train: inventory.yaml, test: test.csv }
            """,
        told: """
            inventory.yaml:11:40  service.data.test: there is no file test.csv
            """),
    BadInventory(
        "a model store that is a word",
        adding: """
            service:
              models: store
            """,
        told: """
            inventory.yaml:11:11  service.models: must be image or a model store
              fix  write models: { url: sftp://models@store.example.org/srv/models, key: ~/.ssh/store_ed25519, \
            knownHosts: ~/.ssh/known_hosts }
            """),
    BadInventory(
        "a model store without keys",
        adding: """
            service:
              models: sftp://models@store/srv/models
            """,
        told: """
            inventory.yaml:11:11  service.models: needs a key and the host keys in addition to the address
              fix  write models: { url: sftp://models@store.example.org/srv/models, key: ~/.ssh/store_ed25519, \
            knownHosts: ~/.ssh/known_hosts }
            """),
    BadInventory(
        "a model store with a password, a key that is not there, and no host keys",
        adding: """
            service:
              models: { url: "sftp://a:b@store/srv", key: key }
            """,
        told: """
            inventory.yaml:11:11  service.models.knownHosts: is missing
              fix  add a line such as `knownHosts: ~/.ssh/known_hosts`
            inventory.yaml:11:18  service.models.url: has a password in it
              why  an inventory is no place for passwords
              fix  name a key: `key: ~/.ssh/store`
            inventory.yaml:11:47  service.models.key: there is no file key
            """),
    BadInventory(
        "a model store in no directory",
        adding: """
            service:
              models: { url: "sftp://models@store:22/", key: inventory.yaml, knownHosts: inventory.yaml }
            """,
        told: """
            inventory.yaml:11:18  service.models.url: needs the path of a directory after the host
              why  of letters, digits, dots, dashes and _
              fix  such as sftp://models@store.example.org/srv/models
            """),
    BadInventory(
        "a model store with the key that may write in both places",
        adding: """
            service:
              models: { url: "sftp://models@store/srv", key: inventory.yaml, readKey: inventory.yaml, knownHosts: \
            inventory.yaml }
            """,
        told: """
            inventory.yaml:11:75  service.models.readKey: is the key that may write
              fix  remove the line, or name the key that the server lets read only
            """),
    BadInventory(
        "a model store with a second key that is not there",
        adding: """
            service:
              models: { url: "sftp://models@store/srv", key: inventory.yaml, readKey: read, knownHosts: inventory.yaml }
            """,
        told: """
            inventory.yaml:11:75  service.models.readKey: there is no file read
            """),
    BadInventory(
        "a model store whose pods would take signed models only, and nobody who signs",
        adding: """
            service:
              models: { url: "sftp://models@store/srv", key: inventory.yaml, knownHosts: inventory.yaml, signers: \
            inventory.yaml }
            """,
        told: """
            inventory.yaml:11:103  service.models.signers: needs signWith: as well
              why  pods would accept only signed models, and nobody here would sign any
              fix  add a line such as `signWith: ~/.ssh/id_ed25519`, or remove this one
            """),
    BadInventory(
        "a model store with signatures that nobody looks at",
        adding: """
            service:
              models: { url: "sftp://models@store/srv", key: inventory.yaml, knownHosts: inventory.yaml, signWith: \
            id_ed25519 }
            """,
        told: """
            inventory.yaml:11:104  service.models.signWith: there is no file id_ed25519
            inventory.yaml:11:104  service.models.signWith: needs signers: as well
              why  pods would not check the signatures
              fix  add a line such as `signers: ~/.ssh/allowed_signers`, or remove this one
            """),
    BadInventory(
        "a model store with a key to sign with that the cluster gets",
        adding: """
            service:
              models: { url: "sftp://models@store/srv", key: inventory.yaml, knownHosts: inventory.yaml, signers: \
            inventory.yaml, signWith: inventory.yaml }
            """,
        told: """
            inventory.yaml:11:129  service.models.signWith: is a key that the cluster gets
              why  whoever can read Secrets there could sign models
              fix  name one that stays on this computer
            """),
]
