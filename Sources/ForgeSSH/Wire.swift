import ForgeCore
import Glibc

/// The TCP connection below SSH. It is ours rather than libssh's, because it needs a real connect timeout, TCP_QUICKACK and TCP_USER_TIMEOUT.
enum Wire {
    /// A connected, non-blocking socket, which belongs to the caller.
    static func connect(to access: Host.Access, at address: IPv4Address, _ patience: borrowing Patience, keepalive: Duration)
        throws(SSHError) -> CInt
    {
        let fd = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw .network(errno) }
        do throws(SSHError) {
            tune(fd, keepalive: keepalive)
            try connect(fd, to: address, port: access.port, patience)
            return fd
        } catch {
            close(fd)
            throw error
        }
    }

    /// The host's address, or that of the name which stands for it; the resolver has time limits of its own (resolv.conf).
    static func address(of host: Host) throws(SSHError) -> IPv4Address {
        guard let name = host.access.address else { return host.address }
        if let address = IPv4Address(name) { return address }
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0, let first = list?.pointee.ai_addr else { throw .unknownName(String(cString: gai_strerror(code))) }
        let bits = first.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr }
        return IPv4Address(bits: UInt32(bigEndian: bits))
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

    private static func connect(_ fd: CInt, to address: IPv4Address, port: UInt16, _ patience: borrowing Patience) throws(SSHError) {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = address.bits.bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafePointer(to: &name) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(fd, $0, length) } }
        if code == 0 { return }
        guard errno == EINPROGRESS else { throw .network(errno) }
        try waitUntilWritable(fd, patience)
        let failure = pendingError(of: fd)
        if failure != 0 { throw .network(failure) }
    }

    private static func waitUntilWritable(_ fd: CInt, _ patience: borrowing Patience) throws(SSHError) {
        while true {
            var waiting = [
                pollfd(fd: fd, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: patience.alarm.fileDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&waiting, nfds_t(waiting.count), try patience.milliseconds(atMost: .seconds(3600)))
            if waiting[1].revents != 0 { patience.alarm.hear() }
            if count > 0 && waiting[0].revents != 0 { return }
        }
    }

    private static func pendingError(of fd: CInt) -> CInt {
        var failure: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length)
        return failure
    }
}
