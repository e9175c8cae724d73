// engine/http_server/access.hpp -- who is asking: bearer tokens on TCP, the kernel's word on a unix socket.
#pragma once
#include "engine/http_server/server.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::http_server {

/// Immutable, any thread. Keeps digests of the secrets, compared in constant time, all of them for every request.
class TokenTable {
public:
    /// Errors: invalid; a token without a name, with a short secret, without a role, or a name or secret used twice.
    static Result<TokenTable> make(const std::vector<Token> &tokens);
    /// `authorization` is the header's value. Errors: denied; reason "TokenMissing" or "TokenUnknown".
    Result<Principal> authenticate(std::string_view authorization) const;

private:
    struct Entry {
        std::array<unsigned char, 32> digest;
        Principal principal;
    };
    std::vector<Entry> entries_;
};

/// The peer of a connected unix socket, "unix:uid=1000", as the kernel saw it when it connected. Role::operate: the
/// file's permissions decided.
Principal unix_peer(int fd);

} // namespace rigger::http_server
