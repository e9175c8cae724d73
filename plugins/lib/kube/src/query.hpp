// query.hpp -- the documents that the host asks with.
#pragma once
#include "kube/client.hpp"

#include <rigger/sdk/json.hpp>

namespace kube {

struct Query {
    std::string cluster, api_version, kind;
    Selection selection;
    size_t limit = 0;
    static rig::Result<Query> parse(std::string_view text);
};

struct Ref {
    std::string cluster, api_version, kind, ns, name;
    DeleteOptions remove;
    static rig::Result<Ref> parse(std::string_view text);
};

} // namespace kube
