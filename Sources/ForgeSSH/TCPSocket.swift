import Dispatch
import ForgeCore
import Glibc
import Synchronization

/// The TCP connection below SSH. It is ours rather than libssh's, because it needs a real connect timeout, TCP_QUICKACK
/// and TCP_USER_TIMEOUT.
enum TCPSocket {
    /// A connected, non-blocking socket, which belongs to the caller.
    static func connect(to access: Host.Access, at address: IPv4Address, _ deadline: Deadline, keepalive: Duration)
        throws(SSHError) -> CInt
    {
        let fd = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw .network(errno) }
        do throws(SSHError) {
            tune(fd, keepalive: keepalive)
            try connect(fd, to: address, port: access.port, deadline)
            return fd
        } catch {
            close(fd)
            throw error
        }
    }

    /// The host's address, or that of the name which stands for it.
    static func address(of host: Host, _ options: SSHOptions, _ deadline: Deadline) throws(SSHError) -> IPv4Address {
        guard let name = host.access.address else { return host.address }
        if let address = IPv4Address(name) { return address }
        let resolution: SSHOptions.Resolution
        // The resolver has time limits of its own (resolv.conf), which are long, and nothing ends it earlier.
        do throws(SSHError) { resolution = try Aside.run(deadline) { options.resolve(name) } } catch {
            throw error == .timedOut ? .resolverSilent : error
        }
        switch resolution {
        case .address(let address): return address
        case .unknown(let reason): throw .unknownName(reason)
        }
    }

    /// The first line that the host sends, which stays in the socket: its version, or what something else than SSH
    /// says. Empty when it says nothing.
    static func greeting(on fd: CInt, _ deadline: Deadline) throws(SSHError) -> String {
        try deadline.wait(for: POLLIN, of: fd)
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(fd, &bytes, bytes.count, CInt(MSG_PEEK))
        return String(decoding: bytes.prefix(max(0, count)).prefix { !$0.isNewline }, as: UTF8.self)
    }

    /// Tells the kernel to acknowledge at once. It forgets that after a while, so it is said again after each read;
    /// without it a connection stalls for 40 ms where both sides wait for each other.
    static func acknowledgeAtOnce(_ fd: CInt) { set(fd, CInt(IPPROTO_TCP), TCP_QUICKACK, 1) }

    static func doNotBlock(_ fd: CInt) { _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) }

    private static func tune(_ fd: CInt, keepalive: Duration) {
        let seconds = CInt(max(1, keepalive.components.seconds))
        set(fd, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        acknowledgeAtOnce(fd)
        set(fd, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(fd, CInt(IPPROTO_TCP), TCP_KEEPIDLE, seconds)
        set(fd, CInt(IPPROTO_TCP), TCP_KEEPINTVL, seconds)
        set(fd, CInt(IPPROTO_TCP), TCP_KEEPCNT, 3)
        set(fd, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, seconds * 3 * 1000)
    }

    private static func set(_ fd: CInt, _ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    private static func connect(_ fd: CInt, to address: IPv4Address, port: UInt16, _ deadline: Deadline)
        throws(SSHError)
    {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = address.bits.bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(fd, $0, length) }
        }
        if code == 0 { return }
        guard errno == EINPROGRESS else { throw .network(errno) }
        try deadline.wait(for: POLLOUT, of: fd)
        let failure = pendingError(of: fd)
        if failure != 0 { throw .network(failure) }
    }

    private static func pendingError(of fd: CInt) -> CInt {
        var failure: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length)
        return failure
    }
}

extension UInt8 {
    fileprivate var isNewline: Bool { self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r") }
}

extension SSHOptions.Resolution {
    /// What the system's resolver says.
    package init(of name: String) {
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0, let first = list?.pointee.ai_addr else {
            self = .unknown(reason: String(cString: gai_strerror(code)))
            return
        }
        let bits = first.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr }
        self = .address(IPv4Address(bits: UInt32(bigEndian: bits)))
    }
}

/// Work that nothing can interrupt, such as a look-up of the system's.
private enum Aside {
    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    /// Does it on a thread of its own, and waits for it as long as there is patience; after that it is left to itself.
    static func run<Value: Sendable>(_ deadline: Deadline, _ work: @escaping @Sendable () -> Value) throws(SSHError)
        -> Value
    {
        let (box, bell) = (Box<Value>(), WakeupPipe())
        DispatchQueue(label: "kubeforge.ssh.aside").async {
            let value = work()
            box.value.withLock { $0 = value }
            bell.ring()
        }
        while true {
            try deadline.wait(for: POLLIN, of: bell.fileDescriptor)
            if let value = box.value.withLock({ $0 }) { return value }
        }
    }
}
