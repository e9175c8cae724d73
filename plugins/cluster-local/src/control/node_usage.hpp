// control/node_usage.hpp -- what nodes offer and what pods take of them, kept from store changes alone.
#pragma once
#include "api/quantity.hpp"
#include "control/controller.hpp"
#include "server/api_server.hpp"

#include <set>
#include <string>
#include <unordered_map>

namespace cluster_local {

struct NodeState {
    int64_t id = 0; ///< of the Node object; 0: pods name a node that does not exist
    bool ready = false, unschedulable = false;
    Resources allocatable;
    int64_t pod_limit = 110;
    Resources used;         ///< requests of bound pods that have not finished
    std::set<int64_t> pods; ///< all bound pods
    int64_t running = 0;    ///< bound and not finished
};

class NodeUsage final : public StoreObserver {
public:
    const NodeState *find(std::string_view node) const;
    const std::map<std::string, NodeState, std::less<>> &nodes() const noexcept { return nodes_; }
    void on_put(const Record &, const Record *before) override;
    void on_erase(const Record &) override;
    void on_reset() override { nodes_.clear(); }

private:
    void account(const Record &pod, bool add);
    void drop_if_empty(const std::string &node);
    std::map<std::string, NodeState, std::less<>> nodes_;
};

} // namespace cluster_local
