#include "engine/http_server/access.hpp"

#include <Poco/SHA2Engine.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <set>

namespace rigger::http_server {
namespace {

constexpr size_t kShortestSecret = 16;

std::array<unsigned char, 32> digest_of(std::string_view secret) {
    Poco::SHA2Engine engine(Poco::SHA2Engine::SHA_256);
    engine.update(secret.data(), secret.size());
    std::array<unsigned char, 32> out{};
    const auto &digest = engine.digest();
    std::copy_n(digest.begin(), std::min(digest.size(), out.size()), out.begin());
    return out;
}

/// Looks at every byte whatever the first ones are.
bool same(const std::array<unsigned char, 32> &a, const std::array<unsigned char, 32> &b) noexcept {
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < a.size(); ++i) difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
    return difference == 0;
}

bool starts_with_bearer(std::string_view text) noexcept {
    constexpr std::string_view scheme = "bearer ";
    if (text.size() < scheme.size()) return false;
    for (size_t i = 0; i < scheme.size(); ++i)
        if ((static_cast<unsigned char>(text[i]) | 0x20) != static_cast<unsigned char>(scheme[i])) return false;
    return true;
}

} // namespace

Result<TokenTable> TokenTable::make(const std::vector<Token> &tokens) {
    TokenTable table;
    std::set<std::string> names, secrets;
    for (const Token &token : tokens) {
        if (token.name.empty())
            return invalid("TokenName", "an HTTP token has no name; give each one a name, which logs and events show");
        if (!names.insert(token.name).second)
            return invalid("TokenName", "two HTTP tokens are called '" + token.name + "'; names must differ");
        if (token.secret.size() < kShortestSecret)
            return invalid("TokenShort",
                           "HTTP token '" + token.name +
                               "' has a secret of less than 16 bytes; make one with `openssl rand -hex 32`");
        if (!secrets.insert(token.secret).second)
            return invalid("TokenTwice",
                           "HTTP token '" + token.name + "' has the same secret as another one; make a new one");
        if (token.role == Role::none)
            return invalid("TokenRole", "HTTP token '" + token.name + "' has no role; choose read or operate");
        table.entries_.push_back({digest_of(token.secret), Principal{"token:" + token.name, token.role}});
    }
    return table;
}

Result<Principal> TokenTable::authenticate(std::string_view authorization) const {
    if (!starts_with_bearer(authorization))
        return Error{Code::denied, "TokenMissing",
                     "this needs a bearer token: send the header 'Authorization: Bearer <token>'", 0};
    std::string_view secret = authorization.substr(7);
    while (!secret.empty() && secret.front() == ' ') secret.remove_prefix(1);
    const auto digest = digest_of(secret);
    const Entry *found = nullptr;
    for (const Entry &entry : entries_)
        if (same(entry.digest, digest)) found = &entry;
    if (!found)
        return Error{Code::denied, "TokenUnknown",
                     "the bearer token is not known here; check it, or ask the operator for a new one", 0};
    return found->principal;
}

Principal unix_peer(int fd) {
    struct ucred peer {};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {"unix", Role::none};
    return {"unix:uid=" + std::to_string(peer.uid), Role::operate};
}

} // namespace rigger::http_server
