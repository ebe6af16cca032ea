import Glibc

/// An address of this computer that is not the loopback's, for inventories: they refuse 127.0.0.1.
enum OwnAddress {
    /// Port 1 there is closed, and no packet leaves the computer.
    static let text: String? = {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return nil }
        defer { freeifaddrs(first) }
        return sequence(first: first?.pointee, next: { $0?.ifa_next?.pointee }).lazy.compactMap { $0 }.compactMap(
            address
        ).first
    }()

    private static func address(_ interface: ifaddrs) -> String? {
        guard let address = interface.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
        guard interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0 else { return nil }
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard getnameinfo(address, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return nil
        }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }
}
