// api/errors.hpp -- failures with the reasons of a Kubernetes API server, carried by the ABI's codes.
#pragma once
#include <rigger/sdk/status.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cluster_local {

/// Field errors of one object, collected so that an author sees all of them at once.
class Problems {
public:
    void add(std::string_view path, std::string_view what) {
        list_.push_back(std::string(path) + ": " + std::string(what));
    }
    void required(std::string_view path) { add(path, "Required value"); }
    void immutable(std::string_view path) { add(path, "Invalid value: field is immutable"); }
    bool empty() const noexcept { return list_.empty(); }
    std::string text() const; ///< "a: ...; b: ..."; at most the first eight

private:
    std::vector<std::string> list_;
};

namespace errors {
rig::Error already_exists(std::string_view resource, std::string_view name);
rig::Error not_found(std::string_view resource, std::string_view name);
rig::Error conflict(std::string_view resource, std::string_view name, std::string_view why);
rig::Error not_ours(std::string_view resource, std::string_view name);
rig::Error invalid(std::string_view kind, std::string_view name, const Problems &);
rig::Error bad_request(std::string_view why);
rig::Error forbidden(std::string_view resource, std::string_view name, std::string_view why);
rig::Error too_large(size_t bytes, size_t limit);
rig::Error no_kind_match(std::string_view api_version, std::string_view kind);
rig::Error unknown_cluster(std::string_view asked, std::string_view ours);
rig::Error exhausted(std::string_view reason, std::string_view what);
rig::Error storage(std::string_view doing, std::string_view why); ///< the database refused; nothing was changed
} // namespace errors
} // namespace cluster_local
