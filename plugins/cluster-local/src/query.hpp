// query.hpp -- what list and watch ask for:
// {"cluster"?,"apiVersion","kind","namespace"?,"labelSelector"?,"fieldSelector"?,"limit"?}.
#pragma once
#include "api/selector.hpp"
#include "store/record.hpp"

#include <string>

namespace cluster_local {

struct Query {
    const Kind *kind = nullptr;
    std::string name_space; ///< empty: all
    LabelSelector labels;
    FieldSelector fields;
    size_t limit = SIZE_MAX;

    static rig::Result<Query> parse(std::string_view text, std::string_view cluster, const KindTable &);
    bool matches(const Record &) const;
    bool selective() const noexcept { return !labels.empty() || !fields.empty(); }
};

/// A reference: {"cluster","apiVersion","kind","namespace"?,"name","uid"?}, with the options of remove.
struct Reference {
    const Kind *kind = nullptr;
    std::string name_space, name, uid;
    std::string propagation;
    std::optional<int64_t> grace_seconds;

    static rig::Result<Reference> parse(std::string_view text, std::string_view cluster, const KindTable &);
};

} // namespace cluster_local
