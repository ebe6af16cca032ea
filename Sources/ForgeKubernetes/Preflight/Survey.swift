import ForgeCore
import ForgePlan

/// The questions of the survey, and how their answers become facts.
package enum Survey {
    /// One round trip; it changes nothing, and what a machine cannot tell is left out.
    package static func questions(for host: Host) -> [Question] {
        [.contents("/etc/os-release"), .command(script(for: host))]
    }

    /// `asked`: the seconds since 1970, by the operator's clock, between which it was asked.
    package static func facts(of host: Host, _ answers: Answers, asked: ClosedRange<Int>? = nil) -> Facts {
        let lines = Lines(answers.command(script(for: host)).text)
        var facts = Facts(
            distribution: Distribution(osRelease: Lines(answers.text("/etc/os-release") ?? "").values),
            architecture: lines["architecture"] ?? "", isContainer: lines["container"].map { $0 != "none" } ?? false,
            hasCgroup2: lines["cgroup"] == "cgroup2fs", cores: lines.number("cores"),
            memoryMiB: lines.number("memory") / 1024,
            freeDiskMiB: lines.number("disk") / 1024, machineID: lines["machine"] ?? "",
            clock: lines["clock"].flatMap { Int($0, in: .times) } ?? 0,
            home: lines["home"] ?? "/root", group: lines["group"] ?? "root")
        if let asked, facts.clock > 0 {
            let nearest = min(max(facts.clock, asked.lowerBound), asked.upperBound)
            facts.skew = facts.clock &- nearest
        }
        facts.addresses = lines.all("address").compactMap(interface)
        facts.productUUID = lines["uuid"] ?? ""
        facts.macAddresses = lines.all("mac")
        facts.hasMemoryCgroup = lines["memorycgroup"].map { $0 == "1" }
        facts.hasVXLAN = lines["vxlan"].map { $0 == "1" }
        for name in ["kubelet", "containerd", "docker"] { facts.rooms[name] = lines["room-\(name)"].flatMap(room) }
        facts.proxy = lines["proxy"].flatMap(proxy)
        return facts
    }

    /// The proxy as a URL, without the name and the password that may stand in it.
    private static func proxy(_ value: String) -> String? {
        if value.isEmpty { return nil }
        let (scheme, rest) =
            value.firstRange(of: "://").map { (value[..<$0.lowerBound], value[$0.upperBound...]) }
            ?? ("http", value[...])
        return "\(scheme)://\(rest[(rest.lastIndex(of: "@").map(rest.index(after:)) ?? rest.startIndex)...])"
    }

    private static func interface(_ line: String) -> Facts.Interface? {
        let words = line.split(separator: " ").map(String.init)
        return words.count == 2 && IPv4Address(words[1]) != nil ? Facts.Interface(words[0], words[1]) : nil
    }

    private static func room(_ line: String) -> Facts.Room? {
        let words = line.split(separator: " ", maxSplits: 4).map(String.init)
        let numbers = words.prefix(4).map { Int($0, in: .sizes) ?? 0 }
        guard words.count == 5, numbers[0] > 0 else { return nil }
        return Facts.Room(
            words[4], totalMiB: numbers[0] / 1024, freeMiB: numbers[1] / 1024, totalInodes: numbers[2],
            freeInodes: numbers[3])
    }
}

extension Survey {
    /// One process for each line at most; unknown is empty, and a preflight says so.
    static func script(for host: Host) -> String {
        let user = host.access.user.shellQuoted
        return """
            echo "architecture=$(\(PackageManager.assumed.architectureLook))"
            container=$(systemd-detect-virt --container); echo "container=$container"
            echo "cgroup=$(stat -fc %T /sys/fs/cgroup)"
            echo "cores=$(nproc)"
            while read -r key value unit; do [ "$key" = MemTotal: ] && echo "memory=$value"; done < /proc/meminfo
            echo "disk=$(df -kP /var | sed -n '2s/ \\+/ /gp' | cut -d ' ' -f 4)"
            read -r id < /etc/machine-id; echo "machine=$id"
            echo "clock=$(date +%s)"
            echo "home=$(getent passwd \(user) | cut -d : -f 6)"
            echo "group=$(id -gn \(user))"
            echo "proxy=$\(Command.loginProxy)"
            \(addresses)
            \(hardware())
            \(kernel())
            \(rooms())
            """
    }

