#include "host/order.hpp"

#include "host/package.hpp"

#include <algorithm>
#include <functional>
#include <sstream>

namespace rigger::host {
namespace {

/// "1.2" and "1" are short for "1.2.0" and "1.0.0".
std::string padded(std::string v) {
    for (auto dots = std::count(v.begin(), v.end(), '.'); dots < 2; ++dots) v += ".0";
    return v;
}

std::pair<std::string, std::string> split_requirement(const std::string &text) {
    const size_t space = text.find(' ');
    return {text.substr(0, space), space == std::string::npos ? std::string() : text.substr(space + 1)};
}

Error refused(const StartNode &n, std::string reason, const std::string &why, const std::string &remedy) {
    return refusal(std::move(reason), n.plugin, n.version, why, remedy);
}

const StartNode *find_plugin(const std::vector<StartNode> &nodes, const std::string &id) {
    const auto at = std::find_if(nodes.begin(), nodes.end(), [&](const StartNode &n) { return n.plugin == id; });
    return at == nodes.end() ? nullptr : &*at;
}

Status check_relations(const std::vector<StartNode> &nodes, size_t index) {
    const StartNode &n = nodes[index];
    for (const std::string &text : n.requires_plugins) {
        const auto [id, constraints] = split_requirement(text);
        const StartNode *other = find_plugin(nodes, id);
        if (!other)
            return refused(n, "RequirementMissing", "it requires " + text + ", which is not enabled",
                           "Run: rigger plugins enable " + id);
        RIG_TRY_ASSIGN(const bool fits, version_satisfies(other->version, constraints));
        if (!fits)
            return refused(n, "RequirementVersion",
                           "it requires " + text + ", version " + other->version + " is installed",
                           "Install a version that fits");
    }
    for (const std::string &text : n.conflicts) {
        const auto [id, constraints] = split_requirement(text);
        const StartNode *other = find_plugin(nodes, id);
        if (!other || other == &n) continue;
        RIG_TRY_ASSIGN(const bool fits, version_satisfies(other->version, constraints));
        if (fits)
            return refused(n, "Conflict",
                           "it conflicts with " + id + " " + other->version + ", which is enabled as '" + other->name +
                               "'",
                           "Disable one of them");
    }
    return {};
}
} // namespace

Result<bool> version_satisfies(std::string_view version, std::string_view constraints) {
    std::istringstream in{std::string(constraints)};
    for (std::string c; in >> c;) {
        const size_t digits = c.find_first_of("0123456789");
        const std::string op = c.substr(0, digits),
                          wanted = digits == std::string::npos ? "" : padded(c.substr(digits));
        const int order = compare_versions(version, wanted);
        bool holds = false;
        if (op == ">=") holds = order >= 0;
        else if (op == ">") holds = order > 0;
        else if (op == "<=") holds = order <= 0;
        else if (op == "<") holds = order < 0;
        else if (op == "=" || op == "==") holds = order == 0;
        else return invalid("RequirementInvalid", "'" + c + "' is not a version constraint such as >=1.2");
        if (!holds) return false;
    }
    return true;
}

StartPlan plan_start(const std::vector<StartNode> &nodes) {
    StartPlan plan;
    enum class Mark { none, open, done };
    std::vector<Mark> marks(nodes.size(), Mark::none);
    std::vector<size_t> path;

    const auto is_before = [&](const StartNode &n, const StartNode &other) {
        const auto named = [&](const std::string &a) { return a == other.plugin || a == other.name; };
        return std::any_of(n.after.begin(), n.after.end(), named) ||
               std::any_of(n.requires_plugins.begin(), n.requires_plugins.end(),
                           [&](const std::string &r) { return split_requirement(r).first == other.plugin; });
    };
    const auto refuse_cycle = [&](size_t from) {
        std::string names;
        for (auto at = std::find(path.begin(), path.end(), from); at != path.end(); ++at)
            names += nodes[*at].name + " -> ";
        names += nodes[from].name;
        for (auto at = std::find(path.begin(), path.end(), from); at != path.end(); ++at)
            plan.refused.emplace_back(*at, refused(nodes[*at], "StartCycle", "its start order is a circle: " + names,
                                                   "Remove one `after:` or `requires:` of it"));
    };
    const std::function<void(size_t)> visit = [&](size_t i) {
        marks[i] = Mark::open;
        path.push_back(i);
        for (size_t j = 0; j < nodes.size(); ++j) {
            if (j == i || !is_before(nodes[i], nodes[j])) continue;
            if (marks[j] == Mark::open) refuse_cycle(j);
            else if (marks[j] == Mark::none) visit(j);
        }
        path.pop_back();
        marks[i] = Mark::done;
        plan.order.push_back(i);
    };
    for (size_t i = 0; i < nodes.size(); ++i)
        if (marks[i] == Mark::none) visit(i);
    for (size_t i = 0; i < nodes.size(); ++i)
        if (Status ok = check_relations(nodes, i); !ok.ok()) plan.refused.emplace_back(i, ok.error());
    std::erase_if(plan.order, [&](size_t i) {
        return std::any_of(plan.refused.begin(), plan.refused.end(), [&](const auto &r) { return r.first == i; });
    });
    return plan;
}

} // namespace rigger::host
