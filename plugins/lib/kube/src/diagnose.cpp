// The diagnosis of all clusters, several at a time, so that one that does not answer leaves time for the others.
#include "examination.hpp"

#include <rigger/sdk/try.hpp>

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace kube {
namespace {
using Json = nlohmann::json;

constexpr uint64_t diagnosis_ns = 8 * second_ns;
constexpr size_t most_at_once = 16;

/// Runs f(0) ... f(count - 1), at most most_at_once at a time.
template <typename F> void side_by_side(size_t count, const F &f) {
    std::atomic<size_t> next{0};
    const auto work = [&] {
        for (size_t i = next++; i < count; i = next++) f(i);
    };
    std::vector<std::jthread> helpers;
    while (helpers.size() + 1 < std::min(count, most_at_once)) helpers.emplace_back(work);
    work();
}
} // namespace

rig::Result<std::string> Fleet::diagnose(rig::Call call, std::string_view text) {
    RIG_ASSIGN_OR_RETURN(const Json request, rig::json::object(text.empty() ? "{}" : text, "request"));
    if (request.contains("cluster") && !request["cluster"].is_string())
        return rig::Error{RIG_E_INVALID, "BadRequest", "cluster must be a text", 0};
    const std::string wanted = rig::json::get(request, "cluster", "");
    std::vector<std::shared_ptr<Cluster>> chosen;
    Json out = Json::array();
    {
        const std::lock_guard held(lock_);
        for (const auto &[name, member] : clusters_)
            if (wanted.empty() || wanted == name) chosen.push_back(member);
        // An entry that cannot be used is a finding, too, even while the cluster goes on with what was read before.
        for (const auto &[name, why] : broken_)
            if (wanted.empty() || wanted == name)
                out.push_back(
                    {{"name", name},
                     {"checks", Json::array({check(
                                    "kubeconfig", false,
                                    why + (clusters_.contains(name) ? "; what was read before is still in force" : ""),
                                    "mend that file")})}});
        // Nor can the names of the clusters be known when the file that lists them cannot be read.
        if (!problem_.empty() && wanted.empty())
            out.push_back(
                {{"name", ""},
                 {"checks",
                  Json::array({check("kubeconfig", false,
                                     problem_ + (chosen.empty() ? "" : "; what was read before is still in force"),
                                     "mend that file")})}});
    }
    if (chosen.empty() && out.empty() && !wanted.empty()) return cluster(wanted).error();
    std::vector<Json> found(chosen.size());
    side_by_side(chosen.size(), [&](size_t i) {
        try {
            found[i] = examine(chosen[i]->client(), effort(call).within(diagnosis_ns), settings_);
        } catch (const std::exception &) {
            found[i] = Json::array({check("diagnosis", nullptr, "memory ran out", "try again")});
        }
    });
    for (size_t i = 0; i < chosen.size(); ++i)
        out.push_back({{"name", chosen[i]->name()}, {"checks", std::move(found[i])}});
    return rig::json::text(Json{{"clusters", std::move(out)}});
}

} // namespace kube