    /// iproute2 is no part of the smallest images.
    static let addresses = """
        if command -v ip >/dev/null; then
          ip -o -4 addr show scope global | while read -r number name family address rest; do echo "address=$name \
        ${address%/*}"; done
        else
          for address in $(hostname -I); do echo "address=- $address"; done
        fi
        """

    /// All containers of a computer have its firmware; its cards are not theirs. What is on USB, such as the card by
    /// which a server reaches its management controller, may have the same address in every machine of a kind.
    static func hardware(below root: String = "") -> String {
        """
        if [ "$container" = none ]; then
          [ -r \(root)/sys/class/dmi/id/product_uuid ] && read -r uuid < \(root)/sys/class/dmi/id/product_uuid && echo \
        "uuid=$uuid"
          for device in \(root)/sys/class/net/*/device; do
            [ "$device/subsystem" -ef \(root)/sys/bus/usb ] && continue
            [ -e "$device" ] && read -r mac < "${device%/device}/address" && echo "mac=$mac"
          done
        fi
        """
    }

    /// A container cannot tell which modules its host could load.
    static func kernel(below root: String = "") -> String {
        """
        if [ -e \(root)/sys/fs/cgroup/cgroup.controllers ]; then
          read -r controllers < \(root)/sys/fs/cgroup/cgroup.controllers
          case " $controllers " in *" memory "*) echo memorycgroup=1;; *) echo memorycgroup=0;; esac
        else
          while read -r name hierarchy number enabled; do [ "$name" = memory ] && echo "memorycgroup=$enabled"; done < \
        \(root)/proc/cgroups
        fi
        if [ -e \(root)/sys/module/vxlan ]; then
          echo vxlan=1
        elif [ "$container" = none ] && command -v modprobe >/dev/null; then
          if modprobe -n -q vxlan; then echo vxlan=1; else echo vxlan=0; fi
        fi
        """
    }

    /// A directory that is not there yet will be made on the file system of the nearest one above it.
    static func rooms(below root: String = "") -> String {
        """
        room() {
          path=$2; while [ -n "$path" ] && [ ! -e "$path" ]; do path=${path%/*}; done
          set -- "$1" "$2" $(df -kP -- "${path:-/}" | tail -n 1) ; total=$4 free=$6
          set -- "$1" "$2" $(df -iP -- "${path:-/}" | tail -n 1)
          echo "room-$1=$total $free $4 $6 $2"
        }
        room kubelet \(root)/var/lib/kubelet
        room containerd \(root)/var/lib/containerd
        docker=$(sed -n 's/.*"data-root" *: *"\\([^"]*\\)".*/\\1/p' \(root)/etc/docker/daemon.json)
        room docker "${docker:-\(root)/var/lib/docker}"
        """
    }
}

/// `KEY=value` lines, with or without double quotes.
private struct Lines {
    private let pairs: [(key: String, value: String)]

    init(_ text: String) {
        pairs = text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), parts[1].trimming { $0 == "\"" }) : nil
        }
    }

    /// Of several with one key the last one counts, as in a shell.
    var values: [String: String] { Dictionary(pairs.map { ($0.key, $0.value) }) { $1 } }

    subscript(key: String) -> String? { values[key] }

    func all(_ key: String) -> [String] { pairs.filter { $0.key == key }.map(\.value) }

    func number(_ key: String) -> Int { self[key].flatMap { Int($0, in: .sizes) } ?? 0 }
}
