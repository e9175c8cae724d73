// api/selector.hpp -- label selectors (equality and set-based) and field selectors in Kubernetes' text forms.
#pragma once
#include <rigger/sdk/status.hpp>

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cluster_local {

using Json = nlohmann::json;

/// One condition on a label: `key op values`.
struct Requirement {
    enum class Op { in, not_in, exists, absent, greater, less };
    std::string key;
    Op op = Op::exists;
    std::vector<std::string> values;
    bool matches(std::optional<std::string_view> value) const;
};

/// All requirements must hold; none: everything matches.
class LabelSelector {
public:
    /// `a=b,c!=d,e,!f,g in (x,y),h notin (z),i>1`. Refused as BadRequest: bad syntax, keys or values.
    static rig::Result<LabelSelector> parse(std::string_view text);
    /// {"matchLabels":{...},"matchExpressions":[{"key","operator","values"}]}, or one term of a node affinity.
    static rig::Result<LabelSelector> of(const Json &object);
    bool matches(std::string_view packed_labels) const;
    bool empty() const noexcept { return requirements_.empty(); }

private:
    std::vector<Requirement> requirements_;
};

/// `metadata.name=x,status.phase!=Running`; values may escape `,`, `=` and `\` with a backslash.
class FieldSelector {
public:
    /// `supported`: the kind's own fields beyond metadata.name and metadata.namespace; another field is a BadRequest.
    static rig::Result<FieldSelector> parse(std::string_view text, std::span<const std::string_view> supported);
    /// `value`: of a field by its index in `supported`.
    bool matches(std::string_view name, std::string_view namespace_name,
                 const std::function<std::string_view(size_t)> &value) const;
    bool empty() const noexcept { return terms_.empty(); }

private:
    enum : size_t { kName = SIZE_MAX, kNamespace = SIZE_MAX - 1 };
    struct Term {
        size_t field;
        std::string value;
        bool equal;
    };
    std::vector<Term> terms_;
};

} // namespace cluster_local
